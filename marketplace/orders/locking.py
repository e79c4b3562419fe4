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
from marketplace.orders.states import Phase

ORDER: Final = """
SELECT o.id, o.number, o.checkout, o.kind, o.buyer, o.seller, o.status, o.phase, o.currency, o.total_minor, o.tax_minor,
  o.commission_minor, o.captured_minor, o.released_minor, o.refunded_minor, o.refunded_held_minor, o.frozen_at, o.frozen_by,
  o.expires_at, o.auto_complete_at, o.sent_parts, o.open_returns, o.paused_at, o.shipped_at, o.delivered_at, o.completed_at,
  (SELECT l.title FROM order_lines l WHERE l."order" = o.id ORDER BY l.position LIMIT 1) AS title
FROM orders o WHERE {} ORDER BY o.id FOR UPDATE OF o
"""
BY_ID: Final = ORDER.format("o.id = $1")
BY_CHECKOUT: Final = ORDER.format("o.checkout = $1")


class LockedCheckout(Struct, frozen=True, kw_only=True):
    """A checkout and all its orders, by id."""

    id: UUID
    buyer: UUID
    currency: str
    paid_at: datetime | None
    orders: list[LockedOrder]

    @property
    def unpaid(self) -> list[LockedOrder]:
        return [order for order in self.orders if order.phase is Phase.UNPAID]


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
    for row in await db.fetch("SELECT id, kind FROM orders WHERE checkout = $1 ORDER BY kind, id", checkout_id):
        kinds.setdefault(row["kind"], []).append(row["id"])
    for kind, order_ids in kinds.items():
        await of_kind(kind).lock(*order_ids)
    checkout = await db.fetch_row(
        "SELECT id, buyer, currency, paid_at FROM checkouts WHERE id = $1 FOR UPDATE", checkout_id
    )
    if checkout is None:
        raise CheckoutNotFound
    orders = [locked(row) for row in await db.fetch(BY_CHECKOUT, checkout_id)]
    return LockedCheckout(**checkout, orders=orders)


def locked(row: Mapping[str, Any]) -> LockedOrder:
    return LockedOrder(**{**row, "phase": Phase(row["phase"])})
