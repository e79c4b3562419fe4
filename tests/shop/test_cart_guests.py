"""Carts of those who are not signed in: named by a token, merged into the account's."""

import asyncio
from typing import Any

import httpx
import pytest

from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.registration import register
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.tokens import fingerprint
from marketplace.core import db, platform
from marketplace.shop.service.cart import forget_guest_carts
from marketplace.shop.service.merging import merge_cart
from tests.factories import a_user, signed_in
from tests.factories.offers import AnOffer, an_offer
from tests.shop.test_cart import CART, add, the_cart

MERGE = "/api/v1/cart/merge/"
PASSWORD = "a rather long sentence"


async def a_guest(client: httpx.AsyncClient, product: AnOffer, quantity: int = 1, **more: Any) -> dict[str, str]:
    answer = await add(client, {}, product.id, quantity, **more)
    assert answer.status_code == 201, answer.text
    return {"X-Cart-Token": answer.headers["x-cart-token"]}


async def test_a_guest_has_a_cart_once_something_is_in_it(client):
    nothing = await the_cart(client, {})
    assert (nothing["id"], nothing["items"], nothing["subtotal"]) == (None, [], "0.00")
    assert await db.fetch_val("SELECT count(*) FROM carts") == 0
    product = await an_offer(price="3.00")
    guest = await a_guest(client, product)
    again = await add(client, guest, product.id)
    assert again.status_code == 200 and "x-cart-token" not in again.headers
    assert (await the_cart(client, guest))["subtotal"] == "6.00"
    assert (await client.post(f"{CART}clear/", headers=guest)).json()["data"]["items"] == []
    stored = await db.fetch_val("SELECT token_hash FROM carts")
    assert stored == fingerprint(guest["X-Cart-Token"]) and guest["X-Cart-Token"] not in stored


async def test_a_token_that_names_nothing_gets_a_new_cart(client):
    product = await an_offer()
    guest = await a_guest(client, product)
    await db.execute("DELETE FROM carts")
    assert (await the_cart(client, guest))["id"] is None
    answer = await add(client, guest, product.id)
    assert answer.status_code == 201 and answer.headers["x-cart-token"] != guest["X-Cart-Token"]
    assert (await client.post(f"{CART}clear/", headers=guest)).status_code == 200


async def test_merging_adds_up(client):
    user, headers = await signed_in()
    both, only_guest, yen = (
        await an_offer(price="1.00"),
        await an_offer(price="2.00"),
        await an_offer(currency="JPY", price="9"),
    )
    await add(client, headers, both.id, 2)
    guest = await a_guest(client, both, 3)
    await add(client, guest, only_guest.id)
    await add(client, guest, (await an_offer(user.id)).id)
    other = await a_guest(client, yen)
    merged = await client.post(MERGE, headers=headers | guest)
    assert merged.status_code == 200, merged.text
    cart = merged.json()["data"]
    assert [(one["product"]["id"], one["quantity"]) for one in cart["items"]] == [
        (str(both.id), 5),
        (str(only_guest.id), 1),
    ]
    assert cart["subtotal"] == "7.00"
    cart = (await client.post(MERGE, json={"token": other["X-Cart-Token"]}, headers=headers)).json()["data"]
    assert [one["product"]["id"] for one in cart["saved_for_later"]] == [str(yen.id)]
    assert await db.fetch_val("SELECT count(*) FROM carts") == 1
    again = await client.post(MERGE, headers=headers | guest)
    assert again.status_code == 404 and again.json()["code"] == "cart_not_found"
    unnamed = await client.post(MERGE, headers=headers)
    assert unnamed.status_code == 400 and list(unnamed.json()["errors"]) == ["token"]


async def test_limits_hold_when_carts_are_merged(client):
    _, headers = await signed_in()
    products = [await an_offer() for _ in range(3)]
    await add(client, headers, products[0].id, 4)
    guest = await a_guest(client, products[0], 4)
    for product in products[1:]:
        await add(client, guest, product.id)
    await platform.change({"shop.cart_items": 2, "shop.cart_quantity": 5}, (await a_user()).id)
    cart = (await client.post(MERGE, headers=headers | guest)).json()["data"]
    assert [(one["product"]["id"], one["quantity"]) for one in cart["items"]] == [
        (str(products[0].id), 5), (str(products[1].id), 1),
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/auth/login/", "/api/v1/auth/register/"])
async def test_signing_in_brings_the_cart_along(client, path):
    product = await an_offer(price="3.00")
    guest = await a_guest(client, product, 2)
    body: dict[str, Any] = {"email": "new@example.com", "password": PASSWORD}
    if path.endswith("login/"):
        await register(Registration(email="new@example.com", password=PASSWORD), Client(), "")
    else:
        body["password_confirm"] = PASSWORD
    answer = await client.post(path, json=body, headers=guest)
    assert answer.status_code in (200, 201), answer.text
    headers = {"authorization": f"Bearer {answer.json()['data']['access']}"}
    assert (await the_cart(client, headers))["subtotal"] == "6.00"
    assert (await the_cart(client, guest))["id"] is None


async def test_a_token_of_nothing_keeps_nobody_from_signing_in(client):
    await register(Registration(email="new@example.com", password=PASSWORD), Client(), "")
    for token in ("nothing", "x" * 5000):
        answer = await client.post(
            "/api/v1/auth/login/",
            json={"email": "new@example.com", "password": PASSWORD},
            headers={"X-Cart-Token": token},
        )
        assert answer.status_code == 200, answer.text


async def test_a_cart_merged_many_times_at_once_is_merged_once(client):
    product = await an_offer(stock=10_000)
    guest = await a_guest(client, product, 3)
    users = [(await a_user()).id for _ in range(6)]
    outcomes = await asyncio.gather(
        *(merge_cart(user, guest["X-Cart-Token"]) for user in users), return_exceptions=True
    )
    assert sum(not isinstance(one, BaseException) for one in outcomes) == 1
    assert await db.fetch_val("SELECT sum(quantity) FROM cart_items") == 3


async def test_old_carts_of_guests_are_forgotten(client):
    _, headers = await signed_in()
    product = await an_offer()
    await add(client, headers, product.id)
    old, fresh = await a_guest(client, product), await a_guest(client, product)
    await db.execute(
        "UPDATE carts SET updated_at = now() - interval '31 days' WHERE \"user\" IS NOT NULL OR token_hash = $1",
        fingerprint(old["X-Cart-Token"]),
    )
    assert await forget_guest_carts() == 1
    assert (await the_cart(client, old))["id"] is None
    assert (await the_cart(client, fresh))["total_items"] == (await the_cart(client, headers))["total_items"] == 1
