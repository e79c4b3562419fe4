"""What files are, by their content, and what is made of each kind."""

import asyncio
import gzip
import hashlib
import io
import struct
import tarfile
from pathlib import Path

import av
import pytest
from PIL import Image

from marketplace.core import filetypes, opener, opening, storage
from marketplace.core.errors import Unavailable
from marketplace.core.image_headers import Truncated
from marketplace.media import queries
from marketplace.media.errors import FileTooLarge, FileTruncated, FileTypeRefused
from marketplace.media.purposes import SHOWCASE, WORK, Purpose, declare
from marketplace.media.schemas import media_out
from marketplace.media.service import processing, uploads
from marketplace.media.states import MediaKind, MediaState
from tests.factories import a_user
from tests.factories.pictures import AFile, a_picture, a_png_that_claims, an_upload, opened, work_off
from tests.factories.uploads import a_film, a_paper, a_sound, a_zip

SHOW = declare(Purpose("test_show", sizes=(50, 100, 1600), accepts=SHOWCASE))
GOODS = declare(
    Purpose("test_goods", sizes=(50, 100), public=False, accepts=WORK, keeps_original=True, max_bytes=2**20)
)
OFFICE = "application/vnd.openxmlformats-officedocument"


@pytest.fixture
def files(configure, tmp_path, tables) -> Path:
    configure(home=tmp_path)
    return tmp_path / "media"


def a_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def office(folder: str, **more: str) -> bytes:
    return a_zip(**{"[Content_Types].xml": "<Types/>", f"{folder}/document.xml": "<x/>"}, **more)


@pytest.mark.parametrize(
    ("made", "media_type"),
    [
        (lambda: a_picture("PNG"), "image/png"), (lambda: a_picture("GIF"), "image/gif"),
        (lambda: a_picture("WEBP"), "image/webp"), (a_film, "video/mp4"), (lambda: a_film("mov"), "video/quicktime"),
        (lambda: a_film("webm"), "video/webm"), (a_sound, "audio/mpeg"), (lambda: a_sound("ipod", "aac"), "audio/mp4"),
        (lambda: a_sound("ogg", "libopus"), "audio/ogg"), (lambda: a_sound("flac", "flac"), "audio/flac"),
        (lambda: a_sound("wav", "pcm_s16le"), "audio/wav"), (a_paper, "application/pdf"),
        (lambda: office("word"), f"{OFFICE}.wordprocessingml.document"),
        (lambda: office("xl"), f"{OFFICE}.spreadsheetml.sheet"),
        (lambda: office("ppt"), f"{OFFICE}.presentationml.presentation"),
        (lambda: a_zip(mimetype="application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        (lambda: a_zip(mimetype="application/epub+zip"), "application/zip"), (lambda: a_zip(a="b"), "application/zip"),
        (lambda: gzip.compress(b"x"), "application/gzip"), (a_tar, "application/x-tar"),
        (lambda: b"7z\xbc\xaf\x27\x1c" + bytes(32), "application/x-7z-compressed"),
        (lambda: b"Rar!\x1a\x07\x01\x00" + bytes(32), "application/vnd.rar"),
        (lambda: "naïve 身份证".encode(), "text/plain"), (lambda: "身份证".encode("gb18030"), "text/plain"),
        (lambda: b"<html><script>alert(1)</script></html>", "text/plain"),
        (lambda: b"MZ\x90\x00" + bytes(60), None), (lambda: b"\x7fELF" + bytes(60), None), (lambda: b"\x00\x01\x02", None),
        (lambda: b"\xff\xfe\x00\x00\x10", None), (lambda: b"\x00\x00\x00\x18ftypheic" + bytes(40), None),
        (lambda: office("word", **{"word/vbaProject.bin": "x"}), None), (lambda: a_film("matroska", codec="libx264"), None),
    ],
)  # fmt: skip
def test_a_file_is_what_it_contains(tmp_path, made, media_type):
    path = tmp_path / "holiday.jpg.exe"
    path.write_bytes(made())
    found = filetypes.recognise(path)
    assert (found.media_type if found else None) == media_type


@pytest.mark.parametrize("made", [lambda: a_zip(a="b" * 999)[:-30], lambda: a_paper()[:-30]])
def test_an_end_that_is_missing_is_told(tmp_path, made):
    path = tmp_path / "file"
    path.write_bytes(made())
    with pytest.raises(Truncated):
        filetypes.recognise(path)


@pytest.mark.parametrize("container", ["mp4", "mov", "webm"])
async def test_a_public_film_is_written_anew_and_shows_a_frame(files, container):
    film = a_film(container, size=(320, 240), seconds=2, title="my secret street", location="+52.31+004.90/")
    assert b"secret" in film
    media = await an_upload((await a_user()).id, SHOW, film, filename="evil.html")
    assert (media.state, media.kind) == (MediaState.READY, MediaKind.VIDEO), media.reason
    assert (media.width, media.height, media.duration_ms) == (320, 240, 2000)
    out = media_out(media)
    assert list(out.sizes) == ["50", "100", "video"] and out.thumbnail == out.sizes["50"].url
    assert out.url == out.sizes["video"].url and out.url.endswith(".webm" if container == "webm" else ".mp4")
    frame = opened(await storage.get(media.renditions[1].key)).convert("RGB")
    assert frame.size == (100, 75)
    red, _, blue = frame.getpixel((50, 37))
    assert blue > 150 > red, "not the black or the opening beginning"
    kept = await storage.get(media.renditions[-1].key)
    assert b"secret" not in kept and b"52.31" not in kept and len(kept) == media.renditions[-1].bytes
    with av.open(io.BytesIO(kept)) as played:
        assert sum(1 for _ in played.decode(video=0)) == 20
    assert media.sha256 == hashlib.sha256(film).hexdigest()


async def test_a_film_that_lies_on_its_side_is_shown_upright(files):
    data = bytearray(a_film(size=(160, 80)))
    at = data.index(b"tkhd") + 4 + 40  # the matrix: a quarter turn to the right
    data[at : at + 36] = struct.pack("!9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    media = await an_upload((await a_user()).id, SHOW, bytes(data))
    assert (media.state, media.width, media.height) == (MediaState.READY, 80, 160)
    assert (media.renditions[1].width, media.renditions[1].height) == (50, 100)


async def test_a_private_film_is_kept_as_it_is_and_can_be_wound(files, client):
    film = a_film(title="as agreed")
    user = await a_user()
    media = await an_upload(user.id, GOODS, film)
    out = media_out(media, user.id)
    assert list(out.sizes) == ["50", "100", "video"] and out.duration_ms == 1000
    answer = await client.get(out.url, headers={"range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, film[10:20])
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda: a_film()[:1200], "file_damaged"), (lambda: b"\0\0\0\x18ftypisom" + bytes(5000), "file_damaged"),
        (lambda: a_film(codec="mpeg4"), "unsupported_codec"), (lambda: a_sound("webm", "libopus"), "no_video"),
        (lambda: b"%PDF-1.7\n" + b"nonsense " * 50 + b"\n%%EOF\n", "file_damaged"),
        (lambda: b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm" + b"\0" * 2000, "file_damaged"),
    ],
)  # fmt: skip
async def test_what_only_begins_well_is_refused_with_its_reason(files, made, reason):
    media = await an_upload((await a_user()).id, SHOW, made())
    assert (media.state, media.reason) == (MediaState.REFUSED, reason)
    assert not [path for path in files.rglob("*") if path.is_file()]


def test_a_film_of_too_many_pixels_is_refused_before_one_is_decoded(tmp_path, monkeypatch):
    (tmp_path / "film").write_bytes(a_film())
    arguments = (str(tmp_path / "film"), "mp4", str(tmp_path / "picture.png"), "")
    monkeypatch.setattr(opener, "MOST_PIXELS", 160 * 120 - 1)
    with pytest.raises(opener.Refused, match="video_too_large"):
        opener.film(*arguments)
    assert not (tmp_path / "picture.png").exists()
    monkeypatch.setattr(opener, "MOST_PIXELS", 160 * 120)
    assert opener.film(*arguments) == {"duration_ms": 1000, "width": 160, "height": 120}


async def test_a_paper_tells_its_pages_and_shows_the_first(files):
    media = await an_upload((await a_user()).id, SHOW, a_paper(3))
    out = media_out(media)
    assert (out.kind, out.pages, list(out.sizes)) == (MediaKind.DOCUMENT, 3, ["50", "100", "document"])
    first = opened(await storage.get(media.renditions[1].key))
    assert first.size == (67, 100)
    locked = await an_upload((await a_user()).id, SHOW, a_paper(encrypt="a password"))
    assert (locked.state, locked.pages) == (MediaState.READY, None) and list(media_out(locked).sizes) == ["document"]


async def test_sound_tells_its_length(files):
    user = await a_user()
    for data in (a_sound(seconds=2), a_sound("webm", "libopus", seconds=2)):
        media = await an_upload(user.id, GOODS, data)
        assert media.state is MediaState.READY and 1900 < (media.duration_ms or 0) < 2200
        assert media_out(media, user.id).thumbnail is None


async def test_a_picture_that_is_handed_over_is_there_in_every_byte(files, client):
    user = await a_user()
    data = a_picture("PNG", (640, 480)) + b"and what else the artist put there"
    media = await an_upload(user.id, GOODS, data, filename="logo.png")
    out = media_out(media, user.id)
    assert list(out.sizes) == ["50", "100", "original"] and (out.sizes["original"].width, out.kind) == (640, "image")
    answer = await client.get(out.url)
    assert answer.content == data and answer.headers["content-type"] == "image/png"


async def test_what_is_saved_is_named_for_what_it_is(files):
    user = await a_user()
    film = media_out(await an_upload(user.id, GOODS, a_film(), filename="holiday.exe"), user.id)
    photo = media_out(await an_upload(user.id, GOODS, a_picture(), filename="photo.JPEG"), user.id)
    unnamed = media_out(await an_upload(user.id, GOODS, a_picture(), filename=""), user.id)
    assert "name=holiday.exe.mp4&" in film.url and "name=holiday.webp&" in film.sizes["50"].url
    assert "name=photo.JPEG&" in photo.url and "name=" not in unnamed.url


async def test_a_picture_too_large_to_be_shown_can_still_be_handed_over(files, configure):
    user = await a_user()
    configure(max_file_bytes=2000)
    data = a_picture("PNG", (1200, 1200))
    media = await an_upload(user.id, GOODS, data)
    assert media.state is MediaState.READY and [one.name for one in media.renditions] == ["original"]
    with pytest.raises(FileTooLarge):
        await uploads.accept(AFile(data), SHOW, owner_id=user.id)


@pytest.mark.parametrize(
    ("made", "kind", "saved"),
    [
        (lambda: a_zip(a="b"), "archive", "work.html.zip"), (lambda: office("word"), "document", "work.html.docx"),
        (lambda: b"plain text", "document", "work.html"),
    ],
)  # fmt: skip
async def test_what_is_not_opened_is_kept_and_only_saved(files, client, made, kind, saved):
    user = await a_user()
    media = await an_upload(user.id, GOODS, made(), filename="work.html")
    answer = await client.get(media_out(media, user.id).url)
    assert answer.content == made() and media.kind == kind and media.state is MediaState.READY
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''{saved}"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-type"].split(";")[0] not in {"text/html", "image/svg+xml"}


@pytest.mark.parametrize(
    ("purpose", "made", "refusal"),
    [
        (SHOW, lambda: a_zip(a="b"), FileTypeRefused), (SHOW, lambda: b"plain text", FileTypeRefused),
        (SHOW, a_sound, FileTypeRefused), (GOODS, lambda: b"MZ\x90\x00" + bytes(60), FileTypeRefused),
        (GOODS, lambda: office("word", **{"word/vbaProject.bin": "x"}), FileTypeRefused),
        (GOODS, lambda: a_zip(a="b" * 999)[:-30], FileTruncated), (GOODS, lambda: bytes(2**20 + 1), FileTooLarge),
    ],
)  # fmt: skip
async def test_what_a_purpose_does_not_take_is_refused_at_once(files, purpose, made, refusal):
    with pytest.raises(refusal) as refused:
        await uploads.accept(AFile(made(), "photo.png"), purpose, owner_id=(await a_user()).id, field="file")
    assert list(refused.value.fields) == ["file"]


async def test_a_bomb_is_refused_whatever_it_is_for(files):
    from marketplace.core.images import ImageTooLarge

    for purpose in (SHOW, GOODS):
        with pytest.raises(ImageTooLarge):
            await uploads.accept(AFile(a_png_that_claims(20_000, 20_000)), purpose, owner_id=(await a_user()).id)


async def test_a_picture_that_is_an_archive_as_well_leaves_as_a_picture(files):
    user = await a_user()
    media = await an_upload(user.id, SHOW, a_picture("GIF") + a_zip(**{"Evil.class": "x"}))
    assert media.state is MediaState.READY
    for one in media.renditions:
        data = await storage.get(one.key)
        assert b"Evil" not in data and Image.open(io.BytesIO(data)).format == "WEBP"


async def test_a_process_that_is_ended_from_outside_is_no_verdict_on_the_file(files, monkeypatch):
    user = await a_user()
    media = await uploads.accept(AFile(a_film()), SHOW, owner_id=user.id)
    run = opening._run

    async def ended(*arguments: str):
        return -15, b""

    monkeypatch.setattr(opening, "_run", ended)
    await work_off()
    assert (await queries.get_media(media.id)).state is MediaState.PENDING
    monkeypatch.setattr(opening, "_run", run)
    await processing.process(media.id)
    assert (await queries.get_media(media.id)).state is MediaState.READY


async def test_a_file_whose_turn_does_not_come_waits_for_another_try(files, monkeypatch):
    media = await uploads.accept(AFile(a_film()), SHOW, owner_id=(await a_user()).id)
    monkeypatch.setattr(opening, "PATIENCE_SECONDS", 0.05)
    async with opening._turn():
        with pytest.raises(Unavailable):
            await processing.process(media.id)
    monkeypatch.undo()
    assert (await queries.get_media(media.id)).state is MediaState.PENDING
    await processing.process(media.id)
    assert (await queries.get_media(media.id)).state is MediaState.READY


@pytest.mark.parametrize(("signal", "reason"), [(-24, "too_demanding"), (-14, "too_demanding"), (-11, "file_damaged")])
async def test_a_file_that_exhausts_or_crashes_its_decoder_is_refused(files, monkeypatch, signal, reason):
    async def ended(*arguments: str):
        return signal, b""

    monkeypatch.setattr(opening, "_run", ended)
    media = await an_upload((await a_user()).id, SHOW, a_film())
    assert (media.state, media.reason) == (MediaState.REFUSED, reason)


async def test_the_opener_is_given_no_secret_and_little_memory(tmp_path):
    """Asked of the program itself: it runs without our environment, and its limits are those it was given."""
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c",
        f"import runpy, resource; space = runpy.run_path({str(opening.PROGRAM)!r}); space['limit_ourselves'](); "
        "print(resource.getrlimit(resource.RLIMIT_AS)[0] == space['MEMORY'], resource.getrlimit(resource.RLIMIT_CPU)[0])",
        stdout=asyncio.subprocess.PIPE, env={},
    )  # fmt: skip
    said, _ = await process.communicate()
    assert said.split() == [b"True", b"60"]
