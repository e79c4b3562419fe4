"""GOALS, races of the shop: nothing is sold twice, whoever checks out at once."""

from collections import Counter

import pytest

from marketplace.core import db
from tests.factories.checkouts import shoppers
from tests.factories.orders import hold_invariants
from tests.factories.shop import a_product, a_variant, stock_of, the_variant, variant_ids
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEED = "tests.races.checkout_deeds:check_out"


async def race(buyers, processes=4):
    names = [(str(buyer), str(address)) for buyer, address in buyers]
    hands = await run_together(DEED, *({"buyers": names[p::processes]} for p in range(processes)))
    return Counter(one for hand in hands for one in hand)


async def test_1000_checkouts_of_100_units_are_100_orders():
    variant = await the_variant(await a_product(quantity=100))
    assert await race(await shoppers(1000, variant)) == {"ok": 100, "stock_unavailable": 900}
    assert await stock_of(variant) == (100, 100)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 100
    await hold_invariants()


async def test_200_carts_of_two_things_from_two_sellers_meet_without_a_deadlock():
    """Each cart names them in another order; the stock of either is enough for half of them."""
    red = await the_variant(await a_product(quantity=100))
    blue, _ = await variant_ids(await a_product(variants=[a_variant("Blue", 100), a_variant("Green", 1)]))
    buyers = await shoppers(200, red, blue)
    await db.execute(
        "UPDATE cart_items SET created_at = created_at + interval '1 second' "
        "WHERE variant = $1 AND get_byte(uuid_send(cart), 15) % 2 = 0",
        red,
    )
    assert await race(buyers) == {"ok": 100, "stock_unavailable": 100}
    assert await stock_of(red) == await stock_of(blue) == (100, 100)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 200, "one a seller"
    await hold_invariants()


async def test_one_cart_ordered_50_times_at_once_is_one_order():
    variant = await the_variant(await a_product(quantity=100))
    [one] = await shoppers(1, variant)
    assert await race([one] * 50) == {"ok": 1, "cart_empty": 49}
    assert await stock_of(variant) == (100, 1)
    await hold_invariants()
