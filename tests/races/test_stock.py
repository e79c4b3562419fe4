"""No more is promised than there is, whoever asks at once: several processes reserving. RULES: Stock."""

from collections import Counter

import pytest

from marketplace.core import db
from marketplace.shop.invariants import violations
from tests.factories.shop import a_product, a_variant, an_order_of, stock_of, the_variant, variant_ids
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.stock_deeds"


async def orders_of(variant, many):
    """So many orders: one that the service made, and rows like it to reserve for."""
    first = await an_order_of(variant)
    await db.execute(
        "INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), "
        "'number', 'ORD-20261120-' || to_char(n, 'FM000000')))).* FROM orders o, generate_series(2, $2) AS n WHERE o.id = $1",
        first, many,
    )  # fmt: skip
    return [str(row["id"]) for row in await db.fetch("SELECT id FROM orders ORDER BY id")]


async def test_1000_reservations_of_100_units_are_100():
    variant = await the_variant(await a_product(quantity=100))
    wanted = [(order, [(str(variant), 1)]) for order in await orders_of(variant, 1000)]
    hands = await run_together(f"{DEEDS}:reserve", *({"orders": wanted[p::4]} for p in range(4)))
    assert Counter(one for hand in hands for one in hand) == {"ok": 100, "1 of 0": 900}
    assert await stock_of(variant) == (100, 100)
    assert await db.fetch_val("SELECT count(*) FROM stock_movements WHERE kind = 'reserved'") == 100
    assert [breach async for breach in violations()] == []


async def test_200_orders_of_two_things_named_in_opposite_order():
    red, blue = await variant_ids(await a_product(variants=[a_variant("Red", 150), a_variant("Blue", 150)]))
    orders = await orders_of(red, 200)
    things = [(str(red), 1), (str(blue), 1)]
    wanted = [(order, things if n % 2 else things[::-1]) for n, order in enumerate(orders)]
    hands = await run_together(f"{DEEDS}:reserve", *({"orders": wanted[p::4]} for p in range(4)))
    assert Counter(one for hand in hands for one in hand) == {"ok": 150, "1 of 0": 50}
    assert await stock_of(red) == await stock_of(blue) == (150, 150)
    assert [breach async for breach in violations()] == []


async def test_what_is_given_back_and_shipped_at_once_goes_one_way_once():
    variant = await the_variant(await a_product(quantity=100))
    orders = await orders_of(variant, 25)
    await run_together(f"{DEEDS}:reserve", {"orders": [(order, [(str(variant), 4)]) for order in orders]})
    hands = await run_together(f"{DEEDS}:give_back", *({"orders": orders} for _ in range(4)))
    assert sum(one for hand in hands for one in hand) == 100
    on_hand, allocated = await stock_of(variant)
    shipped = await db.fetch_val("SELECT -sum(on_hand_change) FROM stock_movements WHERE kind = 'shipped'") or 0
    assert allocated == 0 and on_hand == 100 - shipped
    assert [breach async for breach in violations()] == []
