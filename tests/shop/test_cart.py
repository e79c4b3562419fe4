"""The cart over HTTP: what the document promises, what changes meanwhile, and what is refused."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from marketplace.accounts.privacy import ERASERS
from marketplace.core import db, platform
from marketplace.core.ids import uuid7
from marketplace.shop.queries.cart import Owner
from marketplace.shop.service.cart import add_item, open_cart
from tests.factories import a_user, signed_in
from tests.factories.offers import an_offer
from tests.statements import statements

CART = "/api/v1/cart/"
ITEMS = "/api/v1/cart/items/"
SESSION = "s.id AS session_id"


async def add(
    client: httpx.AsyncClient, headers: dict[str, str], product_id: UUID, quantity: int = 1, **more: Any
) -> httpx.Response:
    body = {"product_id": str(product_id), "quantity": quantity, **more}
    return await client.post(ITEMS, json=body, headers=headers)


async def the_cart(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(CART, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_cart_as_in_the_document(client):
    _, headers = await signed_in()
    empty = await the_cart(client, headers)
    assert empty["items"] == [] and empty["total_items"] == 0 and empty["subtotal"] == "0.00"
    assert (await the_cart(client, headers))["id"] == empty["id"]
    product = await an_offer(name='MacBook Pro 16"', variants={"16GB RAM - 512GB SSD": None, "32GB": "2999.99"})
    variant = product.variants["16GB RAM - 512GB SSD"]
    first = await add(client, headers, product.id, 2, variant_id=str(variant))
    assert first.status_code == 201 and first.json()["message"] is None
    item = first.json()["data"]
    assert item["product"]["name"] == 'MacBook Pro 16"' and item["product"]["slug"].startswith("product-")
    assert item["variant"]["id"] == str(variant) and item["variant"]["name"] == "16GB RAM - 512GB SSD"
    assert (item["quantity"], item["price"], item["total_price"]) == (2, "2499.99", "4999.98")
    second = await add(client, headers, product.id, 2, variant_id=str(variant))
    assert second.status_code == 200 and second.json()["message"] == "Item quantity updated"
    assert second.json()["data"]["id"] == item["id"]
    assert (second.json()["data"]["quantity"], second.json()["data"]["total_price"]) == (4, "9999.96")
    cart = await the_cart(client, headers)
    assert (cart["total_items"], cart["subtotal"], cart["currency"], cart["problems"]) == (4, "9999.96", "USD", [])
    for method in ("PUT", "PATCH"):
        changed = await client.request(method, f"{ITEMS}{item['id']}/", json={"quantity": 3}, headers=headers)
        assert changed.status_code == 200 and changed.json()["data"]["total_price"] == "7499.97"
    assert (await client.delete(f"{ITEMS}{item['id']}/", headers=headers)).status_code == 204
    assert (await client.delete(f"{ITEMS}{item['id']}/", headers=headers)).json()["code"] == "cart_item_not_found"
    await add(client, headers, product.id, variant_id=str(product.variants["32GB"]))
    cleared = await client.post(f"{CART}clear/", headers=headers)
    assert cleared.status_code == 200 and cleared.json()["message"] == "Cart cleared successfully"
    assert cleared.json()["data"]["items"] == [] and cleared.json()["data"]["id"] == empty["id"]


async def test_a_look_at_a_full_cart_is_one_statement(client):
    _, headers = await signed_in()
    for _ in range(5):
        await add(client, headers, (await an_offer()).id)
    async with statements() as made:
        cart = await the_cart(client, headers)
    assert len(cart["items"]) == 5
    assert len([one for one in made if SESSION not in one]) == 1, made


async def test_putting_something_in_takes_three_statements(client):
    _, headers = await signed_in()
    await add(client, headers, (await an_offer()).id)
    product = await an_offer()
    async with statements() as made:
        assert (await add(client, headers, product.id)).status_code == 201
    # The account and its cart are locked, it and what is offered are read, the line is written.
    assert len([one for one in made if SESSION not in one]) == 3, made


async def test_a_variant_must_be_named_where_there_are_several(client):
    _, headers = await signed_in()
    product = await an_offer(variants={"Small": None, "Large": "2999.99"})
    answer = await add(client, headers, product.id)
    assert answer.status_code == 400 and answer.json()["code"] == "variant_required"
    assert list(answer.json()["errors"]) == ["variant_id"]
    assert [one["name"] for one in answer.json()["details"]["variants"]] == ["Small", "Large"]
    wrong = await add(client, headers, product.id, variant_id=str((await an_offer()).variant))
    assert wrong.status_code == 404 and list(wrong.json()["errors"]) == ["variant_id"]
    single = await add(client, headers, (await an_offer()).id)
    assert single.status_code == 201 and single.json()["data"]["variant"] is None


async def test_stock_is_checked_over_what_is_in_the_cart_already(client):
    _, headers = await signed_in()
    product = await an_offer(stock=3)
    item = (await add(client, headers, product.id, 2)).json()["data"]
    answer = await add(client, headers, product.id, 2)
    assert answer.status_code == 409 and answer.json()["code"] == "stock_unavailable"
    assert list(answer.json()["errors"]) == ["quantity"]
    assert (answer.json()["details"]["requested"], answer.json()["details"]["available"]) == (4, 3)
    changed = await client.put(f"{ITEMS}{item['id']}/", json={"quantity": 4}, headers=headers)
    assert changed.status_code == 409 and changed.json()["details"]["available"] == 3
    assert (await the_cart(client, headers))["total_items"] == 2
    unlimited = await an_offer(stock=0, tracks_stock=False)
    assert (await add(client, headers, unlimited.id, 50)).status_code == 201


async def test_what_is_not_for_sale_is_not_there(client):
    user, headers = await signed_in()
    for product in (await an_offer(status="draft"), await an_offer(status="archived")):
        assert (await add(client, headers, product.id)).json()["code"] == "product_not_found"
    banned = await a_user(status="banned")
    assert (await add(client, headers, (await an_offer(banned.id)).id)).status_code == 404
    nothing = await add(client, headers, uuid7())
    assert nothing.status_code == 404 and list(nothing.json()["errors"]) == ["product_id"]
    own = await add(client, headers, (await an_offer(user.id)).id)
    assert own.status_code == 409 and own.json()["code"] == "own_goods"


async def test_bodies_are_read_strictly(client):
    _, headers = await signed_in()
    product = await an_offer()
    for quantity in (0, -1, "2", 1.5, 10_000):
        answer = await client.post(ITEMS, json={"product_id": str(product.id), "quantity": quantity}, headers=headers)
        assert answer.status_code == 400 and list(answer.json()["errors"]) == ["quantity"], answer.text
    missing = await client.post(ITEMS, json={"quantity": 1, "price": "0.01"}, headers=headers)
    assert sorted(missing.json()["errors"]) == ["price", "product_id"]


async def test_one_cart_one_currency(client):
    _, headers = await signed_in()
    dollars, yen = await an_offer(), await an_offer(currency="JPY", price="2500")
    item = (await add(client, headers, dollars.id)).json()["data"]
    answer = await add(client, headers, yen.id)
    assert answer.status_code == 409 and answer.json()["code"] == "currency_mixed"
    assert answer.json()["details"] == {"cart_currency": "USD", "product_currency": "JPY"}
    await client.post(f"{ITEMS}{item['id']}/save-for-later/", headers=headers)
    assert (await add(client, headers, yen.id, 2)).status_code == 201
    cart = await the_cart(client, headers)
    assert (cart["currency"], cart["subtotal"], cart["total_items"]) == ("JPY", "5000", 2)
    back = await client.post(f"{ITEMS}{item['id']}/move-to-cart/", headers=headers)
    assert back.status_code == 409 and back.json()["code"] == "currency_mixed"


async def test_saved_for_later_and_back(client):
    _, headers = await signed_in()
    product, other = await an_offer(price="10.00"), await an_offer(price="1.00")
    item = (await add(client, headers, product.id, 2)).json()["data"]
    await add(client, headers, other.id)
    saved = (await client.post(f"{ITEMS}{item['id']}/save-for-later/", headers=headers)).json()["data"]
    assert [one["id"] for one in saved["saved_for_later"]] == [item["id"]]
    assert (saved["total_items"], saved["subtotal"]) == (1, "1.00")
    cleared = (await client.post(f"{CART}clear/", headers=headers)).json()["data"]
    assert (len(cleared["items"]), len(cleared["saved_for_later"])) == (0, 1)
    back = (await client.post(f"{ITEMS}{item['id']}/move-to-cart/", headers=headers)).json()["data"]
    assert (back["total_items"], back["subtotal"], back["saved_for_later"]) == (2, "20.00", [])
    await client.post(f"{ITEMS}{item['id']}/save-for-later/", headers=headers)
    assert (await add(client, headers, product.id)).json()["data"]["quantity"] == 3
    assert (await the_cart(client, headers))["saved_for_later"] == []


async def test_what_has_changed_since_is_told(client):
    _, headers = await signed_in()
    dearer, scarce, gone, other = [await an_offer(price="10.00", stock=5) for _ in range(4)]
    items = [(await add(client, headers, one.id, 3)).json()["data"]["id"] for one in (dearer, scarce, gone, other)]
    await db.execute("UPDATE products SET price_minor = 1250 WHERE id = $1", dearer.id)
    await db.execute("UPDATE product_variants SET allocated = 3 WHERE id = $1", scarce.variant)
    await db.execute("UPDATE products SET status = 'archived' WHERE id = $1", gone.id)
    await db.execute("UPDATE products SET currency = 'EUR' WHERE id = $1", other.id)
    cart = await the_cart(client, headers)
    problems = [{key: value for key, value in one.items() if key != "message"} for one in cart["problems"]]
    assert problems == [
        {"code": "price_changed", "item_id": items[0], "was": "10.00", "now": "12.50"},
        {"code": "stock_short", "item_id": items[1], "requested": 3, "available": 2},
        {"code": "unavailable", "item_id": items[2]},
        {"code": "currency_differs", "item_id": items[3], "currency": "EUR"},
    ]
    assert (cart["total_items"], cart["subtotal"]) == (6, "67.50")
    accepted = await client.put(f"{ITEMS}{items[0]}/", json={"quantity": 3}, headers=headers)
    assert accepted.status_code == 200
    assert (await client.put(f"{ITEMS}{items[2]}/", json={"quantity": 1}, headers=headers)).status_code == 409
    codes = [one["code"] for one in (await the_cart(client, headers))["problems"]]
    assert codes == ["stock_short", "unavailable", "currency_differs"]


async def test_limits_of_a_cart(client):
    admin = await a_user()
    _, headers = await signed_in()
    product = await an_offer()
    await platform.change({"shop.cart_items": 1, "shop.cart_quantity": 5}, admin.id)
    await add(client, headers, product.id, 4)
    full = await add(client, headers, (await an_offer()).id)
    assert full.status_code == 422 and full.json()["code"] == "cart_full" and full.json()["details"] == {"limit": 1}
    many = await add(client, headers, product.id, 2)
    assert many.status_code == 422 and many.json()["code"] == "quantity_too_large"
    assert many.json()["details"] == {"requested": 6, "limit": 5}


async def test_carts_of_others_are_not_there(client):
    _, headers = await signed_in()
    _, stranger = await signed_in()
    item = (await add(client, headers, (await an_offer()).id)).json()["data"]
    for method, path, body in (
        ("PUT", f"{ITEMS}{item['id']}/", {"quantity": 2}),
        ("DELETE", f"{ITEMS}{item['id']}/", None),
        ("POST", f"{ITEMS}{item['id']}/save-for-later/", None),
        ("POST", f"{ITEMS}{item['id']}/move-to-cart/", None),
    ):
        for asking in (stranger, {}, {"X-Cart-Token": "no such token"}):
            answer = await client.request(method, path, json=body, headers=asking)
            assert (answer.status_code, answer.json()["code"]) == (404, "cart_item_not_found")
    assert (await the_cart(client, headers))["total_items"] == 1


async def test_an_erasure_at_the_same_moment_leaves_no_cart(client):
    for _ in range(5):
        user, product = await a_user(), await an_offer()

        async def erased(user_id: UUID = user.id) -> None:
            async with db.transaction():
                await db.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", user_id)
                await ERASERS["cart"](user_id)
                await db.execute("UPDATE users SET status = 'erased' WHERE id = $1", user_id)

        added = (add_item(Owner(user=user.id), product.id, None, 1) for _ in range(4))
        await asyncio.gather(
            *added, erased(), *(open_cart(Owner(user=user.id)) for _ in range(2)), return_exceptions=True
        )
        assert await db.fetch_val('SELECT count(*) FROM carts WHERE "user" = $1', user.id) == 0


async def test_a_cart_is_kept_by_nobody_on_the_way(client):
    _, headers = await signed_in()
    for asking in (headers, {}):
        answer = await client.get(CART, headers=asking)
        assert "no-store" in answer.headers["cache-control"] and "etag" not in answer.headers
