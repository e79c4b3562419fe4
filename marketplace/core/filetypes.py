"""What a file is, told by its content: never by its name, and never by what its sender calls it.

A list of what may be taken, not of what may not. Recognising is no proof: a decoder has the last word where there is one.
"""

import codecs
import zipfile
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

from marketplace.core.image_headers import Truncated

CHUNK: Final = 1024 * 1024
TAIL: Final = 66 * 1024
"""What is looked at from behind: a note of 64 kB may follow the table of contents of an archive."""
MOST_LISTED: Final = 4 * 1024 * 1024
"""The largest table of contents of an archive that is looked through, in bytes."""


class FileType(Struct, frozen=True):
    """`group` is what purposes accept: image, video, audio, pdf, office, text or archive."""

    media_type: str
    group: str
    extension: str


_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OPEN: Final = "application/vnd.oasis.opendocument"
FILE_TYPES: Final = {
    one.media_type: one
    for one in (
        FileType("image/jpeg", "image", "jpg"),
        FileType("image/png", "image", "png"),
        FileType("image/gif", "image", "gif"),
        FileType("image/webp", "image", "webp"),
        FileType("video/mp4", "video", "mp4"),
        FileType("video/quicktime", "video", "mov"),
        FileType("video/webm", "video", "webm"),
        FileType("audio/mpeg", "audio", "mp3"),
        FileType("audio/mp4", "audio", "m4a"),
        FileType("audio/ogg", "audio", "ogg"),
        FileType("audio/flac", "audio", "flac"),
        FileType("audio/wav", "audio", "wav"),
        FileType("application/pdf", "pdf", "pdf"),
        FileType(f"{_OFFICE}.wordprocessingml.document", "office", "docx"),
        FileType(f"{_OFFICE}.spreadsheetml.sheet", "office", "xlsx"),
        FileType(f"{_OFFICE}.presentationml.presentation", "office", "pptx"),
        FileType(f"{_OPEN}.text", "office", "odt"),
        FileType(f"{_OPEN}.spreadsheet", "office", "ods"),
        FileType(f"{_OPEN}.presentation", "office", "odp"),
        FileType("text/plain", "text", "txt"),
        FileType("application/zip", "archive", "zip"),
        FileType("application/gzip", "archive", "gz"),
        FileType("application/x-7z-compressed", "archive", "7z"),
        FileType("application/vnd.rar", "archive", "rar"),
        FileType("application/x-tar", "archive", "tar"),
    )
}
"""By media type."""

_BY_EXTENSION: Final = {f".{one.extension}": one for one in FILE_TYPES.values()}
_STARTS: Final = {
    b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"GIF87a": ".gif", b"GIF89a": ".gif", b"ID3": ".mp3",
    b"OggS": ".ogg", b"fLaC": ".flac", b"\x1f\x8b\x08": ".gz", b"7z\xbc\xaf\x27\x1c": ".7z", b"Rar!\x1a\x07": ".rar",
}  # fmt: skip
_RIFF: Final = {b"WEBP": ".webp", b"WAVE": ".wav"}
_BRANDS: Final = {b"qt  ": ".mov", b"M4A ": ".m4a", b"M4B ": ".m4a"}
_STILL: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
"""Brands of pictures in the container of films."""
_FOLDERS: Final = {"word/": ".docx", "xl/": ".xlsx", "ppt/": ".pptx"}
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\x1b")) + b"\x7f"


def recognise(path: Path) -> FileType | None:
    """What this file is, if it is anything we take. Raises Truncated where the end is missing and shows."""
    with path.open("rb") as file:
        head, tail = file.read(512), _tail(file)
        if head.startswith(b"%PDF-"):
            if b"%%EOF" not in tail.rstrip(b"\0\r\n ")[-2048:]:
                raise Truncated
            return FILE_TYPES["application/pdf"]
        if head.startswith(b"PK\x03\x04"):
            return _zipped(path, head, tail)
        return _signed(head) or _text(file)


def _tail(file: IO[bytes]) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL))
    return file.read()


def _signed(head: bytes) -> FileType | None:
    """By the marks that files of a type begin with."""
    extension = next((one for start, one in _STARTS.items() if head.startswith(start)), None)
    if head[:4] == b"RIFF":
        extension = _RIFF.get(head[8:12])
    elif head[4:8] == b"ftyp" and head[8:12] not in _STILL:
        extension = _BRANDS.get(head[8:12], ".mp4")
    elif head[4:8] in {b"moov", b"mdat", b"wide"}:
        extension = ".mov"  # from before films named their kind
    elif head.startswith(b"\x1a\x45\xdf\xa3") and b"\x42\x82\x84webm" in head[:80]:
        extension = ".webm"
    elif head[:1] == b"\xff" and len(head) > 2 and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 not in {0x00, 0xF0}:
        extension = ".mp3"
    elif head[257:262] == b"ustar":
        extension = ".tar"
    return _BY_EXTENSION[extension] if extension else None


def _zipped(path: Path, head: bytes, tail: bytes) -> FileType | None:
    """An office paper, or a plain archive. None for papers that carry macros."""
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        raise Truncated
    if head[30:38] == b"mimetype":
        said = head[38 : 38 + int.from_bytes(head[22:26], "little")].decode("ascii", "replace")
        # Templates, formulas and books are plain archives to us.
        return FILE_TYPES.get(said, FILE_TYPES["application/zip"])
    if int.from_bytes(tail[end + 12 : end + 16], "little") > MOST_LISTED:
        return FILE_TYPES["application/zip"]
    try:
        with zipfile.ZipFile(path) as opened:
            names = opened.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise Truncated from error
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        return None
    if "[Content_Types].xml" in names:
        for folder, extension in _FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return _BY_EXTENSION[extension]
    return FILE_TYPES["application/zip"]


def _text(file: IO[bytes]) -> FileType | None:
    """Plain text in UTF-8 or, as many papers in Chinese, GB 18030: whatever language of people or machines it is in."""
    for encoding in ("utf-8", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(CHUNK):
                if len(chunk.translate(None, _CONTROLS)) != len(chunk):
                    return None
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return FILE_TYPES["text/plain"]
    return None
