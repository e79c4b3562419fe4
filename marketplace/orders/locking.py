"""Orders read for update. Order everywhere: the rows of the way to sell, the checkout, its orders by id, the payment, and
last the ledger's accounts.

Whoever changes one order locks it alone: what pays several locks their checkout first, and then each of them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.orders.errors import CheckoutNotFound, OrderNotFound
from marketplace.orders.fulfilment import LockedOrder, of_kind
from marketplace.orders.parts import OF_CHECKOUT as PARTS_OF_CHECKOUT
from marketplace.orders.parts import ORDERS, Part, may_be_paid, part
from marketplace.orders.states import Phase

ORDER: Final = """
SELECT o.id, o.number, o.checkout, o.kind, o.buyer, o.seller, o.status, o.phase, o.currency, o.total_minor, o.tax_minor,
  o.commission_minor, o.captured_minor, o.released_minor, o.refunded_minor, o.refunded_held_minor, o.in_parts, o.frozen_at,
  o.frozen_by, o.expires_at, o.auto_complete_at, o.sent_parts, o.open_returns, o.paused_at, o.shipped_at, o.delivered_at, o.completed_at,
  (SELECT l.title FROM order_lines l WHERE l."order" = o.id ORDER BY l.position LIMIT 1) AS title
FROM orders o WHERE {} ORDER BY o.id FOR UPDATE OF o
"""
BY_ID: Final = ORDER.format("o.id = $1")
BY_IDS: Final = ORDER.format("o.id = ANY($1::uuid[])")
OF_CHECKOUT: Final = f"SELECT id, kind FROM orders WHERE id IN {ORDERS.format('$1')} ORDER BY kind, id"


class LockedCheckout(Struct, frozen=True, kw_only=True):
    """A checkout and all its orders, by id; of an order in parts, the part that is paid with it."""

    id: UUID
    buyer: UUID
    currency: str
    paid_at: datetime | None
    orders: list[LockedOrder]
    parts: Mapping[UUID, Part]

    def due_minor(self, order: LockedOrder) -> int:
        """What of the order is to be paid with this checkout now."""
        if not order.in_parts:
            return order.total_minor if order.phase is Phase.UNPAID else 0
        part = self.parts.get(order.id)
        return part.amount_minor if part and part.is_due and may_be_paid(order) else 0

    def paid_minor(self, order: LockedOrder) -> int:
        """What of the order was paid with this checkout."""
        part = self.parts.get(order.id)
        if order.in_parts:
            return part.amount_minor if part and part.paid_at else 0
        return order.captured_minor

    def left_minor(self, order: LockedOrder) -> int:
        """What of that has not been given back."""
        part = self.parts.get(order.id)
        if order.in_parts:
            return part.left_minor if part else 0
        return order.refundable_minor


async def lock_order(order_id: UUID) -> LockedOrder:
    """Raises OrderNotFound."""
    kind = await db.fetch_val("SELECT kind FROM orders WHERE id = $1", order_id)
    if kind is None:
        raise OrderNotFound
    await of_kind(kind).lock(order_id)
    row = await db.fetch_row(BY_ID, order_id)
    assert row is not None, "orders are never deleted"
    return locked(row)


async def lock_order_of(order_id: UUID, viewer_id: UUID) -> LockedOrder:
    """An order that this person buys or sells. Raises OrderNotFound for anybody else's, before anything waits for it."""
    if not await db.fetch_val("SELECT true FROM orders WHERE id = $1 AND $2 IN (buyer, seller)", order_id, viewer_id):
        raise OrderNotFound
    return await lock_order(order_id)


async def lock_checkout(checkout_id: UUID) -> LockedCheckout:
    """Raises CheckoutNotFound."""
    kinds: dict[str, list[UUID]] = {}
    for row in await db.fetch(OF_CHECKOUT, checkout_id):
        kinds.setdefault(row["kind"], []).append(row["id"])
    for kind, order_ids in kinds.items():
        await of_kind(kind).lock(*order_ids)
    checkout = await db.fetch_row(
        "SELECT id, buyer, currency, paid_at FROM checkouts WHERE id = $1 FOR UPDATE", checkout_id
    )
    if checkout is None:
        raise CheckoutNotFound
    order_ids = [order_id for some in kinds.values() for order_id in some]
    orders = [locked(row) for row in await db.fetch(BY_IDS, order_ids)]
    parts = await _parts(checkout_id) if any(order.in_parts for order in orders) else {}
    return LockedCheckout(**checkout, orders=orders, parts=parts)


async def _parts(checkout_id: UUID) -> dict[UUID, Part]:
    """Read under their orders' locks, which whoever changes parts holds."""
    return {row["order"]: part(row) for row in await db.fetch(PARTS_OF_CHECKOUT, checkout_id)}


def locked(row: Mapping[str, Any]) -> LockedOrder:
    return LockedOrder(**{**row, "phase": Phase(row["phase"])})
