import pytest

from marketplace.core import db
from marketplace.shop.pictures import MOST
from tests.factories import signed_in
from tests.factories.pictures import a_picture, work_off
from tests.factories.shop import a_product

API = "/api/v1"


def form(*colours, field="images"):
    return [(field, (f"{n}.jpg", a_picture(colour=colour), "image/jpeg")) for n, colour in enumerate(colours)]


@pytest.fixture
async def shop(client):
    user, seller = await signed_in()
    product = await a_product(user.id)
    return product, f"{API}/products/{product}/images/", seller


async def test_pictures_are_added_ordered_and_taken_away(client, shop):
    product, url, seller = shop
    answer = await client.post(
        url, headers=seller, files=form((200, 0, 0), (0, 200, 0)), data={"alt_text": "Front view"}
    )
    assert answer.status_code == 201, answer.text
    assert [(i["state"], i["alt_text"], i["image"], i["is_primary"], i["order"]) for i in answer.json()["data"]] == [
        ("pending", "Front view", None, True, 1), ("pending", "Front view", None, False, 2),
    ]  # fmt: skip
    await client.post(url, headers=seller, files=form((0, 0, 200), field="image"))
    await work_off()

    [card] = (await client.get(f"{API}/products/")).json()["data"]["results"]
    first, second, third = card["images"]
    assert [i["state"] for i in card["images"]] == ["ready"] * 3
    assert set(first["sizes"]) == {"200", "600", "1600"} and card["image"] == first["thumbnail"]
    assert (await client.get(first["image"])).status_code == 200

    order = [third["id"], first["id"], second["id"]]
    answer = await client.patch(url, headers=seller, json={"order": order})
    assert [(i["id"], i["is_primary"], i["order"]) for i in answer.json()["data"]] == [
        (order[0], True, 1), (order[1], False, 2), (order[2], False, 3),
    ]  # fmt: skip
    for wrong in (order[:2], [*order, order[0]], [str(product)] * 3):
        assert (await client.patch(url, headers=seller, json={"order": wrong})).status_code == 400

    assert (await client.delete(f"{url}{third['id']}/", headers=seller)).status_code == 204
    assert (await client.delete(f"{url}{third['id']}/", headers=seller)).json()["code"] == "image_not_found"
    await work_off()
    assert (await client.get(third["image"])).status_code == 404
    shown = (await client.get(f"{API}/products/{product}/")).json()["data"]
    assert [(i["id"], i["is_primary"]) for i in shown["images"]] == [(first["id"], True), (second["id"], False)]


async def test_only_the_seller_adds_pictures_and_only_pictures(client, shop):
    _, url, seller = shop
    _, other = await signed_in()
    picture = form((9, 9, 9), field="image")
    assert (await client.post(url, files=picture)).status_code == 401
    assert (await client.post(url, headers=other, files=picture)).status_code == 403
    page = [("image", ("x.jpg", b"<html><script>alert(1)</script>", "image/jpeg"))]
    answer = await client.post(url, headers=seller, files=page)
    assert answer.status_code == 415 and list(answer.json()["errors"]) == ["image"]
    nothing = await client.post(url, headers=seller, files=[("alt_text", (None, "x"))])
    assert nothing.status_code == 400 and list(nothing.json()["errors"]) == ["image"]
    assert await db.fetch_val("SELECT count(*) FROM product_images") == 0


async def test_there_is_an_end_to_pictures(client, shop):
    _, url, seller = shop
    assert (await client.post(url, headers=seller, files=form(*[(n, n, n) for n in range(MOST)]))).status_code == 201
    answer = await client.post(url, headers=seller, files=form((9, 9, 9), field="image"))
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]) == (
        409,
        "too_many_images",
        {"limit": MOST},
    )


async def test_a_deleted_products_pictures_go_with_it(client, shop):
    product, url, seller = shop
    await client.post(url, headers=seller, files=form((9, 9, 9), field="image"))
    await work_off()
    [image] = (await client.get(f"{API}/products/{product}/")).json()["data"]["images"]
    assert (await client.delete(f"{API}/products/{product}/", headers=seller)).status_code == 204
    await work_off()
    assert (await client.get(image["image"])).status_code == 404
    assert await db.fetch_val("SELECT count(*) FROM media WHERE state <> 'removed'") == 0
