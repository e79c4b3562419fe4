"""What somebody bought or sold, as far as a review needs to know."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db
from marketplace.orders.errors import OrderNotFound
from marketplace.orders.reviewing import Reviewable
from marketplace.orders.states import Phase


class Purchase(Struct, frozen=True, kw_only=True):
    """An order that somebody is a side of. `completed_at` is there once its phase is completed."""

    id: UUID
    kind: str
    buyer: UUID
    seller: UUID
    status: str
    phase: Phase
    completed_at: datetime | None


class Line(Struct, frozen=True, kw_only=True):
    """A line that is reviewed as `subject`."""

    id: UUID
    order: UUID
    subject: UUID


PURCHASE: Final = "SELECT id, kind, buyer, seller, status, phase, completed_at FROM orders WHERE id = $1"


async def get_purchase(order_id: UUID, viewer_id: UUID) -> Purchase:
    """Raises OrderNotFound for what is somebody else's."""
    row = await db.fetch_row(f"{PURCHASE} AND $2 IN (buyer, seller)", order_id, viewer_id)
    if row is None:
        raise OrderNotFound
    return Purchase(**{**row, "phase": Phase(row["phase"])})


async def lines_of(reviewable: Reviewable, order_id: UUID) -> list[Line]:
    """Those that are reviewed, in the order's own order."""
    rows = await db.fetch(
        f'SELECT l.id, l."order", {reviewable.subject} AS subject FROM order_lines l JOIN orders o ON o.id = l."order" '
        "WHERE o.id = $1 ORDER BY l.position",
        order_id,
    )
    return [Line(**row) for row in rows if row["subject"] is not None]


async def find_bought(reviewable: Reviewable, buyer_id: UUID, subject_id: UUID) -> Line | None:
    """The first line by which this was bought and received (what was sent back since, too), one without a review before others."""
    row = await db.fetch_row(
        f'SELECT l.id, l."order", $3::uuid AS subject FROM orders o JOIN order_lines l ON l."order" = o.id '
        f"WHERE o.buyer = $1 AND o.kind = $2 AND o.phase = 'completed' AND {reviewable.subject} = $3 "
        "ORDER BY EXISTS (SELECT FROM reviews r WHERE r.order_line = l.id AND r.author = $1), o.completed_at, l.id LIMIT 1",
        buyer_id, reviewable.order_kind, subject_id,
    )  # fmt: skip
    return None if row is None else Line(**row)
