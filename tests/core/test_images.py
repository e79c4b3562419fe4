"""Pictures: what is refused before a decoder sees it, and what comes out of those that are taken."""

import asyncio
import io
import struct
import threading
import tracemalloc

import pytest
from PIL import Image, ImageCms

from marketplace.core import images
from marketplace.core.image_headers import ImageFormat, read_header
from tests.factories.pictures import a_picture, a_png_that_claims, opened

FORMATS = ["JPEG", "PNG", "GIF", "WEBP"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [(640, 480), (1, 1), (300, 2)])
def test_the_header_says_format_and_size(kind, size):
    header = images.inspect(a_picture(kind, size))
    assert (header.format, header.width, header.height) == (ImageFormat(kind), *size)


@pytest.mark.parametrize("save", [{"lossless": True}, {"exact": True, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}])
def test_every_kind_of_webp_is_read(save):
    header = images.inspect(a_picture("WEBP", (123, 45), **save))
    assert (header.width, header.height) == (123, 45)


def test_a_progressive_jpeg_with_a_preview_is_read():
    preview = a_picture("JPEG", (16, 16))
    data = a_picture("JPEG", (640, 480), progressive=True, quality=90)
    data = data[:2] + b"\xff\xe2" + struct.pack("!H", len(preview) + 2) + preview + data[2:]
    assert images.inspect(data).width == 640
    with pytest.raises(images.ImageTruncated):
        images.inspect(data[:-200])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_refused_before_decoding(kind, part):
    noise = Image.effect_noise((200, 200), 80)
    out = io.BytesIO()
    noise.save(out, kind)
    data = out.getvalue()
    with pytest.raises((images.ImageTruncated, images.ImageBroken)) as refused:
        images.inspect(data[: int(len(data) * part)], "avatar")
    assert refused.value.status_code == 400 and "avatar" in refused.value.fields


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"hello, I am text", b"%PDF-1.7\n%%EOF", b"MZ\x90\x00", b"PK\x03\x04", b"BM" + b"\0" * 60,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>", b"\xef\xbb\xbf<svg/>", b"<!doctype html><script>1</script>",
        b"II*\0" + b"\0" * 60, b"\0\0\0\x18ftypheic", b"RIFF\0\0\0\0WAVE", b"\x1f\x8b\x08",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_415_whatever_it_calls_itself(data):
    with pytest.raises(images.NotAnImage) as refused:
        images.inspect(data)
    assert refused.value.status_code == 415 and "image/jpeg" in refused.value.details["accepted"]


@pytest.mark.parametrize(
    "markup", [b"<script>alert(1)</script>", b"<HTML><body>", b"<?php system($_GET[0]);", b"<svg xmlns='http://x'>",
               b"<!DOCTYPE html>", b"<iframe src=x>"],
)  # fmt: skip
@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_that_is_also_a_page_is_refused(kind, markup):
    with pytest.raises(images.NotAnImage, match="script or a page"):
        images.inspect(a_picture(kind, (32, 32)) + markup)


def test_a_page_in_a_comment_is_refused():
    data = a_picture("JPEG", (32, 32), comment=b"<script>alert(document.domain)</script>")
    with pytest.raises(images.NotAnImage):
        images.inspect(data)
    gif = b"GIF89a/*" + b"\0" * 8 + b"*/=1;alert(1)//"
    with pytest.raises((images.ImageBroken, images.ImageTruncated)):
        images.inspect(gif)


def a_webp_that_claims(width, height):
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little") + b"VP8L" + struct.pack("<I", 2) + b"\x2f\0"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def a_gif_that_claims(width, height, frame=(1, 1)):
    one = b"\x2c" + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0" * 6 + one + b";"


def a_jpeg_that_claims(width, height):
    data = bytearray(a_picture("JPEG", (8, 8)))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack("!HH", height, width)
    return bytes(data)


@pytest.mark.parametrize(
    "bomb",
    [
        a_png_that_claims(20_000, 20_000), a_png_that_claims(2**31 - 1, 2**31 - 1), a_png_that_claims(16_001, 1),
        a_webp_that_claims(16_384, 16_384), a_webp_that_claims(2**24, 2**24), a_gif_that_claims(20_000, 20_000),
        a_gif_that_claims(1, 1, (65_535, 65_535)), a_jpeg_that_claims(20_000, 20_000),
    ],
)  # fmt: skip
async def test_a_bomb_is_refused_without_unpacking_it(bomb):
    tracemalloc.start()
    try:
        with pytest.raises(images.ImageTooLarge) as refused:
            images.inspect(bomb, "image")
        with pytest.raises(images.ImageTooLarge):
            await images.render(bomb, [100])
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert refused.value.status_code == 413 and refused.value.details["max_pixels"] == images.MAX_PIXELS


@pytest.mark.parametrize("claims", [(0, 10), (10, 0)])
def test_a_picture_without_a_side_is_broken(claims):
    with pytest.raises(images.ImageBroken):
        images.inspect(a_png_that_claims(*claims))


async def test_a_picture_smaller_than_it_claims_is_broken():
    for liar in (a_png_that_claims(4000, 4000), a_webp_that_claims(4000, 4000)):
        with pytest.raises(images.ImageBroken):
            await images.render(liar, [100])


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_picture_comes_out_in_every_size_and_is_never_enlarged(kind):
    made = await images.render(a_picture(kind, (400, 200)), [500, 100, 300])
    assert [(one.name, one.width, one.height) for one in made] == [
        ("100", 100, 50),
        ("300", 300, 150),
        ("500", 400, 200),
    ]
    for one in made:
        picture = opened(one.data)
        assert picture.format == "WEBP" and picture.size == (one.width, one.height)


async def test_an_avatar_is_the_middle_of_the_picture():
    picture = Image.new("RGB", (300, 100), (255, 0, 0))
    picture.paste((0, 0, 255), (100, 0, 200, 100))
    out = io.BytesIO()
    picture.save(out, "PNG")
    [one] = await images.render(out.getvalue(), [100], square=True)
    red, _, blue = opened(one.data).convert("RGB").getpixel((50, 50))
    assert (one.width, one.height) == (100, 100) and blue > 200 and red < 50


def with_exif(orientation, size=(60, 20)):
    """The upper left quarter is blue, the rest red, and the camera says which way is up."""
    picture = Image.new("RGB", size, (255, 0, 0))
    picture.paste((0, 0, 255), (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a secret description"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (52.0, 31.0, 12.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif.tobytes(), quality=95, comment=b"a secret comment")
    return out.getvalue()


@pytest.mark.parametrize(
    ("orientation", "size", "blue"),
    [(1, (60, 20), (0, 0)), (2, (60, 20), (1, 0)), (3, (60, 20), (1, 1)), (4, (60, 20), (0, 1)),
     (5, (20, 60), (0, 0)), (6, (20, 60), (1, 0)), (7, (20, 60), (1, 1)), (8, (20, 60), (0, 1)), (77, (60, 20), (0, 0))],
)  # fmt: skip
async def test_orientation_is_applied_and_nothing_of_the_camera_stays(orientation, size, blue):
    [one] = await images.render(with_exif(orientation), [100])
    picture = opened(one.data)
    assert picture.size == size
    where = tuple(3 if near == 0 else side - 4 for near, side in zip(blue, size, strict=True))
    assert picture.convert("RGB").getpixel(where)[2] > 180
    assert not picture.getexif() and "exif" not in picture.info and "icc_profile" not in picture.info
    assert b"secret" not in one.data and b"EXIF" not in one.data and b"XMP" not in one.data


async def test_an_animation_becomes_its_first_frame():
    frames = [Image.new("RGB", (50, 50), colour) for colour in [(255, 0, 0), (0, 255, 0), (0, 0, 255)]]
    for kind in ("GIF", "WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=100)
        [one] = await images.render(out.getvalue(), [100])
        picture = opened(one.data)
        assert getattr(picture, "n_frames", 1) == 1
        assert picture.convert("RGB").getpixel((25, 25))[0] > 200, kind


async def test_transparency_stays():
    [one] = await images.render(a_picture("PNG", (50, 50), (0, 255, 0, 0)), [100])
    assert opened(one.data).convert("RGBA").getpixel((10, 10))[3] == 0
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([255, 0, 0, 0, 255, 0])
    out = io.BytesIO()
    palette.save(out, "PNG", transparency=0)
    [one] = await images.render(out.getvalue(), [100])
    assert opened(one.data).convert("RGBA").getpixel((5, 5))[3] == 0


@pytest.mark.parametrize(
    ("mode", "colour", "grey"), [("I;16", 30_000, 117), ("L", 117, 117), ("1", 1, 255), ("CMYK", (0, 0, 0, 138), 117)]
)
async def test_unusual_pixels_are_understood(mode, colour, grey):
    out = io.BytesIO()
    Image.new(mode, (40, 40), colour).save(out, "JPEG" if mode == "CMYK" else "PNG")
    [one] = await images.render(out.getvalue(), [40])
    assert abs(opened(one.data).convert("L").getpixel((20, 20)) - grey) <= 4


async def test_a_colour_profile_is_worked_in():
    """A picture that says its first channel is something else than sRGB comes out looking the same, without the profile."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    [plain] = await images.render(a_picture("PNG", (40, 40), (200, 100, 50)), [40])
    [same] = await images.render(a_picture("PNG", (40, 40), (200, 100, 50), icc_profile=lab), [40])
    assert opened(plain.data).getpixel((20, 20)) == opened(same.data).getpixel((20, 20))
    swapped = bytearray(lab)
    red, green = (swapped.index(tag, 128) for tag in (b"rXYZ", b"gXYZ"))
    swapped[red : red + 4], swapped[green : green + 4] = b"gXYZ", b"rXYZ"
    [other] = await images.render(a_picture("PNG", (40, 40), (255, 0, 0), icc_profile=bytes(swapped)), [40])
    got = opened(other.data).convert("RGB").getpixel((20, 20))
    assert got[1] > 200 and got[1] > got[0]
    assert "icc_profile" not in opened(other.data).info


@pytest.mark.parametrize("profile", [b"garbage", b"", b"\0" * 500])
async def test_a_broken_colour_profile_is_left_aside(profile):
    [one] = await images.render(a_picture("JPEG", (40, 40), (200, 100, 50), icc_profile=profile), [40])
    assert opened(one.data).getpixel((20, 20))[0] > 180


async def test_damage_inside_is_refused_in_one_way():
    data = bytearray(a_picture("PNG", (200, 200)))
    data[60:80] = b"\0" * 20
    with pytest.raises(images.ImageBroken):
        await images.render(bytes(data), [100])


async def test_the_loop_goes_on_while_a_picture_is_decoded(monkeypatch):
    where, seen, let_go = [], asyncio.Event(), threading.Event()
    loop, work = asyncio.get_running_loop(), images._reduced

    def slow(*args):
        where.append(threading.current_thread() is threading.main_thread())
        loop.call_soon_threadsafe(seen.set)
        assert let_go.wait(10)
        return work(*args)

    monkeypatch.setattr(images, "_reduced", slow)
    rendering = asyncio.create_task(images.render(a_picture(), [100]))
    await asyncio.wait_for(seen.wait(), 10)
    let_go.set()
    await rendering
    assert where == [False]


@pytest.mark.parametrize("kind", FORMATS)
def test_no_prefix_and_no_flipped_byte_crashes_the_reader(kind):
    data = a_picture(kind, (20, 20))
    for at in range(len(data)):
        for hurt in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            try:
                images.inspect(hurt)
            except (images.NotAnImage, images.ImageBroken, images.ImageTruncated, images.ImageTooLarge):
                continue


def test_a_picture_of_many_tiny_chunks_is_read_to_its_end():
    body = a_picture("PNG", (4, 4))
    stuffed = body[:33] + b"\0\0\0\0tEXt\0\0\0\0" * 800_000 + body[33:]
    header = read_header(stuffed)
    assert header is not None and header.width == 4
