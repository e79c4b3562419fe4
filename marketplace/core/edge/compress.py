"""Compression of whole answers. Streams, small answers and what is compressed already pass as they are."""

import gzip
from typing import Final

import brotli

SMALLEST: Final = 1024
LARGE: Final = 262_144
"""From this size on compressing is work for a thread."""

TEXTS: Final = (
    b"application/json",
    b"text/",
    b"application/javascript",
    b"image/svg+xml",
    b"application/yaml",
    b"application/vnd.oai.openapi",
)


def worth_it(content_type: bytes, size: int) -> bool:
    return size >= SMALLEST and content_type.startswith(TEXTS)


def choose(accept_encoding: bytes | None) -> bytes:
    """b"br", b"gzip" or b"" - the best that the client accepts. `q=0` means it does not."""
    if not accept_encoding:
        return b""
    accepted = accept_encoding.lower().replace(b" ", b"")
    if b"q=0" not in accepted:
        return b"br" if b"br" in accepted.split(b",") or b"br;" in accepted else b"gzip" if b"gzip" in accepted else b""
    offered: dict[bytes, float] = {}
    for part in accepted.split(b","):
        name, _, quality = part.partition(b";q=")
        try:
            offered[name] = float(quality or 1)
        except ValueError:
            offered[name] = 0.0
    return next((name for name in (b"br", b"gzip") if offered.get(name, offered.get(b"*", 0.0)) > 0), b"")


def compress(body: bytes, encoding: bytes) -> bytes:
    if encoding == b"br":
        return bytes(brotli.compress(body, quality=4))
    return gzip.compress(body, compresslevel=5, mtime=0)
