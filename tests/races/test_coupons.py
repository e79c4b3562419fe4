"""GOALS, coupon races: several processes use one coupon at once; it is used exactly as often as it may be."""

import pytest

from marketplace.core import db
from tests.factories import a_user
from tests.factories.coupons import a_cart, a_coupon, hold_invariants, uses_of
from tests.factories.offers import an_offer
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.coupon_deeds"


async def carts(many: int) -> list[str]:
    offer = await an_offer(stock=10_000)
    return [str(await a_cart(offer)) for _ in range(many)]


@pytest.mark.parametrize(("limit", "customers"), [(1, 100), (10, 100)])
async def test_100_uses_of_a_limited_coupon(limit, customers):
    users, code = await carts(customers), await a_coupon(max_uses=limit)
    jobs = [{"users": users[i::4], "codes": [code]} for i in range(4)]
    said = [one for hand in await run_together(f"{DEEDS}:use", *jobs) for one in hand]
    assert (said.count("placed"), said.count("coupon_used_up")) == (limit, customers - limit)
    assert await uses_of(code) == (limit, limit)
    assert await db.fetch_val("SELECT count(*) FROM orders") == limit
    await hold_invariants()


async def test_one_customer_in_many_places_uses_it_once():
    [user], code = await carts(1), await a_coupon(max_uses_per_customer=1)
    jobs = [{"users": [user] * 10, "codes": [code]} for _ in range(4)]
    said = [one for hand in await run_together(f"{DEEDS}:use", *jobs) for one in hand]
    assert (said.count("placed"), said.count("coupon_used_by_you")) == (1, 39)
    assert await uses_of(code) == (1, 1)
    await hold_invariants()


async def test_used_and_given_back_in_opposite_order():
    seller = (await a_user()).id
    offer = await an_offer(seller, stock=10_000)
    users = [str(await a_cart(offer)) for _ in range(8)]
    first, second = await a_coupon(seller, max_uses=3), await a_coupon(max_uses=2)
    jobs = [
        {
            "users": users[i::4],
            "times": 8,
            "seller": str(seller),
            "codes": [first, second] if i % 2 else [second, first],
        }
        for i in range(4)
    ]
    placed = [one for hand in await run_together(f"{DEEDS}:come_and_go", *jobs) for one in hand]
    assert sum(placed) >= 2
    assert (await uses_of(first), await uses_of(second)) == ((0, 0), (0, 0))
    assert await db.fetch_val("SELECT count(*) FROM coupon_uses WHERE given_back_at IS NULL") == 0
    await hold_invariants()
