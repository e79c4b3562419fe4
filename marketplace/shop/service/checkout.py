"""Ordering what is in the cart: one checkout, an order a seller, stock promised, coupons counted, all or nothing.

The order of locks: the buyer's cart, the variants by id, coupons by id, then the new checkout with its orders.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import to_minor, to_text
from marketplace.orders.service import addressing
from marketplace.orders.service.placing import place
from marketplace.shop.cart_errors import CartEmpty, PriceRose, ProductUnavailable, TotalChanged
from marketplace.shop.pricing.drafts import drafts
from marketplace.shop.pricing.parts import Quote
from marketplace.shop.queries.cart import Cart, CartLine
from marketplace.shop.service import cart as carts
from marketplace.shop.service import redeeming, stock
from marketplace.shop.service.quoting import destination, quote_cart


class Wanted(Struct, frozen=True, kw_only=True):
    """How the cart is ordered. Without a billing address, it is the one it is sent to. `expected_total`: nothing else is to be paid."""

    shipping_address_id: UUID
    billing_address_id: UUID | None = None
    coupon_codes: Sequence[str] = ()
    note: str = ""
    accepts_higher_prices: bool = False
    expected_total: Decimal | None = None


async def check_out(buyer: UUID, wanted: Wanted) -> UUID:
    """Place the orders of everything in the buyer's cart, at today's prices. Returns the first order's id.

    Raises CartEmpty, ProductUnavailable for what is not sold any more, PriceRose unless the buyer accepts that,
    StockUnavailable naming what is short, CouponRefused, TotalChanged, ValidationFailed for an address that is not theirs.
    """
    async with db.transaction():
        cart = await carts.lock_cart(buyer)
        if not cart.wanted:
            raise CartEmpty
        _check_as_seen(cart, wanted.accepts_higher_prices)
        shipping = await addressing.snapshot(buyer, wanted.shipping_address_id, "shipping_address_id")
        billing = shipping
        if wanted.billing_address_id is not None:
            billing = await addressing.snapshot(buyer, wanted.billing_address_id, "billing_address_id")
        # Before anything is worked out: who comes too late for the last piece should hear it soon.
        variants = await stock.check(_by_variant(cart.wanted))
        to = destination(shipping["country_code"] or shipping["country"], shipping["state"])
        quoted = await quote_cart(cart, buyer, wanted.coupon_codes, to)
        redeeming.check_codes(quoted)
        _check_total(quoted, wanted.expected_total)
        checkout_id = uuid7()
        await redeeming.redeem(quoted, checkout_id, buyer)
        placed = await place(
            buyer, drafts(quoted, shipping_address=shipping, billing_address=billing, note=wanted.note),
            checkout_id=checkout_id, actor=buyer,
        )  # fmt: skip
        for order, part in zip(placed.orders, quoted.sellers, strict=True):
            await stock.reserve(order.id, _counted(quoted, part.seller), variants)
        await carts.take_out(cart.id, [line.id for line in cart.wanted])
        return placed.orders[0].id


def _check_as_seen(cart: Cart, accepts_higher_prices: bool) -> None:
    gone = [line for line in cart.wanted if line not in cart.sellable]
    if gone:
        raise ProductUnavailable(items=[{"item_id": str(line.id), "product_name": line.name} for line in gone])
    risen = [line for line in cart.wanted if line.price_minor > line.seen_minor]
    if risen and not accepts_higher_prices:
        raise PriceRose(items=[_risen(line) for line in risen], currency=risen[0].currency)


def _risen(line: CartLine) -> dict[str, str]:
    return {
        "item_id": str(line.id), "product_name": line.name, "was": to_text(line.seen_minor, line.currency),
        "is": to_text(line.price_minor, line.currency),
    }  # fmt: skip


def _check_total(quoted: Quote, expected: Decimal | None) -> None:
    """A promotion that ended, another rate of tax, a thing put in on another device: none of them has a price that rose."""
    if expected is None or to_minor(expected, quoted.currency, "expected_total") == quoted.total_minor:
        return
    now = to_text(quoted.total_minor, quoted.currency)
    message = f"It costs {now} {quoted.currency} now. Look at the price again."
    raise TotalChanged(message, fields={"expected_total": [message]}, total_amount=now, currency=quoted.currency)


def _by_variant(lines: Sequence[CartLine]) -> dict[UUID, int]:
    """Demand summed per item over the whole cart. RULES: Stock."""
    wanted: Counter[UUID] = Counter()
    for line in lines:
        wanted[line.variant] += line.quantity
    return dict(wanted)


def _counted(quoted: Quote, seller: UUID) -> dict[UUID, int]:
    part = next(one for one in quoted.sellers if one.seller == seller)
    wanted: Counter[UUID] = Counter()
    for line in part.lines:
        wanted[line.item.variant] += line.item.quantity
    return dict(wanted)
