import pytest

from marketplace.auctions.pictures import MOST
from marketplace.core import db
from tests.factories import signed_in
from tests.factories.auctions import a_bid, an_auction
from tests.factories.pictures import a_picture, work_off

API = "/api/v1"


def form(*colours, field="images"):
    return [(field, (f"{n}.jpg", a_picture(colour=colour), "image/jpeg")) for n, colour in enumerate(colours)]


async def test_pictures_are_added_ordered_and_taken_away(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id)
    url = f"{API}/auctions/{auction_id}/images/"
    answer = await client.post(
        url, headers=seller, files=form((200, 0, 0), (0, 200, 0)), data={"alt": "From the front"}
    )
    assert answer.status_code == 201, answer.text
    assert [(i["state"], i["alt"], i["url"]) for i in answer.json()["data"]] == [
        ("pending", "From the front", None)
    ] * 2
    await client.post(url, headers=seller, files=form((0, 0, 200), field="image"))
    await work_off()

    card = (await client.get(f"{API}/auctions/")).json()["data"]["results"][0]
    first, second, third = card["images"]
    assert [i["state"] for i in card["images"]] == ["ready"] * 3
    assert set(first["sizes"]) == {"200", "600", "1600"}
    assert card["image"] == first["thumbnail"] == first["sizes"]["600"]["url"]
    assert (await client.get(first["url"])).status_code == 200

    order = [third["id"], first["id"], second["id"]]
    answer = await client.patch(url, headers=seller, json={"order": order})
    assert [i["id"] for i in answer.json()["data"]] == order
    for wrong in (order[:2], [*order, order[0]], [str(auction_id)] * 3):
        assert (await client.patch(url, headers=seller, json={"order": wrong})).status_code == 400

    assert (await client.delete(f"{url}{third['id']}/", headers=seller)).status_code == 204
    assert (await client.delete(f"{url}{third['id']}/", headers=seller)).json()["code"] == "image_not_found"
    await work_off()
    assert (await client.get(third["url"])).status_code == 404
    shown = (await client.get(f"{API}/auctions/{auction_id}/", headers=seller)).json()["data"]
    assert [i["id"] for i in shown["images"]] == order[1:] and shown["image"] == first["thumbnail"]


async def test_only_the_seller_adds_pictures_and_only_pictures(client):
    user, seller = await signed_in()
    _, other = await signed_in()
    auction_id, _ = await an_auction(user.id)
    url = f"{API}/auctions/{auction_id}/images/"
    picture = form((9, 9, 9), field="image")
    assert (await client.post(url, files=picture)).status_code == 401
    assert (await client.post(url, headers=other, files=picture)).status_code == 403
    page = [("image", ("x.jpg", b"<html><script>alert(1)</script>", "image/jpeg"))]
    answer = await client.post(url, headers=seller, files=page)
    assert answer.status_code == 415 and "image" in answer.json()["errors"]
    assert (await client.post(url, headers=seller, files={"alt": (None, "nothing")})).status_code == 400
    assert await db.fetch_val("SELECT count(*) FROM auction_images") == 0


async def test_a_picture_too_many_is_refused(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id)
    url = f"{API}/auctions/{auction_id}/images/"
    small = a_picture(size=(40, 30))
    for _ in range(MOST):
        assert (await client.post(url, headers=seller, files=[("image", ("a.jpg", small))])).status_code == 201
    answer = await client.post(url, headers=seller, files=[("image", ("a.jpg", small))])
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_images")
    assert await db.fetch_val("SELECT count(*) FROM auction_images") == MOST


async def test_once_there_are_bids_pictures_can_only_be_added(client):
    user, seller = await signed_in()
    bidder, _ = await signed_in()
    auction_id, lot_id = await an_auction(user.id)
    url = f"{API}/auctions/{auction_id}/images/"
    image = (await client.post(url, headers=seller, files=form((9, 9, 9)))).json()["data"][0]
    await a_bid(lot_id, bidder.id, "5")
    assert (await client.delete(f"{url}{image['id']}/", headers=seller)).json()["code"] == "auction_has_bids"
    assert (await client.patch(url, headers=seller, json={"order": [image["id"]]})).json()["code"] == "auction_has_bids"
    assert (await client.post(url, headers=seller, files=form((1, 1, 1)))).status_code == 201


async def test_a_deleted_auctions_pictures_go_with_it(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id)
    await client.post(f"{API}/auctions/{auction_id}/images/", headers=seller, files=form((9, 9, 9)))
    await client.delete(f"{API}/auctions/{auction_id}/", headers=seller)
    await work_off()
    assert await db.fetch_val("SELECT count(*) FROM auction_images") == 0
    assert await db.fetch_val("SELECT array_agg(state) FROM media") == ["removed"]


@pytest.mark.parametrize("path", ["auctions/", "auctions/active/", "auctions/{id}/", "bids/?auction_id={id}"])
async def test_cached_answers_to_anonymous_visitors_follow_a_bid_at_once(client, path):
    auction_id, _ = await an_auction()
    _, headers = await signed_in()
    url = f"{API}/{path.format(id=auction_id)}"
    before = await client.get(url)
    etag = before.headers["etag"]
    assert (await client.get(url, headers={"if-none-match": etag})).status_code == 304
    await client.post(f"{API}/bids/", headers=headers, json={"auction_id": str(auction_id), "amount": "5"})
    after = await client.get(url, headers={"if-none-match": etag})
    assert after.status_code == 200 and after.headers["etag"] != etag
