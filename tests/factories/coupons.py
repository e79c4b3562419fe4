"""Coupons, carts to use them on, and checkouts that do."""

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

import msgspec

from marketplace.core import clock, db, invariants
from marketplace.core.ids import uuid7
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service.cancelling import cancel
from marketplace.orders.service.placing import place
from marketplace.shop.pricing.drafts import drafts
from marketplace.shop.pricing.parts import Quote
from marketplace.shop.queries.cart import Owner
from marketplace.shop.schemas.coupons import NewHouseCoupon
from marketplace.shop.service.cart import add_item, lock_cart, open_cart
from marketplace.shop.service.coupons import create_coupon
from marketplace.shop.service.quoting import quote_cart
from marketplace.shop.service.redeeming import check_codes, give_back, lock_of, redeem
from marketplace.shop.states import CouponKind
from tests.factories.accounts import a_user
from tests.factories.offers import AnOffer
from tests.factories.orders import TestGoods

_n = count(1)


async def a_coupon(seller: UUID | None = None, **over: Any) -> str:
    """The code of a coupon of the house, or a seller's: 10 % off, unless said otherwise."""
    code = over.pop("code", f"CODE-{next(_n)}")
    values: dict[str, Any] = {"title": "A coupon", "kind": CouponKind.PERCENT, "code": code}
    if over.get("kind", CouponKind.PERCENT) is CouponKind.PERCENT:
        values["percent"] = Decimal(10)
    await create_coupon(NewHouseCoupon(**(values | over)), seller, seller or (await a_user()).id)
    return str(code)


async def a_cart(*offers: AnOffer, user: UUID | None = None, quantity: int = 1) -> UUID:
    """Whose cart it is: so many of each are in it."""
    user = user or (await a_user()).id
    for offer in offers:
        await add_item(Owner(user=user), offer.id, None, quantity)
    return user


async def quoted(user: UUID, *codes: str) -> Quote:
    return await quote_cart(await open_cart(Owner(user=user)), user, codes)


async def checked_out(user: UUID, *codes: str) -> UUID:
    """The checkout of what is in a cart, as an order does it, but for the stock and the kind."""
    checkout_id = uuid7()
    async with db.transaction():
        cart = await lock_cart(user)
        quote = await quote_cart(cart, user, codes)
        check_codes(quote)
        await redeem(quote, checkout_id, user)
        made = drafts(quote, shipping_address=None, billing_address=None)
        await place(
            user,
            [msgspec.structs.replace(one, kind=TestGoods.kind) for one in made],
            checkout_id=checkout_id,
            actor=user,
        )
    return checkout_id


async def cancelled(checkout_id: UUID, seller: UUID) -> None:
    """A seller's order of a checkout, as the shop does it."""
    order_id = await db.fetch_val("SELECT id FROM orders WHERE checkout = $1 AND seller = $2", checkout_id, seller)
    async with db.transaction():
        await lock_of(order_id)
        await cancel(order_id, CancelledBy.STAFF, None, "")
        await give_back(checkout_id, seller)


async def uses_of(code: str) -> tuple[int, int]:
    """(counted on the coupon, uses that were not given back)"""
    row = await db.fetch_row(
        "SELECT used_count, (SELECT count(*) FROM coupon_uses u WHERE u.coupon = c.id AND given_back_at IS NULL) AS uses "
        "FROM coupons c WHERE code = $1",
        code,
    )
    assert row is not None
    return row["used_count"], row["uses"]


async def hold_invariants() -> None:
    assert [breach async for breach in invariants.violations()] == []


def in_days(days: int) -> str:
    return (clock.now() + timedelta(days=days)).isoformat()
