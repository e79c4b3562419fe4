"""`POST /cart/quote`: every step of the price, as an order will have it."""

from typing import Any

import httpx
import pytest

from marketplace.core import db, platform, ratelimit
from marketplace.core.errors import ValidationFailed
from tests.factories import a_user, signed_in
from tests.factories.coupons import a_coupon
from tests.factories.offers import an_offer
from tests.shop.test_cart import SESSION, add
from tests.statements import statements

QUOTE = "/api/v1/cart/quote/"


async def quote_of(client: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.post(QUOTE, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def totals(quote: dict[str, Any]) -> tuple[str, ...]:
    return tuple(quote[name] for name in ("subtotal", "discount", "tax", "shipping_cost", "total_amount"))


async def test_the_document_s_price(client):
    _, headers = await signed_in()
    product = await an_offer(name='MacBook Pro 16"')
    await add(client, headers, product.id)
    quote = await quote_of(client, headers)
    assert totals(quote) == ("2499.99", "0.00", "249.99", "5.00", "2754.98")
    [part] = quote["sellers"]
    [line] = part["lines"]
    assert (line["product_name"], line["price"], line["tax_rate"], line["total"]) == (
        'MacBook Pro 16"',
        "2499.99",
        "10",
        "2749.98",
    )
    assert (part["commission"], part["seller_receives"]) == ("250.00", "2254.99")
    assert [(step["kind"], step["amount"], step["runs_to"]) for step in quote["steps"]] == [
        ("goods", "2499.99", "2499.99"), ("shipping", "5.00", "2504.99"), ("tax", "249.99", "2754.98"),
    ]  # fmt: skip


async def test_sellers_coupons_and_refusals(client):
    _, headers = await signed_in()
    sam, sue = (await a_user()).id, (await a_user()).id
    await add(client, headers, (await an_offer(sam, "10.00")).id, 3)
    await add(client, headers, (await an_offer(sue, "20.00")).id)
    code, spend = await a_coupon(sam), await a_coupon(min_spend=100, currency="USD")
    quote = await quote_of(client, headers, coupon_codes=[code.lower(), "NOTHING", spend])
    assert totals(quote) == ("50.00", "3.00", "4.70", "10.00", "61.70")
    assert [part["total_amount"] for part in quote["sellers"]] == ["34.70", "27.00"]
    assert quote["coupons"] == [{"code": code, "title": "A coupon", "kind": "percent", "amount": "3.00"}]
    assert quote["sellers"][0]["lines"][0]["discounts"] == [{"coupon": code, "amount": "3.00"}]
    refused = [(one["code"], one["reason"], one["details"]) for one in quote["refused_coupons"]]
    assert refused == [
        ("NOTHING", "coupon_unknown", {}), (spend, "coupon_spend_more", {"minimum": "100.00", "spent": "50.00", "currency": "USD"}),
    ]  # fmt: skip
    assert [step["amount"] for step in quote["steps"] if step["kind"] == "discount"] == ["-3.00"]


async def test_where_it_goes(client):
    _, headers = await signed_in()
    await add(client, headers, (await an_offer(price="100.00", weight_g=1500)).id, 2)
    await platform.change(
        {
            "shop.tax": {"rates": [{"countries": ["DE"], "bps": 1900}], "otherwise_bps": 0, "included": True},
            "shop.shipping": {
                "zones": [{"name": "Germany", "countries": ["DE"], "bands": [{"up_to_g": 2000, "price": "4"}], "per_extra_kg": "2"}]
            },
        },
        (await a_user()).id,
    )  # fmt: skip
    address = {
        "address_type": "shipping", "full_name": "A B", "street_address": "1 Main St", "city": "Berlin", "country": "Germany",
        "zip_code": "10115",
    }  # fmt: skip
    made = (await client.post("/api/v1/auth/me/addresses", json=address, headers=headers)).json()["data"]
    here = await quote_of(client, headers, shipping_address_id=made["id"])
    assert here == await quote_of(client, headers, country="DEU")
    assert (here["country"], here["tax_included"], totals(here)) == (
        "DE",
        True,
        ("200.00", "0.00", "31.93", "6.00", "206.00"),
    )
    assert (here["sellers"][0]["weight"], here["sellers"][0]["shipping_zone"]) == ("3.000", "Germany")
    there = await quote_of(client, headers, country="US")
    assert totals(there) == ("200.00", "0.00", "0.00", "5.00", "205.00")
    _, stranger = await signed_in()
    for asking, body, field in (
        (stranger, {"shipping_address_id": made["id"]}, "shipping_address_id"), ({}, {"shipping_address_id": made["id"]}, "shipping_address_id"),
        (headers, {"shipping_address_id": made["id"], "country": "DE"}, "country"), (headers, {"country": "Atlantis"}, "country"),
    ):  # fmt: skip
        answer = await client.post(QUOTE, json=body, headers=asking)
        assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]


async def test_staff_cannot_set_what_makes_no_sense(client):
    admin = await a_user()
    for value in (
        {"otherwise_bps": 10_001}, {"rates": [{"bps": 5, "countries": ["Germany"]}]}, {"rounding": "up"}, {"colour": 1},
    ):  # fmt: skip
        with pytest.raises(ValidationFailed) as refused:
            await platform.change({"shop.tax": value}, admin.id)
        assert list(refused.value.fields) == ["shop.tax"]


async def test_a_guest_s_quote_and_an_empty_cart(client):
    guest = {"X-Cart-Token": (await add(client, {}, (await an_offer(price="1.00")).id)).headers["x-cart-token"]}
    assert totals(await quote_of(client, guest)) == ("1.00", "0.00", "0.10", "5.00", "6.10")
    _, headers = await signed_in()
    for asking in ({}, headers):
        answer = await client.post(QUOTE, headers=asking)
        assert (answer.status_code, answer.json()["code"]) == (422, "cart_empty")


async def test_what_cannot_be_bought_is_told_and_left_out(client):
    _, headers = await signed_in()
    gone, scarce = await an_offer(price="10.00"), await an_offer(price="1.00", stock=5)
    for product in (gone, scarce):
        await add(client, headers, product.id, 3)
    await db.execute("UPDATE products SET status = 'archived' WHERE id = $1", gone.id)
    await db.execute("UPDATE product_variants SET on_hand = 1 WHERE id = $1", scarce.variant)
    quote = await quote_of(client, headers)
    assert quote["subtotal"] == "3.00"
    assert [one["code"] for one in quote["problems"]] == ["unavailable", "stock_short"]


async def test_a_price_is_worked_out_with_few_statements(client):
    _, headers = await signed_in()
    for _ in range(4):
        await add(client, headers, (await an_offer()).id)
    code = await a_coupon()
    await quote_of(client, headers)
    async with statements() as made:
        quote = await quote_of(client, headers, coupon_codes=[code])
    assert len(quote["sellers"]) == 4
    assert len([one for one in made if SESSION not in one]) == 2, made  # the cart, the coupons


async def test_more_than_money_can_say(client):
    _, headers = await signed_in()
    for _ in range(2):
        await add(client, headers, (await an_offer(price="9000000000000", stock=10)).id)
    answer = await client.post(QUOTE, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "total_too_large")


async def test_codes_are_not_to_be_guessed(client):
    _, headers = await signed_in()
    await add(client, headers, (await an_offer()).id)
    with ratelimit.using("quotes=2/m"):
        said = [
            (await client.post(QUOTE, json={"coupon_codes": [f"GUESS-{n}"]}, headers=headers)).status_code
            for n in range(3)
        ]
    assert said == [200, 200, 429]


async def test_a_product_s_tax_class_decides_its_rate(client):
    seller, selling = await signed_in()
    _, headers = await signed_in()
    rates = {"rates": [{"classes": ["books"], "bps": 500}]}
    await platform.change({"shop.tax": rates}, seller.id)
    body = {"name": "A book", "price": "10.00", "quantity": 5, "tax_class": "books"}
    made = await client.post("/api/v1/products/", json=body, headers=selling)
    assert made.status_code == 201 and made.json()["data"]["tax_class"] == "books", made.text
    await add(client, headers, made.json()["data"]["id"])
    assert (await quote_of(client, headers))["tax"] == "0.50"
    path = f"/api/v1/products/{made.json()['data']['id']}/"
    changed = await client.patch(path, json={"tax_class": ""}, headers=selling)
    assert changed.json()["data"]["tax_class"] == "", changed.text
    assert (await quote_of(client, headers))["tax"] == "1.00"
    wrong = await client.patch(path, json={"tax_class": "Books!"}, headers=selling)
    assert wrong.status_code == 400 and list(wrong.json()["errors"]) == ["tax_class"]
