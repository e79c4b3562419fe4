"""Orders that are paid, or at least released, in parts: one after the other, each with a checkout of its own.

What was released of such an order stays released when it is cancelled. An order that is paid whole has no parts.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from msgspec import Struct

from marketplace.core import db
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.states import Phase

COLUMNS: Final = 'id, "order", position, title, amount_minor, refunded_minor, checkout, due_at, paid_at'
OF_ORDER: Final = f'SELECT {COLUMNS} FROM order_parts WHERE "order" = $1 ORDER BY position'
OF_CHECKOUT: Final = f"SELECT {COLUMNS} FROM order_parts WHERE checkout = $1"
DUE_CHECKOUT: Final = """CASE WHEN o.in_parts THEN (SELECT x.checkout FROM order_parts x
    WHERE x."order" = o.id AND x.due_at IS NOT NULL ORDER BY x.position DESC LIMIT 1) ELSE o.checkout END"""
"""What the order `o` is paid with as it stands: in parts, the one that is due, or was last."""
CHECKOUTS: Final = """(SELECT o.checkout FROM orders o WHERE o.id = {0}
    UNION SELECT x.checkout FROM order_parts x WHERE x."order" = {0})"""
"""All that an order is or was paid with."""
ORDERS: Final = """(SELECT o.id FROM orders o WHERE o.checkout = {0}
    UNION SELECT x."order" FROM order_parts x WHERE x.checkout = {0})"""
"""All that is or was paid with a checkout."""


class Part(Struct, frozen=True, kw_only=True):
    """What of an order is paid at once, in minor units. `refunded_minor` of it went back."""

    id: UUID
    order: UUID
    position: int
    title: str
    amount_minor: int
    refunded_minor: int
    checkout: UUID
    due_at: datetime | None
    paid_at: datetime | None

    @property
    def is_due(self) -> bool:
        """Its turn has come, and nobody has paid it yet."""
        return self.due_at is not None and self.paid_at is None

    @property
    def left_minor(self) -> int:
        """What of it was paid and has not been given back."""
        return self.amount_minor - self.refunded_minor if self.paid_at else 0


async def parts_of(order: LockedOrder) -> list[Part]:
    """Of a locked order, by position; none of one that is whole."""
    return [part(row) for row in await db.fetch(OF_ORDER, order.id)] if order.in_parts else []


async def due_part(order: LockedOrder) -> Part | None:
    """What is to be paid next of a locked order, if its turn has come."""
    return next((part for part in await parts_of(order) if part.is_due), None)


async def count_refunded(part_id: UUID, minor: int) -> None:
    """So much more of a paid part went back (below zero: came again). Its order is locked, and counts it, too."""
    await db.execute("UPDATE order_parts SET refunded_minor = refunded_minor + $2 WHERE id = $1", part_id, minor)


def part(row: Mapping[str, Any]) -> Part:
    return Part(**row)


def may_be_paid(order: LockedOrder) -> bool:
    return order.phase in (Phase.UNPAID, Phase.OPEN) and not order.frozen


def refund_id_of(request_id: UUID, payment_id: UUID) -> UUID:
    """One request may give back money of several payments, a refund each: the first is called as the request, each further
    one by the two together, so that a request that comes again means the same refunds.
    """
    return uuid5(request_id, str(payment_id))
