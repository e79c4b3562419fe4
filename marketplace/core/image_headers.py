"""What a picture says of itself, read from its first bytes without decoding it: format, size, and whether its end is there.

By content, never by name. Decoders are only let loose on what has passed here, for a picture of a few bytes may unpack
into gigabytes.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class ImageFormat(StrEnum):
    """The picture formats taken in; the values are the decoder's names."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"


class Header(Struct, frozen=True):
    """`width` and `height` in pixels, as stored: an orientation mark is not applied yet."""

    format: ImageFormat
    width: int
    height: int


class Truncated(Exception):
    """The end of the picture is missing."""


class Malformed(Exception):
    """It begins like a picture and is none."""


PNG_START: Final = b"\x89PNG\r\n\x1a\n"
SIZELESS: Final = frozenset({0x01, *range(0xD0, 0xD9)})
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_header(data: bytes) -> Header | None:
    """The header, or None if this is no picture of a known format. Raises Truncated or Malformed."""
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(PNG_START):
            return _png(data)
        if data.startswith((b"GIF87a", b"GIF89a")):
            return _gif(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except IndexError:
        raise Truncated from None
    return None


def _jpeg(data: bytes) -> Header:
    at, size = 2, None
    while True:
        if data[at] != 0xFF:
            raise Malformed
        while data[at] == 0xFF:
            at += 1
        marker, at = data[at], at + 1
        if marker in SIZELESS:
            continue
        if marker == 0xD9:
            raise Malformed
        length = _big(data, at, 2)
        if marker in FRAMES:
            size = (_big(data, at + 5, 2), _big(data, at + 3, 2))
        if marker == 0xDA:
            if size is None:
                raise Malformed
            # Looked for behind the scan only: an embedded preview has an end mark of its own.
            if data.find(b"\xff\xd9", at + length) < 0:
                raise Truncated
            return Header(ImageFormat.JPEG, *size)
        at += length


def _png(data: bytes) -> Header:
    if data[12:16] != b"IHDR":
        raise Malformed
    at = len(PNG_START)
    while data[at + 4 : at + 8] != b"IEND":
        at += _big(data, at, 4) + 12
    return Header(ImageFormat.PNG, _big(data, 16, 4), _big(data, 20, 4))


def _gif(data: bytes) -> Header:
    width, height = _little(data, 6, 2), _little(data, 8, 2)
    at = 13 + _colours(data[10])
    pictures = 0
    while (block := data[at]) != 0x3B:
        if block == 0x21:
            at = _skip_parts(data, at + 2)
        elif block == 0x2C:
            # A frame may reach beyond the canvas, and the decoder then grows it.
            width = max(width, _little(data, at + 1, 2) + _little(data, at + 5, 2))
            height = max(height, _little(data, at + 3, 2) + _little(data, at + 7, 2))
            at = _skip_parts(data, at + 11 + _colours(data[at + 9]))
            pictures += 1
        else:
            raise Malformed
    if not pictures:
        raise Malformed
    return Header(ImageFormat.GIF, width, height)


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_parts(data: bytes, at: int) -> int:
    while data[at]:
        at += data[at] + 1
    return at + 1


def _webp(data: bytes) -> Header:
    if _little(data, 4, 4) + 8 > len(data):
        raise Truncated
    kind = data[12:16]
    if kind == b"VP8X":
        return Header(ImageFormat.WEBP, _little(data, 24, 3) + 1, _little(data, 27, 3) + 1)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = _little(data, 21, 4)
        return Header(ImageFormat.WEBP, (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return Header(ImageFormat.WEBP, _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF)
    raise Malformed


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(_bytes(data, at, size), "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(_bytes(data, at, size), "little")


def _bytes(data: bytes, at: int, size: int) -> bytes:
    part = data[at : at + size]
    if len(part) < size:
        raise Truncated
    return part
