"""`/media/...` over HTTP: public by path, private by link, ranges, caching, and nothing a browser would run."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from marketplace.accounts.states import AccountStatus
from marketplace.accounts.tables import User
from marketplace.core import storage
from marketplace.core.ids import uuid7
from marketplace.media.purposes import PICTURES_AND_PDF, Purpose, declare
from marketplace.media.schemas import media_out
from marketplace.media.service import uploads
from tests.factories import bearer, signed_in
from tests.factories.pictures import AFile, a_picture, an_upload, work_off
from tests.factories.uploads import a_paper

PICTURE = declare(Purpose("test_picture", sizes=(50, 100)))
LETTER = declare(Purpose("test_letter", sizes=(800,), public=False, accepts=PICTURES_AND_PDF))
PDF = a_paper()


@pytest.fixture(autouse=True)
def files(configure, tmp_path):
    configure(home=tmp_path)


async def test_a_public_picture_is_served_for_good(client):
    user, _ = await signed_in()
    media = await an_upload(user.id, PICTURE)
    address = media_out(media).url
    answer = await client.get(address)
    assert answer.status_code == 200 and answer.content == await storage.get(media.renditions[-1].key)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-length"] == str(media.renditions[-1].bytes)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["content-disposition"] == "inline"
    head = await client.head(address)
    assert (
        head.status_code == 200 and head.content == b"" and head.headers["content-length"] == str(len(answer.content))
    )
    etag = answer.headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        cached = await client.get(address, headers={"if-none-match": known})
        assert cached.status_code == 304 and cached.content == b"" and cached.headers["etag"] == etag
    assert (await client.get(address, headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)), ("bytes=10-", 206, slice(10, None)), ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-99999", 200, slice(None)), ("bytes=5-5", 206, slice(5, 6)), ("bytes=0-", 200, slice(None)),
        ("bytes=-99999", 200, slice(None)), ("bytes=9-3", 200, slice(None)), ("bytes=a-b", 200, slice(None)),
        ("bytes=0-1,3-4", 200, slice(None)), ("bytes=-", 200, slice(None)), ("pages=1-2", 200, slice(None)),
        ("bytes=99999-", 416, None), ("bytes=-0", 416, None), ("bytes=" + "9" * 30 + "-", 200, slice(None)),
    ],
)  # fmt: skip
async def test_a_part_may_be_asked_for(client, asked, status, part):
    user, _ = await signed_in()
    media = await an_upload(user.id, LETTER, PDF)
    answer = await client.get(media_out(media, user.id).url, headers={"range": asked})
    assert answer.status_code == status
    if part is None:
        assert answer.headers["content-range"] == f"bytes */{len(PDF)}"
        return
    assert answer.content == PDF[part] and answer.headers["content-length"] == str(len(PDF[part]))
    assert answer.headers["accept-ranges"] == "bytes"
    if status == 206:
        start, stop, _ = part.indices(len(PDF))
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(PDF)}"


async def test_a_part_of_another_version_is_not_given(client):
    user, _ = await signed_in()
    address = media_out(await an_upload(user.id, LETTER, PDF), user.id).url
    etag = (await client.get(address)).headers["etag"]
    assert (await client.get(address, headers={"range": "bytes=0-3", "if-range": etag})).status_code == 206
    assert (await client.get(address, headers={"range": "bytes=0-3", "if-range": '"old"'})).status_code == 200


async def test_a_private_paper_is_saved_not_shown_and_never_cached(client):
    user, _ = await signed_in()
    media = await an_upload(user.id, LETTER, PDF, filename='Führer"schein.pdf')
    answer = await client.get(media_out(media, user.id).url)
    assert answer.content == PDF and answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''F%C3%BChrer%20schein.pdf"


async def test_a_private_link_is_its_users_alone(client):
    (user, mine), (_, others) = await signed_in(), await signed_in()
    media = await an_upload(user.id, LETTER, PDF)
    address = media_out(media, user.id).url
    assert (await client.get(address)).status_code == 200
    assert (await client.get(address, headers=mine)).status_code == 200
    assert (await client.get(address, headers=others)).status_code == 404
    bare = urlsplit(address).path
    assert (await client.get(bare)).status_code == 404
    assert (await client.get(bare, headers=mine)).status_code == 404
    query = dict(parse_qsl(urlsplit(address).query))
    for change in ({"user": uuid7().hex}, {"expires": "9999999999"}, {"name": "x.html"}, {"signature": "f" * 64}):
        assert (await client.get(f"{bare}?{urlencode(query | change)}")).status_code == 404
    other = await an_upload(user.id, LETTER, PDF + b"\n")
    assert (await client.get(f"/media/{other.renditions[0].key}?{urlencode(query)}")).status_code == 404


async def test_a_link_ends_with_its_time_and_with_its_account(client):
    user, _ = await signed_in()
    key = (await an_upload(user.id, LETTER, PDF)).renditions[0].key
    late = await client.get(storage.url(key, viewer_id=user.id, seconds=-1))
    assert late.status_code == 404 and late.json()["code"] == "link_expired"
    good = storage.url(key, viewer_id=user.id)
    await User.update({User.status: AccountStatus.BANNED}).where(User.id == user.id)
    assert (await client.get(good)).status_code == 404


async def test_what_was_sent_cannot_be_fetched_before_it_was_looked_at(client):
    user, mine = await signed_in()
    media = await uploads.accept(AFile(a_picture()), PICTURE, owner_id=user.id)
    key = uploads.original_key(media.id)
    assert await storage.get(key)
    assert (await client.get(f"/media/{key}", headers=mine)).status_code == 404
    assert (await client.get(f"/media/{key.replace('private', 'public')}", headers=mine)).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["", "x", "../pyproject.toml", "..%2f..%2fetc%2fpasswd", "public/..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
     "public/test_picture/aa/" + "0" * 32 + "/100.webp", "public/test_picture/aa/" + "0" * 32 + "/100.webp%00",
     "public%5c..%5c..%5cwindows", "private/incoming/aa/" + "0" * 32 + "/original", "public//etc/passwd", "%ff"],
)  # fmt: skip
async def test_no_path_leads_elsewhere(client, path):
    answer = await client.get(f"/media/{path}")
    assert answer.status_code == 404 and answer.json()["success"] is False


async def test_an_uploader_sees_how_far_their_file_is_and_nobody_else_does(client):
    (user, mine), (_, others) = await signed_in(), await signed_in()
    media = await uploads.accept(AFile(a_picture()), LETTER, owner_id=user.id)
    answer = await client.get(f"/api/v1/media/{media.id}/", headers=mine)
    assert answer.status_code == 200
    assert answer.json()["data"]["state"] == "pending" and answer.json()["data"]["url"] is None
    await work_off()
    data = (await client.get(f"/api/v1/media/{media.id}/", headers=mine)).json()["data"]
    assert data["state"] == "ready" and (await client.get(data["url"])).status_code == 200
    assert (await client.get(f"/api/v1/media/{media.id}/", headers=others)).status_code == 404
    assert (await client.get(f"/api/v1/media/{media.id}/")).status_code == 401
    await uploads.remove(media.id)
    assert (await client.get(f"/api/v1/media/{media.id}/", headers=mine)).status_code == 404
    await work_off()
    assert (await client.get(data["url"])).status_code == 404
    assert (await client.get(data["url"], headers=await bearer(user.id))).status_code == 404
