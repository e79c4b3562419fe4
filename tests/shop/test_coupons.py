"""Coupons over HTTP: made, changed, deleted, and what is refused."""

from typing import Any

import httpx

from marketplace.accounts.privacy import ERASERS, EXPORTERS
from marketplace.core import db
from marketplace.core.ids import uuid7
from tests.factories import a_user, signed_in
from tests.factories.coupons import a_cart, a_coupon, checked_out, in_days, quoted
from tests.factories.offers import an_offer

COUPONS = "/api/v1/shop/coupons/"
TEN: dict[str, Any] = {"title": "Ten percent off", "kind": "percent", "code": "spring-10", "percent": "10"}
FIVE: dict[str, Any] = {"title": "Five off", "kind": "fixed", "amount": "5.00", "currency": "USD"}


async def made(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(COUPONS, json=TEN | body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def refused(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any]
) -> tuple[int, str, list[str]]:
    answer = await client.post(COUPONS, json=body, headers=headers)
    return answer.status_code, answer.json()["code"], sorted(answer.json()["errors"])


async def test_a_coupon_is_made_changed_and_deleted(client):
    seller, headers = await signed_in()
    product = await an_offer(seller.id)
    coupon = await made(
        client, headers, percent="12.5", currency="USD", min_spend="20.00", max_discount="50", products=[str(product.id)],
        starts_at=in_days(1), max_uses=100, max_uses_per_customer=1,
    )  # fmt: skip
    assert (coupon["code"], coupon["percent"], coupon["state"], coupon["seller"]) == (
        "SPRING-10",
        "12.5",
        "scheduled",
        str(seller.id),
    )
    assert (coupon["min_spend"], coupon["max_discount"], coupon["amount"]) == ("20.00", "50.00", None)
    assert coupon["products"] == [str(product.id)] and coupon["used_count"] == 0
    path = f"{COUPONS}{coupon['id']}/"
    assert (await client.get(path, headers=headers)).json()["data"] == coupon
    changed = await client.patch(path, json={"starts_at": None, "percent": 20, "min_spend": None}, headers=headers)
    assert changed.status_code == 200, changed.text
    now = changed.json()["data"]
    assert (now["percent"], now["state"], now["min_spend"], now["max_discount"]) == ("20", "active", None, "50.00")
    stopped = await client.patch(path, json={"is_active": False}, headers=headers)
    assert stopped.json()["data"]["state"] == "stopped"
    assert (await client.get(f"{COUPONS}?state=stopped", headers=headers)).json()["data"]["count"] == 1
    assert (await client.get(f"{COUPONS}?automatic=true", headers=headers)).json()["data"]["count"] == 0
    assert (await client.delete(path, headers=headers)).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        gone = await client.request(method, path, json={} if method == "PATCH" else None, headers=headers)
        assert (gone.status_code, gone.json()["code"]) == (404, "coupon_not_found")
    await made(client, headers)  # its code is free again


async def test_others_see_and_change_nothing_of_it(client):
    _, headers = await signed_in()
    _, stranger = await signed_in()
    path = f"{COUPONS}{(await made(client, headers))['id']}/"
    for method in ("GET", "PATCH", "DELETE"):
        answer = await client.request(method, path, json={} if method == "PATCH" else None, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")
    assert (await client.get(COUPONS, headers=stranger)).json()["data"]["results"] == []
    taken = await client.post(COUPONS, json=TEN | {"code": "SPRING-10"}, headers=stranger)
    assert (taken.status_code, taken.json()["code"], list(taken.json()["errors"])) == (409, "code_taken", ["code"])


async def test_what_makes_no_coupon(client):
    _, headers = await signed_in()
    others = await an_offer()
    for body, fields in (
        (TEN | {"percent": None}, ["percent"]), (TEN | {"percent": "100.01"}, ["percent"]), (TEN | {"percent": "0"}, ["percent"]),
        (TEN | {"percent": "1.234"}, ["percent"]), (TEN | {"amount": "5", "currency": "USD"}, ["amount"]),
        (FIVE | {"amount": None}, ["amount"]), (FIVE | {"currency": None}, ["currency"]), (FIVE | {"amount": "0.00"}, ["amount"]),
        (FIVE | {"percent": "5"}, ["percent"]), (FIVE | {"currency": "XXY"}, ["currency"]), (FIVE | {"amount": "1.001"}, ["amount"]),
        (TEN | {"min_spend": "5"}, ["currency"]), (TEN | {"code": "a b"}, ["code"]), (TEN | {"code": "ab"}, ["code"]),
        (TEN | {"starts_at": in_days(2), "ends_at": in_days(1)}, ["ends_at"]), (TEN | {"max_uses": 0}, ["max_uses"]),
        (TEN | {"products": [str(others.id)]}, ["products"]), (TEN | {"categories": [str(uuid7())]}, ["categories"]),
        (TEN | {"sellers": [str(others.seller)]}, ["sellers"]), (TEN | {"title": " "}, ["title"]), (TEN | {"used_count": 3}, ["used_count"]),
        (TEN | {"kind": "half"}, ["kind"]),
    ):  # fmt: skip
        assert await refused(client, headers, body) == (400, "validation_error", fields), body
    assert await db.fetch_val("SELECT count(*) FROM coupons") == 0


async def test_a_limit_is_not_set_below_what_has_been_used(client):
    seller, headers = await signed_in()
    product = await an_offer(seller.id)
    coupon = await made(client, headers, max_uses=3)
    for _ in range(2):
        await checked_out(await a_cart(product), "SPRING-10")
    path = f"{COUPONS}{coupon['id']}/"
    low = await client.patch(path, json={"max_uses": 1}, headers=headers)
    assert (low.status_code, low.json()["code"], low.json()["details"]) == (422, "limit_below_uses", {"used": 2})
    exact = await client.patch(path, json={"max_uses": 2}, headers=headers)
    assert exact.json()["data"]["state"] == "used_up"
    assert (await client.get(f"{COUPONS}?state=used_up", headers=headers)).json()["data"]["count"] == 1


async def test_promotions_apply_by_themselves_and_are_few(client):
    seller, headers = await signed_in()
    promotion = (await client.post(COUPONS, json=FIVE, headers=headers)).json()["data"]
    assert promotion["code"] is None
    quote = await quoted(await a_cart(await an_offer(seller.id, price="20.00"), await an_offer(price="20.00")))
    assert [(one.terms.title, one.minor) for one in quote.coupons] == [("Five off", 500)]
    for _ in range(19):
        assert (await client.post(COUPONS, json=FIVE, headers=headers)).status_code == 201
    answer = await client.post(COUPONS, json=FIVE, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_promotions")
    assert (await client.post(COUPONS, json=TEN, headers=headers)).status_code == 201
    stopped = await client.post(COUPONS, json=FIVE | {"is_active": False}, headers=headers)
    assert stopped.status_code == 201
    again = await client.patch(f"{COUPONS}{stopped.json()['data']['id']}/", json={"is_active": True}, headers=headers)
    assert again.json()["code"] == "too_many_promotions"


async def test_a_copy_of_one_s_data_has_coupons_and_their_uses(tables):
    seller = await a_user()
    code = await a_coupon(seller.id)
    buyer = await a_cart(await an_offer(seller.id))
    await checked_out(buyer, code)
    [kept] = await EXPORTERS["coupons"](seller.id)
    [use] = await EXPORTERS["coupon_uses"](buyer)
    assert (kept["code"], kept["used_count"], use["title"], use["given_back_at"]) == (code, 1, "A coupon", None)
    assert await ERASERS["coupons"](seller.id) == 1
    assert (await quoted(await a_cart(await an_offer(seller.id)), code)).refused[0].reason == "coupon_inactive"
