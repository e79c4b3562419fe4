"""A file's way: taken in, looked at, re-encoded, served, taken away; whatever dies in between."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from marketplace.core import db, images, outbox, storage, timers
from marketplace.core.errors import Conflict, NotFound, Unavailable
from marketplace.core.ids import uuid7
from marketplace.media import queries
from marketplace.media.errors import FileEmpty, FileTooLarge, FileTruncated, FileTypeRefused
from marketplace.media.events import MediaReady, MediaRefused
from marketplace.media.purposes import PICTURES_AND_PDF, Purpose, declare
from marketplace.media.schemas import media_out
from marketplace.media.service import processing, uploads
from marketplace.media.states import MediaState
from marketplace.media.tables import Media
from tests.factories import a_user
from tests.factories.pictures import AFile, a_picture, an_upload, opened, work_off
from tests.factories.uploads import a_paper

pytestmark = pytest.mark.usefixtures("tables", "files")

AVATAR = declare(Purpose("test_avatar", sizes=(100, 300, 500), square=True))
PAPER = declare(Purpose("test_paper", sizes=(1600,), public=False, accepts=PICTURES_AND_PDF))
PDF = a_paper()

heard: list[MediaReady | MediaRefused] = []


@outbox.on(MediaReady, MediaRefused)
async def hear(event: MediaReady | MediaRefused) -> None:
    heard.append(event)


@pytest.fixture
def files(configure, tmp_path) -> Path:
    heard.clear()
    configure(home=tmp_path)
    return tmp_path / "media"


def lying(files: Path) -> list[str]:
    return sorted(path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file())


async def test_a_picture_becomes_ready_in_its_sizes_and_the_original_goes(files):
    user = await a_user()
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id)
    assert media.state is MediaState.PENDING and media_out(media).url is None
    assert lying(files) == [uploads.original_key(media.id)]
    await work_off()
    media = await queries.get_media(media.id)
    assert media.state is MediaState.READY
    assert lying(files) == sorted(one.key for one in media.renditions)
    assert [(one.name, one.width, one.height) for one in media.renditions] == [
        ("100", 100, 100), ("300", 300, 300), ("500", 480, 480),
    ]  # fmt: skip
    out = media_out(media)
    assert list(out.sizes) == ["100", "300", "500"] and out.url == out.sizes["500"].url
    assert out.url == f"/media/{media.renditions[-1].key}" and out.url.startswith("/media/public/test_avatar/")
    assert media.sha256 == hashlib.sha256(a_picture()).hexdigest()
    assert heard == [MediaReady(media_id=media.id, owner_id=user.id, purpose="test_avatar")]
    assert await timers.run_due() == 0


async def test_what_is_kept_is_never_what_was_sent(files):
    secret = b"GPS 52.31 N, a secret note"
    media = await an_upload((await a_user()).id, AVATAR, a_picture(comment=secret) + b"trailing secret")
    assert media.state is MediaState.READY
    for path in lying(files):
        data = (files / path).read_bytes()
        assert b"secret" not in data and opened(data).format == "WEBP"


@pytest.mark.parametrize(
    ("data", "purpose", "refusal", "status"),
    [
        (b"", AVATAR, FileEmpty, 400),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", AVATAR, images.NotAnImage, 415),
        (PDF, AVATAR, images.NotAnImage, 415),
        (b"MZ" + b"\0" * 100, PAPER, FileTypeRefused, 415),
        (PDF[:1000], PAPER, FileTruncated, 400),
        (a_picture()[:-40], PAPER, images.ImageTruncated, 400),
        (a_picture("PNG") + b"<script>", PAPER, images.NotAnImage, 415),
    ],
)
async def test_each_wrong_file_has_one_refusal_and_leaves_nothing(files, data, purpose, refusal, status):
    user = await a_user()
    with pytest.raises(refusal) as refused:
        await uploads.accept(AFile(data), purpose, owner_id=user.id, field="scan")
    assert refused.value.status_code == status and list(refused.value.fields) == ["scan"]
    assert await Media.count() == 0 and (not files.exists() or lying(files) == [])


async def test_a_file_may_be_as_large_as_the_limit_and_not_a_byte_more(configure):
    user = await a_user()
    configure(max_file_bytes=5000)
    whole = PDF + b"\n" * (5000 - len(PDF))
    await uploads.accept(AFile(whole), PAPER, owner_id=user.id)
    with pytest.raises(FileTooLarge) as refused:
        await uploads.accept(AFile(whole + b"\n"), PAPER, owner_id=user.id)
    assert refused.value.status_code == 413 and refused.value.details == {"max_bytes": 5000}
    small = Purpose("test_small", max_bytes=100)
    with pytest.raises(FileTooLarge):
        await uploads.accept(AFile(a_picture()), small, owner_id=user.id)


async def test_a_document_is_kept_as_it_is_and_served_privately(files):
    user = await a_user()
    media = await an_upload(user.id, PAPER, PDF, filename="../../étude\r\n\u202egpj.PDF")
    assert media.state is MediaState.READY and media.filename == "étude gpj.PDF"
    [one] = media.renditions
    assert await storage.get(one.key) == PDF and one.key.startswith("private/test_paper/")
    with pytest.raises(ValueError, match="without a viewer"):
        media_out(media)
    assert f"user={user.id.hex}" in media_out(media, user.id).url


async def test_a_picture_of_a_document_is_re_encoded_too():
    media = await an_upload((await a_user()).id, PAPER, a_picture("PNG"))
    assert [one.name for one in media.renditions] == ["1600"] and media.renditions[0].key.endswith(".webp")


async def test_damage_the_decoder_finds_refuses_the_file(files):
    data = bytearray(a_picture("PNG"))
    data[60:80] = b"\0" * 20
    user = await a_user()
    media = await an_upload(user.id, AVATAR, bytes(data))
    assert (media.state, media.reason) == (MediaState.REFUSED, "image_broken")
    assert lying(files) == []
    assert heard == [MediaRefused(media_id=media.id, owner_id=user.id, purpose="test_avatar", reason="image_broken")]


async def test_what_is_attached_shares_the_fate_of_the_file(files):
    user = await a_user()
    seen = []

    async def attach(media):
        assert db.in_transaction()
        seen.append(media.id)
        await db.execute("UPDATE users SET first_name = 'attached' WHERE id = $1", user.id)

    async def refuse(media):
        await attach(media)
        raise Conflict("An auction has at most ten pictures.")

    with pytest.raises(Conflict):
        await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id, attach=refuse)
    assert await db.fetch_val("SELECT first_name FROM users WHERE id = $1", user.id) == "User"
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id, attach=attach)
    assert seen[-1] == media.id
    assert await db.fetch_val("SELECT first_name FROM users WHERE id = $1", user.id) == "attached"
    # What the refusal left behind goes when its time has come.
    assert len(lying(files)) == 2
    await pass_time()
    assert await timers.run_due() == 1
    await work_off()
    assert await Media.count().where(Media.state == MediaState.READY) == 1
    assert not [path for path in lying(files) if path.startswith("private/")]


async def pass_time() -> None:
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second'")


async def test_a_store_that_is_away_keeps_nothing(files, configure):
    user = await a_user()
    configure(s3_bucket="marketplace", s3_endpoint="http://127.0.0.1:1", s3_access_key="k", s3_secret_key="s")
    with pytest.raises(Unavailable):
        await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id)
    configure(s3_bucket="")
    await pass_time()
    await timers.run_due()
    await work_off()
    [row] = await Media.select(Media.state)
    assert row["state"] == MediaState.REMOVED


async def test_the_work_may_be_done_twice_and_again_after_dying_in_the_middle(files, monkeypatch):
    user = await a_user()
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id)
    put, died = storage.put, []

    async def dies(key, data):
        await put(key, data)
        if not died and key.startswith("public/"):
            died.append(key)
            raise RuntimeError("killed")

    monkeypatch.setattr(storage, "put", dies)
    with pytest.raises(RuntimeError):
        await processing.process(media.id)
    assert (await queries.get_media(media.id)).state is MediaState.PENDING
    await processing.process(media.id)
    await processing.process(media.id)
    await work_off()
    assert len(lying(files)) == 3
    assert len(heard) == 1


async def test_a_lost_original_is_refused_with_its_reason(files):
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=(await a_user()).id)
    await storage.delete(uploads.original_key(media.id))
    await work_off()
    media = await queries.get_media(media.id)
    assert (media.state, media.reason) == (MediaState.REFUSED, "lost")


async def test_a_file_that_could_not_be_worked_on_for_days_is_refused(files):
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=(await a_user()).id)
    await db.execute("UPDATE media SET created_at = now() - interval '4 days'")
    await work_off()
    media = await queries.get_media(media.id)
    assert (media.state, media.reason) == (MediaState.REFUSED, "failed")
    assert lying(files) == []


@pytest.mark.parametrize("answer", ["FOUND", "OK", "away"])
async def test_what_the_scanner_says_counts(files, configure, answer):
    """clamd of ours: says what it is told to, whatever it reads."""

    async def clamd(reader, writer):
        await reader.readuntil(b"\0\0\0\0")
        writer.write(b"stream: Eicar FOUND\0" if answer == "FOUND" else b"stream: OK\0")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(clamd, "127.0.0.1", 0)
    configure(clamav="127.0.0.1:1" if answer == "away" else f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    media = await an_upload((await a_user()).id, PAPER, PDF)
    server.close()
    expected = {"FOUND": MediaState.REFUSED, "OK": MediaState.READY, "away": MediaState.PENDING}[answer]
    assert media.state is expected
    assert media.reason == ("infected" if answer == "FOUND" else "")
    assert len(lying(files)) == (0 if answer == "FOUND" else 1)


async def test_files_live_in_an_object_store_as_they_do_in_a_folder(client, configure, s3):
    address, bucket = s3
    configure(s3_bucket="marketplace", s3_endpoint=address, s3_access_key="key", s3_secret_key="secret")
    user = await a_user()
    media = await an_upload(user.id, PAPER, PDF)
    answer = await client.get(media_out(media, user.id).url, headers={"range": "bytes=5-8"})
    assert answer.status_code == 206 and answer.content == PDF[5:9]
    avatar = await an_upload(user.id, AVATAR)
    answer = await client.get(media_out(avatar).url)
    assert answer.status_code == 200 and opened(answer.content).format == "WEBP"
    await uploads.remove_all_of(user.id)
    await work_off()
    left = bucket.list_objects_v2(Bucket="marketplace").get("Contents", [])
    assert not [one["Key"] for one in left if media.id.hex in one["Key"] or avatar.id.hex in one["Key"]]


async def test_removing_takes_the_bytes_too_and_once_is_enough(files):
    user, other = await a_user(), await a_user()
    media = await an_upload(user.id, AVATAR)
    with pytest.raises(NotFound):
        await uploads.remove(media.id, owner_id=other.id)
    with pytest.raises(NotFound):
        await uploads.remove(uuid7())
    await asyncio.gather(*(uploads.remove(media.id, owner_id=user.id) for _ in range(5)))
    await work_off()
    assert lying(files) == []
    with pytest.raises(NotFound):
        await queries.get_media(media.id)
    assert await queries.get_many([media.id]) == {}


@pytest.mark.parametrize("removed_first", [True, False])
async def test_a_file_removed_while_it_is_worked_on_leaves_nothing(files, monkeypatch, removed_first):
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=(await a_user()).id)
    render = images.render

    async def interrupted(*args, **kwargs):
        made = await render(*args, **kwargs)
        await uploads.remove(media.id)
        if removed_first:
            await processing.tidy(media.id)
        return made

    monkeypatch.setattr(images, "render", interrupted)
    await work_off()
    assert lying(files) == [] and heard == []
    [row] = await Media.select(Media.state)
    assert row["state"] == MediaState.REMOVED


async def test_racing_workers_make_it_ready_once(files):
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=(await a_user()).id)
    await asyncio.gather(*(processing.process(media.id) for _ in range(4)))
    await work_off()
    assert len(heard) == 1 and len(lying(files)) == 3


async def test_erasure_takes_everything_of_one_person_only(files):
    user, other = await a_user(), await a_user()
    for owner in (user, user, other):
        await an_upload(owner.id, AVATAR)
    assert await uploads.remove_all_of(user.id) == 2
    assert await uploads.remove_all_of(user.id) == 0
    await work_off()
    assert len(lying(files)) == 3
    assert await db.fetch_val("SELECT count(*) FROM media WHERE filename <> '' AND owner = $1", user.id) == 0


async def test_lists_get_the_same_picture_from_the_database():
    import msgspec

    from marketplace.media.schemas import MediaOut

    user = await a_user()
    ready = await an_upload(user.id, AVATAR)
    pending = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=user.id)
    for media in (ready, pending):
        sql = f"SELECT {queries.image_json('m')}::text FROM media m WHERE m.id = $1"
        assert msgspec.json.decode(await db.fetch_val(sql, media.id), type=MediaOut) == media_out(media)
    await uploads.remove(ready.id)
    assert await db.fetch_val(f"SELECT {queries.image_json('m')}::text FROM media m WHERE m.id = $1", ready.id) is None


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\Windows\\evil.exe", "evil.exe"), ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie x.pdf"),
        ("\u202egpj.exe", "gpj.exe"), ("", ""), ("...", ""), ("x" * 500 + ".pdf", "x" * 100 + ".pdf"), ('a";b.pdf', "a b.pdf"),
        ("\ud800bad.pdf", "bad.pdf"), ("身份证.jpg", "身份证.jpg"), (".htaccess", "htaccess"), ("a.b/..", ""),
    ],
)  # fmt: skip
def test_names_of_users_are_for_showing_only(name, clean):
    assert uploads.clean_filename(name) == clean


def test_a_purpose_is_declared_once():
    assert declare(Purpose("test_avatar", sizes=(100, 300, 500), square=True)) == AVATAR
    with pytest.raises(ValueError, match="declared twice"):
        declare(Purpose("test_avatar"))


async def test_the_database_refuses_a_ready_file_with_nothing_to_serve():
    media = await uploads.accept(AFile(a_picture()), AVATAR, owner_id=(await a_user()).id)
    with pytest.raises(Exception, match="media_ready_is_served"):
        await db.execute("UPDATE media SET state = 'ready' WHERE id = $1", media.id)
