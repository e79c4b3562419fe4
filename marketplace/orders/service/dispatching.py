"""Shipments written down: what travels with which, and that it has arrived. What that means to the order is for others to say."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.orders import progress, tracking
from marketplace.orders.fulfilment import LockedOrder, of_kind
from marketplace.orders.states import Goods

SHIPMENT: Final = """
INSERT INTO shipments (id, "order", number, carrier, tracking_number, tracking_url, shipped_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
LINES: Final = "INSERT INTO shipment_lines (shipment, line, quantity) SELECT $1, * FROM unnest($2::uuid[], $3::int[])"
ARRIVED: Final = """
UPDATE shipments SET delivered_at = coalesce(delivered_at, $2), confirmed_at = CASE WHEN $3 THEN $2::timestamptz END
WHERE "order" = $1 AND ($4::uuid IS NULL OR id = $4) AND (delivered_at IS NULL OR ($3 AND confirmed_at IS NULL))
RETURNING id, number
"""


class Carriage(Struct, frozen=True):
    """Who carries it, and under which number. Nobody: handed over in person."""

    carrier: str = ""
    tracking_number: str = ""

    @property
    def tracking_url(self) -> str:
        return tracking.page_of(self.carrier, self.tracking_number)

    def __str__(self) -> str:
        number = f", tracking number {self.tracking_number}" if self.tracking_number else ""
        return f"with {self.carrier}{number}" if self.carrier else "by hand"


class Sent(Struct, frozen=True):
    """A shipment by its id, and which of the order's it is."""

    id: UUID
    number: int


async def dispatch(order: LockedOrder, quantities: Mapping[UUID, int], how: Carriage, now: datetime) -> Sent:
    """So many of these lines travel together. The caller writes down that the order has one shipment more."""
    sent = Sent(uuid7(), order.sent_parts + 1)
    await progress.count_sent(order.id, quantities)
    await db.execute(
        SHIPMENT, sent.id, order.id, sent.number, how.carrier, how.tracking_number, how.tracking_url, now
    )  # fmt: skip
    await db.execute(LINES, sent.id, list(quantities), list(quantities.values()))
    return sent


async def arrived(order_id: UUID, now: datetime, *, confirmed: bool, shipment_id: UUID | None = None) -> list[Sent]:
    """One of an order's shipments has arrived, or all of them have; `confirmed`: its buyer says so. Those of which that is news."""
    rows = await db.fetch(ARRIVED, order_id, now, confirmed, shipment_id)
    return [Sent(row["id"], row["number"]) for row in rows]


async def received(order: LockedOrder, now: datetime, *, confirmed: bool) -> int:
    """A locked order counts as received, and so does all that was sent: where nothing was said to be, all of it was handed over;
    where only a part was (staff have settled it), the rest is called off.

    How many shipments it has then. Nothing for what is not sent at all.
    """
    if not is_sent_at_all(order):
        return 0
    parts = order.sent_parts
    rest = progress.unsent((await progress.progress_of(order.id)).values())
    if rest and parts:
        await progress.count_cancelled(order.id, rest)
    elif rest:
        parts = (await dispatch(order, rest, Carriage(), now)).number
    await arrived(order.id, now, confirmed=confirmed)
    return parts


def is_sent_at_all(order: LockedOrder) -> bool:
    """Whether its kind knows of sending."""
    return any(status == Goods.SHIPPED for status in of_kind(order.kind).statuses)
