"""What a gig shows: pictures, videos and papers, in the seller's order."""

import pytest

from marketplace.core import db, ratelimit
from marketplace.gigs import showcase
from marketplace.gigs.service import publishing
from marketplace.gigs.states import GigMediaKind
from tests.factories import signed_in
from tests.factories.gigs import a_gig, seller_of
from tests.factories.pictures import a_picture, work_off
from tests.factories.uploads import a_film, a_paper

API = "/api/v1/gigs/"
FILES = {"image": ("a.jpg", a_picture(), "image/jpeg"), "pdf": ("a.pdf", a_paper(2), "application/pdf")}


@pytest.fixture
async def shop(client):
    user, seller = await signed_in()
    return await a_gig(user.id), seller


async def added(client, gig, seller, kind="image", **data):
    file = ("a.mp4", a_film(), "video/mp4") if kind == "video" else FILES[kind]
    answer = await client.post(f"{API}{gig}/media/", headers=seller, files={"file": file}, data=data)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]


async def media_of(client, gig):
    return (await client.get(f"{API}{gig}/media/")).json()["data"]


async def test_pictures_videos_and_papers_are_shown_and_a_list_shows_the_cover(client, shop):
    gig, seller = shop
    paper, picture, film = [await added(client, gig, seller, kind) for kind in ("pdf", "image", "video")]
    assert [one["state"] for one in await media_of(client, gig)] == ["pending"] * 3
    await work_off()
    shown = await media_of(client, gig)
    assert [(one["id"], one["kind"], one["position"], one["state"]) for one in shown] == [
        (paper, "pdf", 1, "ready"), (picture, "image", 2, "ready"), (film, "video", 3, "ready")
    ]  # fmt: skip
    assert shown[0]["pages"] == 2 and shown[2]["duration_ms"] > 0 and all(one["thumbnail"] for one in shown)
    [card] = (await client.get(API)).json()["data"]["results"]
    assert card["has_video"] and not card["cover"]["is_video"]
    assert (await client.get(card["cover"]["url"])).headers["content-type"] == "image/webp"
    answer = await client.put(f"{API}media/{film}/", headers=seller, json={"is_cover": True, "title": " The  making "})
    assert (answer.json()["data"]["is_cover"], answer.json()["data"]["title"]) == (True, "The making")
    [card] = (await client.get(f"{API}?has_video=true")).json()["data"]["results"]
    assert card["cover"]["is_video"] and (await client.get(card["cover"]["thumbnail"])).status_code == 200
    answer = await client.put(f"{API}media/{paper}/", headers=seller, json={"is_cover": True})
    assert answer.status_code == 400 and "is_cover" in answer.json()["errors"]
    assert (await client.get(f"{API}facets/")).json()["data"]["with_video"] == 1


async def test_all_of_one_gig_are_put_in_order_and_nothing_else(client, shop):
    gig, seller = shop
    ids = [await added(client, gig, seller) for _ in range(3)]
    answer = await client.post(f"{API}media/reorder/", headers=seller, json={"order": ids[::-1]})
    assert answer.status_code == 200 and [one["id"] for one in answer.json()["data"]] == ids[::-1], answer.text
    other = await added(client, await a_gig((await seller_of(gig)).id), seller)
    _, stranger = await signed_in()
    for order, headers, status in [
        (ids[:2], seller, 400), ([*ids, ids[0]], seller, 400), ([*ids, other], seller, 400), (ids, stranger, 404), ([], seller, 400),
    ]:  # fmt: skip
        answer = await client.post(f"{API}media/reorder/", headers=headers, json={"order": order})
        assert answer.status_code == status, answer.text
    assert [one["id"] for one in await media_of(client, gig)] == ids[::-1]


async def test_what_is_taken_away_is_gone_but_not_from_a_copy(client, shop):
    gig, seller = shop
    picture = await added(client, gig, seller)
    await work_off()
    copy = (await client.post(f"{API}{gig}/duplicate/", headers=seller)).json()["data"]
    assert len(copy["media"]) == 1 and copy["media"][0]["url"] == (await media_of(client, gig))[0]["url"]
    assert (await client.delete(f"{API}media/{picture}/", headers=seller)).status_code == 204
    assert (await client.delete(f"{API}media/{picture}/", headers=seller)).status_code == 404
    await work_off()
    assert (await client.get(copy["media"][0]["url"])).status_code == 200
    assert (await client.delete(f"{API}{copy['id']}/", headers=seller)).status_code == 204
    await work_off()
    assert await db.fetch_val("SELECT state FROM media WHERE purpose = 'gig_media'") == "removed"
    assert (await client.get(copy["media"][0]["url"])).status_code == 404


async def test_there_is_an_end_to_each_kind(client, shop, monkeypatch):
    gig, seller = shop
    monkeypatch.setitem(showcase.MOST, GigMediaKind.IMAGE, 1)
    await added(client, gig, seller)
    answer = await client.post(f"{API}{gig}/media/", headers=seller, files={"file": FILES["image"]})
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["limit"]) == (409, "too_much_media", 1)
    await added(client, gig, seller, "pdf")


async def test_what_cannot_be_shown_is_refused_or_forgotten(client, shop):
    gig, seller = shop
    answer = await client.post(
        f"{API}{gig}/media/", headers=seller, files={"file": ("a.jpg", b"no picture", "image/jpeg")}
    )
    assert answer.status_code == 415, answer.text
    broken = a_picture()[:-200] + b"\xff\xd9"
    answer = await client.post(f"{API}{gig}/media/", headers=seller, files={"file": ("a.jpg", broken, "image/jpeg")})
    await work_off()
    assert await media_of(client, gig) == [] or answer.status_code == 201
    assert (
        await db.fetch_val("SELECT count(*) FROM gig_media m JOIN media f ON f.id = m.file WHERE f.state = 'refused'")
        == 0
    )


async def test_nobody_elses(client, shop):
    gig, seller = shop
    picture = await added(client, gig, seller)
    _, other = await signed_in()
    assert (await client.post(f"{API}{gig}/media/", headers=other, files={"file": FILES["image"]})).status_code == 403
    assert (await client.put(f"{API}media/{picture}/", headers=other, json={"title": "x"})).status_code == 404
    assert (await client.delete(f"{API}media/{picture}/", headers=other)).status_code == 404
    await publishing.pause(gig, await seller_of(gig))
    assert (await client.get(f"{API}{gig}/media/")).status_code == 404


async def test_uploads_are_limited(client, shop):
    gig, seller = shop
    with ratelimit.using("uploads=1/m"):
        await added(client, gig, seller)
        answer = await client.post(f"{API}{gig}/media/", headers=seller, files={"file": FILES["image"]})
        assert answer.status_code == 429 and "Retry-After" in answer.headers
