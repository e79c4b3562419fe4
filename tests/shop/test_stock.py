"""Stock: promised to orders, given back, shipped, taken back; and what its seller says of it."""

import asyncpg
import pytest

from marketplace.accounts.states import Role
from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.shop.errors import NotReserved, NotShipped, StockUnavailable, VariantNotFound
from marketplace.shop.service import stock
from tests.factories import a_user, signed_in
from tests.factories.ledger import hold_invariants
from tests.factories.shop import a_product, a_variant, an_order_of, stock_of, the_variant, variant_ids
from tests.statements import statements

API = "/api/v1/products"


@pytest.fixture
async def kettle(tables):
    return await the_variant(await a_product(quantity=10))


async def journal(variant):
    rows = await db.fetch(
        "SELECT kind, on_hand_change, allocated_change FROM stock_movements WHERE variant = $1 ORDER BY id", variant
    )
    return [tuple(row) for row in rows]


async def test_an_order_reserves_ships_and_sends_back(kettle):
    order = await an_order_of(kettle)
    await stock.reserve(order, {kettle: 4})
    assert await stock_of(kettle) == (10, 4)
    assert await stock.ship(order, {kettle: 3}) == {kettle: 3}
    assert await stock_of(kettle) == (7, 1)
    assert await stock.release(order) == {kettle: 1}
    assert await stock_of(kettle) == (7, 0)
    await stock.take_back(order, {kettle: 2}, reason="Too loud.")
    assert await stock_of(kettle) == (9, 0)
    with pytest.raises(NotShipped) as refused:
        await stock.take_back(order, {kettle: 2})
    assert refused.value.details == {"shipped": {str(kettle): 1}}
    assert await journal(kettle) == [
        ("received", 10, 0), ("reserved", 0, 4), ("shipped", -3, -3), ("released", 0, -1), ("returned", 2, 0),
    ]  # fmt: skip
    await hold_invariants()


async def test_more_than_there_is_is_refused_and_every_short_thing_named(tables):
    red, blue = await variant_ids(await a_product(variants=[a_variant("Red", 2), a_variant("Blue", 0)]))
    order, nothing = await an_order_of(red), uuid7()
    with pytest.raises(StockUnavailable) as refused:
        await stock.reserve(order, {red: 5, blue: 1, nothing: 1})
    assert refused.value.code == "stock_unavailable" and refused.value.status_code == 409
    assert (refused.value.details["requested"], refused.value.details["available"]) == (5, 2)
    items = refused.value.details["items"]
    assert {(one["variant_id"], one["available"]) for one in items} == {
        (str(red), 2),
        (str(blue), 0),
        (str(nothing), 0),
    }
    assert await stock_of(red) == (2, 0)
    await stock.reserve(order, {red: 2})
    await hold_invariants()


async def test_what_is_not_for_sale_is_not_promised(kettle):
    order = await an_order_of(kettle)
    await db.execute("UPDATE products SET status = 'draft'")
    with pytest.raises(StockUnavailable) as refused:
        await stock.reserve(order, {kettle: 1})
    assert refused.value.details["available"] == 0


async def test_giving_back_twice_gives_back_once(kettle):
    order = await an_order_of(kettle)
    await stock.reserve(order, {kettle: 4})
    assert await stock.release(order) == {kettle: 4}
    assert await stock.release(order) == {}
    assert await stock.ship(order) == {}
    with pytest.raises(NotReserved):
        await stock.ship(order, {kettle: 1})
    assert await stock_of(kettle) == (10, 0)


async def test_what_is_not_counted_never_runs_out(tables):
    variant = await the_variant(await a_product(quantity=0, tracks_stock=False))
    order = await an_order_of(variant)
    await stock.reserve(order, {variant: 500})
    await stock.ship(order)
    await stock.take_back(order, {variant: 2})
    assert await stock_of(variant) == (2, 0)
    await hold_invariants()


async def test_the_database_has_the_last_word(kettle):
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute("UPDATE product_variants SET allocated = 11 WHERE id = $1", kettle)
    for change in ("UPDATE stock_movements SET reason = 'x'", "DELETE FROM stock_movements"):
        with pytest.raises(asyncpg.PostgresError):
            await db.execute(change)


async def test_a_correction_keeps_what_is_promised(kettle):
    order, actor = await an_order_of(kettle), (await a_user()).id
    await stock.reserve(order, {kettle: 4})
    with pytest.raises(StockUnavailable) as refused:
        await stock.correct(kettle, on_hand=3, actor=actor)
    assert refused.value.details["available"] == 6
    assert (await stock.correct(kettle, on_hand=4, actor=actor)).available == 0
    assert (await stock.correct(kettle, available=2, actor=actor)).on_hand == 6
    assert (await stock.correct(kettle, change=-1, actor=actor)).available == 1
    assert (await stock.correct(kettle, change=0, actor=actor)).available == 1
    with pytest.raises(VariantNotFound):
        await stock.correct(uuid7(), change=1, actor=actor)
    await hold_invariants()


async def test_a_reservation_takes_two_statements(kettle):
    order = await an_order_of(kettle)
    async with statements() as ran:
        await stock.reserve(order, {kettle: 1})
    assert len(ran) == 2, ran


async def told(seller):
    await outbox.drain()
    rows = await db.fetch(
        "SELECT details ->> 'title' AS title, (details ->> 'count')::int AS left, occurrences FROM notifications "
        "WHERE \"user\" = $1 AND type = 'stock_low' ORDER BY happened_at",
        seller,
    )
    return [tuple(row) for row in rows]


async def test_the_seller_hears_once_a_crossing(tables):
    seller = (await a_user()).id
    red, blue = await variant_ids(
        await a_product(seller, low_stock_at=5, variants=[a_variant("Red", 10), a_variant("Blue", 3)])
    )
    order = await an_order_of(red)
    await stock.reserve(order, {red: 4, blue: 1})  # blue has been below since it was listed
    assert await told(seller) == []
    await stock.reserve(order, {red: 1})
    await stock.reserve(order, {red: 3, blue: 1})
    assert await told(seller) == [("A kettle – Red", 5, 1)]
    await stock.correct(red, available=9, actor=seller)
    await stock.correct(red, available=1, actor=seller)
    assert await told(seller) == [("A kettle – Red", 1, 2)]


async def test_its_seller_says_what_there_is(client):
    user, seller = await signed_in()
    _, other = await signed_in()
    product_id = await a_product(user.id, variants=[a_variant("Red", 2), a_variant("Blue", 0)])
    url = f"{API}/{product_id}/stock/"
    red, blue = await variant_ids(product_id)
    answer = await client.put(
        url, headers=seller, json={"variant_id": str(blue), "quantity": 7, "reason": "A box came."}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"] == {
        "product_id": str(product_id), "variant_id": str(blue), "variant": "Blue", "on_hand": 7, "reserved": 0, "quantity": 7,
        "is_low": False,
    }  # fmt: skip
    order = await an_order_of(red)
    await stock.reserve(order, {red: 2})
    short = await client.post(url, headers=seller, json={"variant_id": str(red), "change": -1})
    assert (short.status_code, short.json()["code"]) == (409, "stock_unavailable")
    assert (short.json()["details"]["requested"], short.json()["details"]["available"]) == (1, 0)
    for wrong, field in (
        ({"quantity": 1}, "variant_id"), ({"variant_id": str(red)}, "quantity"),
        ({"variant_id": str(red), "quantity": 1, "change": 1}, "quantity"),
    ):  # fmt: skip
        answer = await client.put(url, headers=seller, json=wrong)
        assert answer.status_code == 400 and field in answer.json()["errors"], answer.text
    missing = await client.put(url, headers=seller, json={"variant_id": str(uuid7()), "quantity": 1})
    assert missing.json()["code"] == "variant_not_found"
    assert (await client.put(url, headers=other, json={"variant_id": str(red), "quantity": 1})).status_code == 403
    rows = (await client.get(url, headers=seller)).json()["data"]["results"]
    assert [(row["kind"], row["on_hand_change"], row["reserved_change"], row["reason"]) for row in rows] == [
        ("reserved", 0, 2, ""), ("corrected", 7, 0, "A box came."), ("received", 2, 0, "listed"),
    ]  # fmt: skip
    one = (await client.get(url, headers=seller, params={"order_id": str(order)})).json()["data"]["results"]
    assert [(row["order_id"], row["variant"]) for row in one] == [(str(order), "Red")]
    _, staff = await signed_in(Role.MODERATOR)
    assert (await client.get(url, headers=staff)).json()["data"]["count"] == 3
    assert (await client.get(url, headers=other)).status_code == 403
    shown = (await client.get(f"{API}/{product_id}/", headers=seller)).json()["data"]
    assert [(one["on_hand"], one["reserved"], one["quantity"]) for one in shown["variants"]] == [(2, 2, 0), (7, 0, 7)]


async def test_a_change_with_a_key_is_made_once(client):
    user, seller = await signed_in()
    product_id = await a_product(user.id, quantity=10)
    for _ in range(3):
        answer = await client.post(
            f"{API}/{product_id}/stock/", headers=seller | {"Idempotency-Key": "box-7"}, json={"change": 5}
        )
        assert answer.json()["data"]["quantity"] == 15


@pytest.mark.parametrize(
    ("breach", "rule"),
    [
        ("UPDATE product_variants SET on_hand = on_hand + 1", "stock is what its journal sums to"),
        ("UPDATE products SET tracks_stock = false", "variants count their stock as their product does"),
        ("UPDATE product_variants SET is_active = false", "a product has something to sell"),
        (
            "INSERT INTO stock_movements (variant, kind, on_hand_change, allocated_change, on_hand_after, allocated_after) "
            "SELECT id, 'corrected', 0, 0, 3, 0 FROM product_variants",
            "each row of the journal follows the one before",
        ),
        (
            "INSERT INTO stock_movements (variant, kind, on_hand_change, allocated_change, on_hand_after, allocated_after) "
            "SELECT id, 'reserved', 0, 1, 10, 1 FROM product_variants",
            "what is promised is promised to an order",
        ),
    ],
)
async def test_a_breach_is_named(kettle, breach, rule):
    from marketplace.shop.invariants import violations

    assert [one async for one in violations()] == []
    await db.execute(breach)
    assert rule in {one.rpartition(": ")[0] async for one in violations()}
