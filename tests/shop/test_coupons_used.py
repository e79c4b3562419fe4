"""Coupons are counted when an order is placed with them, and given back when it is cancelled."""

from decimal import Decimal

import asyncpg
import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.shop.coupon_errors import CouponChanged, CouponRefused
from marketplace.shop.coupon_invariants import coupon_violations
from marketplace.shop.schemas.coupons import CouponChange
from marketplace.shop.service.coupons import change_coupon, delete_coupon
from marketplace.shop.service.redeeming import give_back, redeem
from marketplace.shop.states import CouponKind
from tests.factories import a_user
from tests.factories.coupons import a_cart, a_coupon, cancelled, checked_out, hold_invariants, quoted, uses_of
from tests.factories.offers import an_offer

pytestmark = pytest.mark.usefixtures("tables")


async def reason_of(user, *codes):
    with pytest.raises(CouponRefused) as refused:
        await checked_out(user, *codes)
    return refused.value.details["reason"]


async def test_what_is_placed_costs_what_was_quoted():
    sam, sue = (await a_user()).id, (await a_user()).id
    offers = [await an_offer(sam, "10.00"), await an_offer(sam, "0.33"), await an_offer(sue, "99.99", weight_g=1200)]
    codes = [await a_coupon(), await a_coupon(sam, kind=CouponKind.FREE_SHIPPING)]
    user = await a_cart(*offers, quantity=3)
    quote = await quoted(user, *codes)
    checkout_id = await checked_out(user, *codes)
    rows = await db.fetch("SELECT * FROM orders WHERE checkout = $1 ORDER BY id", checkout_id)
    assert [row["total_minor"] for row in rows] == [one.total_minor for one in quote.sellers]
    assert [row["commission_minor"] for row in rows] == [one.commission_minor for one in quote.sellers]
    assert [row["discount_minor"] for row in rows] == [310, 3000]
    assert [row["shipping_minor"] for row in rows] == [0, 500]


async def test_a_limited_coupon_is_used_up():
    offer, code = await an_offer(), await a_coupon(max_uses=2)
    for _ in range(2):
        await checked_out(await a_cart(offer), code)
    assert await reason_of(await a_cart(offer), code) == "coupon_used_up"
    assert await uses_of(code) == (2, 2)
    await hold_invariants()


async def test_a_customer_has_so_many():
    offer, code = await an_offer(), await a_coupon(max_uses_per_customer=1)
    user = await a_cart(offer)
    await checked_out(user, code)
    assert await reason_of(user, code) == "coupon_used_by_you"
    await checked_out(await a_cart(offer), code)
    assert await uses_of(code) == (2, 2)


async def test_nothing_is_ordered_with_a_code_that_changes_nothing():
    user = await a_cart(await an_offer(price="10.00"))
    assert await reason_of(user, "NOTHING") == "coupon_unknown"
    spend = await a_coupon(kind=CouponKind.FIXED, amount=5, currency="USD", min_spend=20)
    assert await reason_of(user, spend) == "coupon_spend_more"
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0


async def test_given_back_once_when_the_last_order_it_was_good_for_is_cancelled():
    sam, sue, tom = [(await a_user()).id for _ in range(3)]
    offers = [await an_offer(seller) for seller in (sam, sue, tom)]
    code, sams = await a_coupon(sellers=[sam, sue], max_uses_per_customer=1), await a_coupon(sam, max_uses=1)
    user = await a_cart(*offers)
    checkout_id = await checked_out(user, code, sams)
    await cancelled(checkout_id, tom)
    assert (await uses_of(code), await uses_of(sams)) == ((1, 1), (1, 1))
    await cancelled(checkout_id, sam)
    assert (await uses_of(code), await uses_of(sams)) == ((1, 1), (0, 0))
    assert await reason_of(user, code) == "coupon_used_by_you"
    await cancelled(checkout_id, sue)
    for seller in (sam, sue, tom):
        await give_back(checkout_id, seller)
    assert (await uses_of(code), await uses_of(sams)) == ((0, 0), (0, 0))
    await hold_invariants()
    await checked_out(user, code, sams)
    assert await uses_of(code) == (1, 1)


async def test_slots_of_a_customer_are_used_again():
    offer, code = await an_offer(), await a_coupon(max_uses_per_customer=2)
    user = await a_cart(offer)
    first, _ = await checked_out(user, code), await checked_out(user, code)
    await cancelled(first, offer.seller)
    await checked_out(user, code)
    slots = await db.fetch("SELECT slot FROM coupon_uses WHERE given_back_at IS NULL ORDER BY slot")
    assert [row["slot"] for row in slots] == [1, 2]
    await hold_invariants()


async def test_terms_that_change_between_looking_and_ordering():
    offer, code = await an_offer(), await a_coupon()
    user = await a_cart(offer)
    coupon_id = await db.fetch_val("SELECT id FROM coupons WHERE code = $1", code)
    quote = await quoted(user, code)
    await change_coupon(coupon_id, CouponChange(percent=Decimal(5)), None)
    with pytest.raises(CouponChanged):
        await redeem(quote, uuid7(), user)
    quote = await quoted(user, code)
    await delete_coupon(coupon_id, None)
    with pytest.raises(CouponChanged):
        await redeem(quote, uuid7(), user)
    assert await db.fetch_val("SELECT count(*) FROM coupon_uses") == 0


async def test_the_database_has_the_last_word():
    offer, code = await an_offer(), await a_coupon(max_uses=1, max_uses_per_customer=1)
    user = await a_cart(offer)
    await checked_out(user, code)
    for statement in (
        "UPDATE coupons SET used_count = 2",
        "UPDATE coupons SET used_count = -1",
        "INSERT INTO coupon_uses SELECT gen_random_uuid(), coupon, \"user\", gen_random_uuid(), 2, 1, 0, 'USD', '[]' FROM coupon_uses",
        "INSERT INTO coupon_uses SELECT gen_random_uuid(), coupon, \"user\", gen_random_uuid(), 1, 1, 0, 'USD', '[]' FROM coupon_uses",
        "INSERT INTO coupon_uses SELECT gen_random_uuid(), coupon, \"user\", checkout, 2, 3, 0, 'USD', '[]' FROM coupon_uses",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await db.execute(statement)
    assert await uses_of(code) == (1, 1)


@pytest.mark.parametrize(
    ("breach", "rule"),
    [
        ("UPDATE coupons SET used_count = 0", "a coupon counts the uses"),
        ("UPDATE coupon_uses SET open_sellers = '[]'", "a use is given back when"),
        ("UPDATE coupon_uses SET given_back_at = now()", "a use is given back when"),
        ("UPDATE coupon_uses SET checkout = gen_random_uuid()", "an order that a use is still open for"),
        ("UPDATE orders SET phase = 'cancelled'", "an order that a use is still open for"),
    ],
)
async def test_each_rule_is_shown_a_breach(breach, rule):
    await checked_out(await a_cart(await an_offer()), await a_coupon())
    assert [found async for found in coupon_violations()] == []
    await db.execute(breach)
    assert any([found.startswith(rule) async for found in coupon_violations()])


async def test_the_rule_of_limits_is_shown_a_breach():
    """The database refuses these, so its refusal is taken away first."""
    await checked_out(await a_cart(await an_offer()), await a_coupon(max_uses=1, max_uses_per_customer=1))
    for table, constraint, breach in (
        ("coupons", "coupons_uses", "UPDATE coupons SET used_count = 2"),
        ("coupon_uses", "coupon_uses_limit", "UPDATE coupon_uses SET slot = 2"),
    ):
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await db.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
                await db.execute(breach)
                assert any([found.startswith("a coupon is used no more") async for found in coupon_violations()])
                raise ZeroDivisionError  # undone
