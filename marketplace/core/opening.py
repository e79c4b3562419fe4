"""Opening video, sound and PDF that people sent: in a process of its own, with little memory, little time and no secrets."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from marketplace.core.errors import Unavailable
from marketplace.core.opener import REFUSED, WALL_SECONDS

PROGRAM: Final = Path(__file__).with_name("opener.py")
PATIENCE_SECONDS: Final = 30
_our_turn = asyncio.Semaphore(1)
"""Each may take two gigabytes: a process opens one at a time."""
_EXHAUSTED: Final = frozenset({signal.SIGXCPU, signal.SIGALRM, signal.SIGXFSZ})
_CRASHED: Final = frozenset({signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL})

DEMUXERS: Final = {
    "video/mp4": "mp4", "video/quicktime": "mov", "video/webm": "webm", "audio/mpeg": "mp3", "audio/mp4": "mp4",
    "audio/ogg": "ogg", "audio/flac": "flac", "audio/wav": "wav", "application/pdf": "",
}  # fmt: skip
"""The one decoder that is tried for each type: a file is not asked what else it might be."""

Verb = Literal["film", "sound", "paper"]


class Unfit(Exception):
    """The file cannot be used. `reason` is a code: file_damaged, too_demanding, unsupported_codec, video_too_large, ..."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Opened(Struct, frozen=True, kw_only=True):
    """What was found. `picture` stands for the file, as PNG bytes; sides are pixels, of the picture as it is shown."""

    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    pages: int | None = None
    picture: bytes | None = None


async def look_into(source: Path, media_type: str, *, clean: Path | None = None) -> Opened:
    """Open a file of a type that stands in DEMUXERS. With `clean`, a video is written there without its notes.

    Raises Unfit, and Unavailable if the process was ended from outside.
    """
    verb: Verb = "film" if media_type.startswith("video/") else "sound" if media_type.startswith("audio/") else "paper"
    with tempfile.TemporaryDirectory(prefix="marketplace-opening-") as folder:
        picture = Path(folder) / "picture.png"
        async with _turn():
            code, said = await _run(verb, str(source), DEMUXERS[media_type], str(picture), str(clean or ""))
        if code == REFUSED:
            raise Unfit(msgspec.json.decode(said, type=str))
        if code:
            raise _by_signal(-code)
        found = msgspec.json.decode(said, type=Opened)
        image = await asyncio.to_thread(picture.read_bytes) if picture.exists() else None
    return msgspec.structs.replace(found, picture=image)


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """One at a time. Who would wait long comes again later, so that slow files do not keep every job of the process waiting."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await _our_turn.acquire()
    except TimeoutError:
        raise Unavailable("Other files are being opened.") from None
    try:
        yield
    finally:
        _our_turn.release()


def _by_signal(number: int) -> Exception:
    if number in _EXHAUSTED:
        return Unfit("too_demanding")
    if number in _CRASHED:
        return Unfit("file_damaged")
    return Unavailable(f"The process that opens files ended with {-number}.")


async def _run(*arguments: str) -> tuple[int, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(PROGRAM), *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={}, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WALL_SECONDS + 10):
            said, _ = await process.communicate()
    except TimeoutError:
        raise Unfit("too_demanding") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said
