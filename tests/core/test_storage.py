"""The same promises, kept by a folder and by an S3-compatible store over a real socket."""

import datetime
import os
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from marketplace.core import clock, db, storage
from marketplace.core.config import settings
from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.ids import uuid7

USER = UUID("0197f000-0000-7000-8000-000000000001")


@pytest.fixture(params=["folder", "s3"])
def store(request, configure, tmp_path):
    if request.param == "folder":
        configure(home=tmp_path, s3_bucket="")
        return "folder"
    address, _ = request.getfixturevalue("s3")
    configure(s3_bucket="marketplace", s3_endpoint=address, s3_access_key="key", s3_secret_key="secret")
    return "s3"


def a_key(public: bool = True, extension: str = "webp") -> str:
    return storage.new_key("avatar", uuid7(), "300", extension, public=public)


async def parts(*chunks: bytes):
    for chunk in chunks:
        yield chunk


async def test_what_is_stored_comes_back(store):
    key = a_key()
    await storage.put(key, b"hello world")
    assert await storage.get(key) == b"hello world"
    found = await storage.head(key)
    assert found.size == 11 and found.content_type == "image/webp" and found.etag.startswith('"')
    await storage.put(key, b"changed")
    assert await storage.get(key) == b"changed"


async def test_ranges_and_streams(store):
    key, data = a_key(), os.urandom(11 * 1024 * 1024)
    await storage.put(key, parts(data[:7_000_000], data[7_000_000:]))
    assert [chunk async for chunk in storage.stream(key, 5, 9)] == [data[5:9]]
    chunks = [chunk async for chunk in storage.stream(key)]
    assert b"".join(chunks) == data and len(chunks) > 10
    assert b"".join([chunk async for chunk in storage.stream(key, len(data) - 3)]) == data[-3:]


async def test_a_deleted_file_is_gone_and_deleting_twice_is_fine(store):
    key = a_key()
    await storage.put(key, b"x")
    await storage.delete(key, a_key())
    await storage.delete(key)
    with pytest.raises(NotFound):
        await storage.get(key)
    with pytest.raises(NotFound):
        await storage.head(key)
    with pytest.raises(NotFound):
        _ = [chunk async for chunk in storage.stream(key)]


async def test_a_half_sent_file_leaves_nothing(store):
    key = a_key()

    async def breaks():
        yield b"x" * 6_000_000
        raise RuntimeError("the client went away")

    with pytest.raises(Exception, match="went away"):
        await storage.put(key, breaks())
    with pytest.raises(NotFound):
        await storage.head(key)


async def test_the_store_says_whether_it_is_ready(store):
    assert await storage.ready()


async def test_a_store_without_our_bucket_is_not_ready(s3, configure):
    address, _ = s3
    configure(s3_bucket="nobody-made-it", s3_endpoint=address, s3_access_key="key", s3_secret_key="secret")
    assert not await storage.ready()


async def test_s3_is_told_the_type(s3, configure):
    address, client = s3
    configure(s3_bucket="marketplace", s3_endpoint=address, s3_access_key="key", s3_secret_key="secret")
    key = a_key(extension="pdf")
    await storage.put(key, b"%PDF-")
    assert client.head_object(Bucket="marketplace", Key=key)["ContentType"] == "application/pdf"


async def test_a_store_that_is_away_is_503(configure):
    configure(s3_bucket="marketplace", s3_endpoint="http://127.0.0.1:1", s3_access_key="k", s3_secret_key="s")
    with pytest.raises(Unavailable):
        await storage.put(a_key(), b"x")
    assert not await storage.ready()


@pytest.mark.usefixtures("tables")
async def test_a_store_is_never_called_inside_a_transaction():
    with pytest.raises(AssertionError):
        async with db.transaction():
            await storage.get(a_key())


@pytest.mark.parametrize(
    "key",
    ["", "public/../../etc/passwd", "/etc/passwd", "public/avatar/aa/" + "0" * 32 + "/..", "other/a/b/c/d",
     "public/avatar/aa/" + "0" * 32 + "/x.webp\n", "public/avatar/aa/" + "0" * 32 + "/%2e%2e.webp",
     "public\\avatar", "public/AVATAR/aa/" + "0" * 32 + "/x.webp", "public/avatar/aa/" + "0" * 31 + "/x\x00.webp"],
)  # fmt: skip
async def test_only_our_own_keys_reach_the_store(key):
    with pytest.raises(ValueError, match="no storage key"):
        await storage.put(key, b"x")
    with pytest.raises(ValueError, match="no storage key"):
        await storage.get(key)


@pytest.mark.parametrize(
    ("purpose", "extension"), [("../x", "webp"), ("avatar", "html"), ("avatar", "svg"), ("", "pdf")]
)
def test_no_key_is_made_of_foreign_words(purpose, extension):
    with pytest.raises(ValueError, match="cannot be stored"):
        storage.new_key(purpose, uuid7(), "x", extension, public=True)


def link(url: str) -> dict[str, str]:
    split = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(split.query).items()}
    return {
        "key": split.path.removeprefix("/media/"), "user": query["user"], "expires": query["expires"],
        "filename": query.get("name", ""), "signature": query["signature"],
    }  # fmt: skip


def test_a_link_names_its_user_and_ends(monkeypatch):
    signed = link(storage.url(a_key(public=False), viewer_id=USER, filename="身份证.pdf"))
    assert storage.check_link(**signed) == USER
    later = clock.now() + datetime.timedelta(seconds=storage.LINK_SECONDS + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with pytest.raises(NotFound, match="expired"):
        storage.check_link(**signed)


@pytest.mark.parametrize(
    ("part", "value"),
    [("key", f"private/avatar/00/{'0' * 32}/300.webp"), ("user", "0" * 32), ("expires", "99999999999"), ("filename", "x.html"),
     ("signature", "0" * 64), ("signature", ""), ("signature", "é"), ("expires", "abc"), ("expires", "٣"),
     ("expires", ""), ("user", "")],
)  # fmt: skip
def test_a_link_that_was_altered_leads_nowhere(part, value):
    signed = link(storage.url(a_key(public=False), viewer_id=USER, filename="a.pdf"))
    with pytest.raises(NotFound):
        storage.check_link(**(signed | {part: value}))


def test_a_private_file_has_no_address_without_a_viewer():
    with pytest.raises(ValueError, match="without a viewer"):
        storage.url(a_key(public=False))


def test_public_files_may_lie_behind_a_cdn(configure):
    key = a_key()
    assert storage.url(key) == f"/media/{key}"
    configure(media_url="https://cdn.example/")
    assert settings().media_url and storage.url(key) == f"https://cdn.example/{key}"
