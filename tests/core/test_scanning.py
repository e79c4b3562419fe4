"""clamd's protocol, spoken to a server of ours on a real socket."""

import asyncio
import struct

import pytest

from marketplace.core.errors import Unavailable
from marketplace.core.scanning import ClamAV, NoScanner, answers, scanner

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


async def clamd(reader, writer):
    """Answers as clamd does: reads length-prefixed parts until an empty one."""
    asked = await reader.readuntil(b"\0")
    if asked == b"zPING\0":
        writer.write(b"PONG\0")
        writer.close()
        return
    assert asked == b"zINSTREAM\0"
    data = b""
    while size := struct.unpack("!I", await reader.readexactly(4))[0]:
        data += await reader.readexactly(size)
    if b"SLOWLY" in data:
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
    elif b"HANGUP" not in data:
        writer.write(b"stream: Eicar-Signature FOUND\0" if EICAR in data else b"stream: OK\0")
    await writer.drain()
    writer.close()


@pytest.fixture
def a_file(tmp_path):
    def write(data):
        path = tmp_path / "looked-at"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
async def address():
    server = await asyncio.start_server(clamd, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("padding", [0, 600_000])
async def test_malware_is_named_and_harmless_files_pass(address, a_file, padding):
    assert await ClamAV(address).scan(a_file(b"x" * padding + EICAR)) == "Eicar-Signature"
    assert await ClamAV(address).scan(a_file(b"x" * padding + b"fine")) is None


async def test_a_socket_file_does_too(tmp_path, a_file):
    path = tmp_path / "clamd.sock"
    server = await asyncio.start_unix_server(clamd, path)
    assert await ClamAV(f"unix:{path}").scan(a_file(EICAR)) == "Eicar-Signature"
    server.close()


@pytest.mark.parametrize("data", [b"SLOWLY", b"HANGUP"])
async def test_a_scanner_that_could_not_look_passes_nothing(address, a_file, data):
    with pytest.raises(Unavailable):
        await ClamAV(address).scan(a_file(data))


async def test_a_scanner_that_is_away_passes_nothing(a_file):
    with pytest.raises(Unavailable):
        await ClamAV("127.0.0.1:1").scan(a_file(b"x"))


async def test_the_setting_chooses(configure, a_file, address):
    configure(clamav="")
    assert isinstance(scanner(), NoScanner) and await scanner().scan(a_file(EICAR)) is None
    configure(clamav=address)
    assert await scanner().scan(a_file(EICAR)) == "Eicar-Signature"


async def test_whether_one_answers_can_be_asked(address):
    assert await answers(address)
    for wrong in ("127.0.0.1:1", "unix:/nowhere", "nonsense"):
        assert not await answers(wrong)
