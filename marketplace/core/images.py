"""Pictures that people send: looked at before they are decoded, decoded off the event loop, and only ever passed on re-encoded.

What comes out is WebP in sRGB with orientation applied and nothing else in it: no EXIF, no place, no profile, no trailing
bytes, no second frame.
"""

import asyncio
import io
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from msgspec import Struct
from PIL import Image, ImageCms, ImageOps

from marketplace.core.errors import DomainError, PayloadTooLarge, UnsupportedMedia, ValidationFailed
from marketplace.core.image_headers import Header, ImageFormat, Malformed, Truncated, read_header

MAX_PIXELS: Final = 50_000_000
"""A phone's 48 megapixel photo passes; 20,000 x 20,000 does not."""
MAX_SIDE: Final = 16_000
QUALITY: Final = 85
EXTENSION: Final = "webp"
ACCEPTED: Final = ("image/jpeg", "image/png", "image/gif", "image/webp")

_MARKUP = re.compile(
    rb"<\s*(?:script|html|iframe|!doctype\s+html|svg\s[^>]{0,300}xmlns)\b|<\?php|<!entity", re.IGNORECASE
)
_one_at_a_time = ThreadPoolExecutor(max_workers=1, thread_name_prefix="images")
"""A decoded picture takes up to 200 MB: a process holds one."""

_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, ArithmeticError)
"""What decoders raise on damaged input."""


class NotAnImage(UnsupportedMedia):
    code = "unsupported_file_type"
    default_message = "This is no picture we can take. Send JPEG, PNG, GIF or WebP."


class ImageTooLarge(PayloadTooLarge):
    code = "image_too_large"


class ImageBroken(ValidationFailed):
    code = "image_broken"
    default_message = "The picture is damaged and cannot be read."


class ImageTruncated(ValidationFailed):
    code = "image_truncated"
    default_message = "The end of the picture is missing. Upload it again."


class Rendition(Struct, frozen=True, kw_only=True):
    """One size of a picture, encoded. `name` is the side of the box it fits into."""

    name: str
    width: int
    height: int
    data: bytes


def inspect(data: bytes, field: str = "file") -> Header:
    """The header of a picture worth decoding, or the one refusal that fits, naming `field`. Decodes nothing."""
    try:
        header = read_header(data)
    except Truncated:
        raise _refusal(ImageTruncated, field) from None
    except Malformed:
        raise _refusal(ImageBroken, field) from None
    if header is None:
        raise _refusal(NotAnImage, field, accepted=list(ACCEPTED))
    if header.width < 1 or header.height < 1:
        raise _refusal(ImageBroken, field)
    if header.width * header.height > MAX_PIXELS or max(header.width, header.height) > MAX_SIDE:
        raise _refusal(
            ImageTooLarge, field,
            f"The picture has {header.width} x {header.height} pixels; at most {MAX_PIXELS // 10**6} million and {MAX_SIDE} a side are taken.",
            width=header.width, height=header.height, max_pixels=MAX_PIXELS, max_side=MAX_SIDE,
        )  # fmt: skip
    if _MARKUP.search(data):
        raise _refusal(NotAnImage, field, "The file carries a script or a page inside. Save it as a plain picture.")
    return header


def _refusal(kind: type[DomainError], field: str, message: str | None = None, **details: Any) -> DomainError:
    said = message or kind.default_message
    return kind(said, fields={field: [said]}, **details)


async def render(data: bytes, sizes: Sequence[int], *, square: bool = False) -> list[Rendition]:
    """The picture in these sizes, smallest first: each fits into a box of that side and is never enlarged.

    With `square`, its middle is cut out. Raises what `inspect` raises, and ImageBroken if decoding fails.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_one_at_a_time, _render, data, sorted(sizes), square)


def _render(data: bytes, sizes: Sequence[int], square: bool) -> list[Rendition]:
    header = inspect(data)
    try:
        with Image.open(io.BytesIO(data), formats=(header.format.value,)) as opened:
            picture = _reduced(opened, header, sizes[-1], square)
        return list(reversed([_rendition(picture, size) for size in reversed(sizes)]))
    except (*_DAMAGE, Image.DecompressionBombError) as error:
        raise ImageBroken from error


def _reduced(opened: Image.Image, header: Header, largest: int, square: bool) -> Image.Image:
    """The first frame, upright, in sRGB, fitting into `largest`."""
    if opened.size != (header.width, header.height):
        raise ValueError("the decoder sees another size than the header says")
    orientation = opened.getexif().get(0x0112, 1)
    profile = opened.info.get("icc_profile")
    if header.format is ImageFormat.JPEG:
        opened.draft(None, (largest, largest))
    picture: Image.Image = opened.convert("RGBA") if _has_alpha(opened) else _plain(opened)
    if square:
        side = min(picture.size)
        picture = ImageOps.fit(picture, (min(side, largest),) * 2, Image.Resampling.LANCZOS)
    else:
        picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    picture = _in_srgb(picture, profile)
    turn = _TURNS.get(orientation)
    return picture.transpose(turn) if turn is not None else picture


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info


def _plain(picture: Image.Image) -> Image.Image:
    """RGB, or CMYK where a profile may still say what its inks mean."""
    if picture.mode.startswith("I"):  # 16 bits a sample: a plain conversion would clip nearly all to white
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode == "CMYK":
        picture.load()
        return picture.copy()
    return picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        with suppress(ImageCms.PyCMSError, *_DAMAGE):  # an unreadable profile is as good as none
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            if space == ("CMYK" if picture.mode == "CMYK" else "RGB"):
                converted = ImageCms.profileToProfile(
                    picture, source, ImageCms.createProfile("sRGB"), outputMode=wanted
                )
                if converted is not None:
                    picture = converted
    return picture if picture.mode == wanted else picture.convert(wanted)


def _rendition(picture: Image.Image, size: int) -> Rendition:
    fitted = picture.copy()
    fitted.thumbnail((size, size), Image.Resampling.LANCZOS)
    fitted.info.clear()
    out = io.BytesIO()
    fitted.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return Rendition(name=str(size), width=fitted.width, height=fitted.height, data=out.getvalue())
