"""What is served of a file: pictures of it in the sizes of its purpose, smallest first, and the file itself last."""

import asyncio
from pathlib import Path
from typing import Final

from msgspec import Struct

from marketplace.core import images, opening, storage
from marketplace.core.config import settings
from marketplace.core.filetypes import FILE_TYPES
from marketplace.core.opening import DEMUXERS, Unfit
from marketplace.media.purposes import Purpose, purpose_of
from marketplace.media.schemas import MediaRecord, Rendition
from marketplace.media.states import MediaKind

LARGEST_STAND_IN: Final = 800
"""The largest size of the picture that stands for a video or a paper, in pixels."""
ORIGINAL: Final = "original"


class Made(Struct, frozen=True, kw_only=True):
    """What there is to serve, and what was found out about the file."""

    renditions: list[Rendition]
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None


async def make(media: MediaRecord, source: Path, clean: Path) -> Made:
    """Put everything in place that is served of `source`; `clean` is room beside it. The same again when it is run again.

    Raises Unfit for what cannot be used, and Unavailable.
    """
    purpose = purpose_of(media.purpose)
    if media.kind is MediaKind.IMAGE:
        return await _picture(media, purpose, source)
    if media.received_type not in DEMUXERS:
        return Made(renditions=[await _itself(media, source)])
    rewritten = media.public and media.kind is MediaKind.VIDEO
    found = await opening.look_into(source, media.received_type, clean=clean if rewritten else None)
    pictures = await _stand_ins(media, purpose, found.picture)
    itself = await _itself(media, clean if rewritten else source, found.width, found.height)
    return Made(
        renditions=[*pictures, itself],
        width=found.width,
        height=found.height,
        duration_ms=found.duration_ms,
        pages=found.pages,
    )


async def _picture(media: MediaRecord, purpose: Purpose, source: Path) -> Made:
    made: list[Rendition] = []
    if media.byte_size <= settings().max_file_bytes or not purpose.keeps_original:
        data = await asyncio.to_thread(source.read_bytes)
        made = await _sizes(media, data, purpose.sizes, square=purpose.square)
    if purpose.keeps_original:
        made.append(await _itself(media, source, media.width, media.height))
    return Made(renditions=made)


async def _stand_ins(media: MediaRecord, purpose: Purpose, picture: bytes | None) -> list[Rendition]:
    sizes = [size for size in purpose.sizes if size <= LARGEST_STAND_IN]
    return await _sizes(media, picture, sizes, square=purpose.square) if picture and sizes else []


async def _sizes(
    media: MediaRecord, data: bytes, sizes: tuple[int, ...] | list[int], *, square: bool
) -> list[Rendition]:
    try:
        made = await images.render(data, sizes, square=square)
    except (images.NotAnImage, images.ImageTooLarge, images.ImageTruncated, images.ImageBroken) as refusal:
        raise Unfit(refusal.code) from None
    renditions = []
    for one in made:
        key = _key(media, one.name, images.EXTENSION)
        await storage.put(key, one.data)
        renditions.append(Rendition(name=one.name, key=key, width=one.width, height=one.height, bytes=len(one.data)))
    return renditions


async def _itself(media: MediaRecord, file: Path, width: int | None = None, height: int | None = None) -> Rendition:
    key = _key_of_itself(media)
    await storage.put(key, file)
    size = (await asyncio.to_thread(file.stat)).st_size
    return Rendition(name=_own_name(media), key=key, width=width, height=height, bytes=size)


def keys_of(media: MediaRecord) -> list[str]:
    """Where anything made of a file may lie, whatever became of making it."""
    sizes = [_key(media, str(size), images.EXTENSION) for size in purpose_of(media.purpose).sizes]
    return [*sizes, _key_of_itself(media)]


def _own_name(media: MediaRecord) -> str:
    return ORIGINAL if media.kind is MediaKind.IMAGE else media.kind.value


def _key_of_itself(media: MediaRecord) -> str:
    extension = FILE_TYPES[media.received_type].extension
    if media.public and extension == "mov":
        extension = "mp4"  # what is rewritten for everybody is rewritten as that
    return _key(media, _own_name(media), extension)


def _key(media: MediaRecord, name: str, extension: str) -> str:
    return storage.new_key(media.purpose, media.id, name, extension, public=media.public)
