"""Looking for malware in what people send: a small protocol, ClamAV behind it, or nothing."""

import asyncio
import struct
from pathlib import Path
from typing import Final, Protocol

from marketplace.core.config import settings
from marketplace.core.errors import Unavailable

CHUNK: Final = 256 * 1024
TIMEOUT: Final = 120
"""Seconds for a whole file."""
CONNECT_TIMEOUT: Final = 3


class Scanner(Protocol):
    async def scan(self, file: Path) -> str | None:
        """The name of what was found, or None. Raises Unavailable if nobody could look."""


class NoScanner:
    """Nobody looks. What is served is re-encoded or offered for saving only, so this is tenable."""

    async def scan(self, file: Path) -> str | None:
        return None


class ClamAV:
    """clamd's INSTREAM command over TCP (`host:port`) or a socket file (`unix:/path`).

    Its StreamMaxLength must allow for the largest file that is taken: what it does not look at is not passed.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    async def scan(self, file: Path) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT):
                answer = await self._ask(file)
        except (OSError, TimeoutError, EOFError) as error:
            raise Unavailable("The virus scanner is away for a moment.") from error
        verdict = answer.strip(b"\0\n ").decode("utf-8", "replace").removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise Unavailable(f"The virus scanner could not look: {verdict[:200]}")

    async def _ask(self, file: Path) -> bytes:
        reader, writer = await _connect(self._address)
        try:
            writer.write(b"zINSTREAM\0")
            with file.open("rb") as opened:
                while part := await asyncio.to_thread(opened.read, CHUNK):
                    writer.write(struct.pack("!I", len(part)) + part)
                    await writer.drain()
            writer.write(struct.pack("!I", 0))
            await writer.drain()
            return await reader.readuntil(b"\0")
        finally:
            writer.close()


async def _connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("unix:"):
        return await asyncio.open_unix_connection(address.removeprefix("unix:"))
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def answers(address: str) -> bool:
    """Does a clamd answer there?"""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            reader, writer = await _connect(address)
            try:
                writer.write(b"zPING\0")
                return await reader.readuntil(b"\0") == b"PONG\0"
            finally:
                writer.close()
    except (OSError, TimeoutError, EOFError, ValueError):
        return False


def scanner() -> Scanner:
    """The one the setting `clamav` names."""
    return ClamAV(settings().clamav) if settings().clamav else NoScanner()
