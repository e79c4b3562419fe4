"""A file on its way in: written to disk in parts up to its limit, hashed, and looked at before anything is kept."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol

from msgspec import Struct

from marketplace.core import filetypes, images
from marketplace.core.config import settings
from marketplace.core.filetypes import FILE_TYPES, FileType
from marketplace.core.image_headers import Truncated
from marketplace.media.errors import FileEmpty, FileTooLarge, FileTruncated, FileTypeRefused
from marketplace.media.purposes import PICTURES, Purpose, byte_limit
from marketplace.media.states import MediaKind

CHUNK: Final = 256 * 1024
_KINDS: Final = {
    "image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO, "pdf": MediaKind.DOCUMENT,
    "office": MediaKind.DOCUMENT, "text": MediaKind.DOCUMENT, "archive": MediaKind.ARCHIVE,
}  # fmt: skip


class Incoming(Protocol):
    """A file of a form, such as Litestar's UploadFile."""

    @property
    def filename(self) -> str: ...

    async def read(self, size: int = -1, /) -> bytes: ...


class Received(Struct, frozen=True, kw_only=True):
    """A file on disk, for as long as its context lasts. `width` and `height` are those of a picture, as stored."""

    path: Path
    size: int
    sha256: str
    type: FileType
    width: int | None = None
    height: int | None = None

    @property
    def kind(self) -> MediaKind:
        return _KINDS[self.type.group]


@asynccontextmanager
async def received(file: Incoming, purpose: Purpose, field: str) -> AsyncIterator[Received]:
    """A file that may be kept, by its content alone; what it is called and said to be counts for nothing.

    Raises, naming `field`: FileTooLarge (413), FileEmpty (400), FileTypeRefused or NotAnImage (415), ImageTooLarge (413, too
    many pixels), ImageTruncated, ImageBroken or FileTruncated (400).
    """
    with tempfile.NamedTemporaryFile(prefix="marketplace-upload-") as disk:
        size, digest = await _write(file, disk, byte_limit(purpose), field)
        yield await asyncio.to_thread(_inspect, Path(disk.name), size, digest, purpose, field)


async def _write(file: Incoming, disk: IO[bytes], limit: int, field: str) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()

    def take(chunk: bytes) -> None:
        disk.write(chunk)
        digest.update(chunk)

    while chunk := await file.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise _too_large(limit, field)
        await asyncio.to_thread(take, chunk)
    if not size:
        raise FileEmpty("The file is empty.", fields={field: ["The file is empty."]})
    disk.flush()
    return size, digest.hexdigest()


def _too_large(limit: int, field: str) -> FileTooLarge:
    said = f"The file is larger than {limit / 1024 / 1024:.3g} MB."
    return FileTooLarge(said, fields={field: [said]}, max_bytes=limit)


def _inspect(path: Path, size: int, digest: str, purpose: Purpose, field: str) -> Received:
    kept: dict[str, Any] = {"path": path, "size": size, "sha256": digest}
    try:
        found = filetypes.recognise(path)
    except Truncated:
        if purpose.accepts == PICTURES:
            raise _refusal(purpose, field) from None
        said = "The end of the file is missing, or it is damaged. Upload it again."
        raise FileTruncated(said, fields={field: [said]}) from None
    if found is None or found.group not in purpose.accepts:
        raise _refusal(purpose, field)
    if found.group != "image":
        return Received(**kept, type=found)
    if size > settings().max_file_bytes:
        if not purpose.keeps_original:
            raise _too_large(settings().max_file_bytes, field)
        return Received(**kept, type=found)  # too large to be decoded: kept, without anything to show of it
    header = images.inspect(path.read_bytes(), field)
    return Received(**kept, type=found, width=header.width, height=header.height)


def _refusal(purpose: Purpose, field: str) -> Exception:
    accepted = [one.media_type for one in FILE_TYPES.values() if one.group in purpose.accepts]
    if purpose.accepts == PICTURES:
        said = images.NotAnImage.default_message
        return images.NotAnImage(said, fields={field: [said]}, accepted=accepted)
    groups = ", ".join(_SAID[group] for group in _SAID if group in purpose.accepts)
    said = f"This file cannot be taken here. Send one of: {groups}."
    return FileTypeRefused(said, fields={field: [said]}, accepted=accepted)


_SAID: Final = {
    "image": "JPEG, PNG, GIF, WebP", "video": "MP4, QuickTime, WebM", "pdf": "PDF", "audio": "MP3, M4A, Ogg, FLAC, WAV",
    "office": "Word, Excel, PowerPoint and OpenDocument without macros", "text": "plain text", "archive": "ZIP, GZip, 7z, RAR, TAR",
}  # fmt: skip
