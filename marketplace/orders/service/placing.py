"""Placing orders: what was agreed is written down once, and never changes. RULES: Orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.accounts.house import HOUSE
from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.orders import commission, history, numbers, rules
from marketplace.orders.errors import NothingToOrder, OwnGoods
from marketplace.orders.events import OrderPlaced
from marketplace.orders.fulfilment import Draft, Line, of_kind
from marketplace.orders.locking import lock_order
from marketplace.orders.service.paying import settle
from marketplace.orders.tiers import Tier

ORDER: Final = """
INSERT INTO orders (id, number, checkout, kind, buyer, seller, status, phase, currency, subtotal_minor, discount_minor, tax_minor,
  shipping_minor, total_minor, commission_minor, captured_minor, released_minor, refunded_minor, refunded_held_minor,
  shipping_address, billing_address, note, carrier, tracking_number, cancel_reason, frozen_by, expires_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 0, 0, 0, $16::jsonb, $17::jsonb, $18, '', '', '', '',
  $19, $20, $20)
ON CONFLICT (number) DO NOTHING RETURNING number
"""
LINES: Final = """
INSERT INTO order_lines (id, "order", position, subject, title, sku, variant, quantity, unit_minor, subtotal_minor, discount_minor,
  tax_minor, commission_bps, commission_minor, snapshot)
SELECT l.id, $1, l.position, l.subject, l.title, l.sku, l.variant, l.quantity, l.unit, l.subtotal, l.discount, l.tax, l.bps,
  l.commission, l.snapshot::jsonb
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], $9::bigint[], $10::bigint[],
  $11::bigint[], $12::int[], $13::bigint[], $14::text[])
  WITH ORDINALITY AS l(id, subject, title, sku, variant, quantity, unit, subtotal, discount, tax, bps, commission, snapshot, position)
"""
MOST_TITLE: Final = 300


class PlacedOrder(Struct, frozen=True):
    id: UUID
    number: str


class Placed(Struct, frozen=True):
    checkout_id: UUID
    orders: list[PlacedOrder]


class PricedLine(Struct, frozen=True, kw_only=True):
    """A line in minor units, with its commission."""

    line: Line
    subtotal: int
    discount: int
    tax: int
    bps: int
    commission: int


class Priced(Struct, frozen=True, kw_only=True):
    """One seller's order in minor units of `currency`."""

    draft: Draft
    currency: str
    lines: Sequence[PricedLine]
    shipping: int

    def sum(self, part: str) -> int:
        return sum(getattr(line, part) for line in self.lines)

    @property
    def total(self) -> int:
        return self.sum("subtotal") - self.sum("discount") + self.sum("tax") + self.shipping


async def place(
    buyer: UUID, drafts: Sequence[Draft], *, checkout_id: UUID | None = None, actor: UUID | None = None
) -> Placed:
    """Write one checkout with an order for each draft, in the caller's transaction; its kind has reserved what is sold.

    Amounts and commission are what they are now. `checkout_id` is what the checkout shall be called, `actor` who placed it
    (None: the house). An order that costs nothing is paid at once. Raises NothingToOrder, OwnGoods.
    """
    if not drafts:
        raise NothingToOrder.of("items", "There is nothing to order.")
    if any(draft.seller == buyer for draft in drafts):
        raise OwnGoods
    async with db.transaction():
        priced = await _priced(drafts)
        currencies = {one.currency for one in priced}
        if len(currencies) != 1:
            raise ValueError(f"a checkout is paid in one currency, not in {sorted(currencies)}")
        checkout_id = checkout_id or uuid7()
        now = clock.now()
        await db.execute(
            "INSERT INTO checkouts (id, buyer, currency, created_at) VALUES ($1, $2, $3, $4)",
            checkout_id, buyer, currencies.pop(), now,
        )  # fmt: skip
        expires_at = now + await rules.expiry()
        return Placed(
            checkout_id, [await _place(one, checkout_id, buyer, actor, now, expires_at) for one in priced]
        )  # fmt: skip


async def _priced(drafts: Sequence[Draft]) -> list[Priced]:
    configured = await commission.RULES.value()
    lineages: Mapping[UUID, frozenset[UUID]] = {}
    if any(rule.category for rule in configured):
        lineages = await commission.lineages(
            [line.category for draft in drafts for line in draft.lines if line.category]
        )
    tiers = await commission.tiers(configured, {draft.seller for draft in drafts})
    return [_price(draft, configured, lineages, tiers[draft.seller]) for draft in drafts]


def _price(
    draft: Draft, configured: Sequence[commission.Rule], lineages: Mapping[UUID, frozenset[UUID]], tier: Tier
) -> Priced:
    currency = draft.lines[0].total.currency

    def minor(amount: Money | None) -> int:
        if amount is None:
            return 0
        if amount.currency != currency or amount.minor < 0:
            raise ValueError(f"{amount} is no part of an order in {currency}")
        return amount.minor

    def priced(line: Line) -> PricedLine:
        subtotal, discount, tax = minor(line.total), minor(line.discount), minor(line.tax)
        if discount > subtotal or line.quantity < 1:
            raise ValueError(f"{line.title!r} is discounted by more than its price, or is none")
        above = lineages.get(line.category, frozenset()) if line.category else frozenset()
        own = draft.seller == HOUSE
        bps = commission.WHOLE_BPS if own else commission.rate(configured, draft.kind, above, tier)
        return PricedLine(
            line=line, subtotal=subtotal, discount=discount, tax=tax, bps=bps,
            commission=commission.commission(subtotal - discount, bps),
        )  # fmt: skip

    return Priced(
        draft=draft, currency=currency, lines=[priced(line) for line in draft.lines], shipping=minor(draft.shipping)
    )


async def _place(
    priced: Priced, checkout_id: UUID, buyer: UUID, actor: UUID | None, now: datetime, expires_at: datetime
) -> PlacedOrder:
    draft, kind = priced.draft, of_kind(priced.draft.kind)
    order_id, expires_at = uuid7(), draft.expires_at or expires_at
    number = await _insert(priced, order_id, checkout_id, buyer, now, expires_at)
    await _insert_lines(priced, order_id)
    await history.moved(order_id, "", kind.first, actor, "Order created")
    await timers.schedule("orders.expiry", order_id, max(expires_at, now + timedelta(seconds=1)))
    await outbox.emit(OrderPlaced(
        order_id=order_id, number=number, kind=draft.kind, title=_title(draft.lines[0]), buyer_id=buyer, seller_id=draft.seller,
        currency=priced.currency, total=priced.total, checkout_id=checkout_id,
    ))  # fmt: skip
    if priced.total == 0:
        await settle(await lock_order(order_id), None)
    return PlacedOrder(order_id, number)


async def _insert(
    priced: Priced, order_id: UUID, checkout_id: UUID, buyer: UUID, now: datetime, expires_at: datetime
) -> str:
    draft, kind = priced.draft, of_kind(priced.draft.kind)
    while True:
        number: str | None = await db.fetch_val(
            ORDER,
            order_id, numbers.number(now), checkout_id, draft.kind, buyer, draft.seller, str(kind.first),
            kind.phases[kind.first], priced.currency, priced.sum("subtotal"), priced.sum("discount"), priced.sum("tax"),
            priced.shipping, priced.total, priced.sum("commission"), _json(draft.shipping_address),
            _json(draft.billing_address), draft.note, expires_at, now,
        )  # fmt: skip
        if number is not None:
            return number


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _title(line: Line) -> str:
    return line.title[:MOST_TITLE]


async def _insert_lines(priced: Priced, order_id: UUID) -> None:
    lines = priced.lines
    await db.execute(
        LINES,
        order_id,
        [uuid7() for _ in lines],
        [one.line.subject for one in lines],
        [_title(one.line) for one in lines],
        [one.line.sku for one in lines],
        [one.line.variant for one in lines],
        [one.line.quantity for one in lines],
        [one.subtotal // one.line.quantity for one in lines],
        [one.subtotal for one in lines],
        [one.discount for one in lines],
        [one.tax for one in lines],
        [one.bps for one in lines],
        [one.commission for one in lines],
        [_json(one.line.snapshot) for one in lines],
    )
