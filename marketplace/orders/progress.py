"""How far each line of an order has come: what has been sent of it, and what was called off. Under the order's lock.

The counts have a row of their own beside the line, which never changes; a constraint refuses more than was ordered.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db

LINES: Final = """
SELECT l.id, l.subject, l.title, l.quantity, coalesce(p.sent, 0) AS sent, coalesce(p.cancelled, 0) AS cancelled
FROM order_lines l LEFT JOIN order_line_progress p ON p.id = l.id WHERE l."order" = $1 ORDER BY l.position
"""
COUNT: Final = """
INSERT INTO order_line_progress AS p (id, quantity, sent, cancelled)
SELECT l.id, l.quantity, t.sent, t.cancelled FROM unnest($2::uuid[], $3::int[], $4::int[]) AS t(id, sent, cancelled)
JOIN order_lines l ON l.id = t.id AND l."order" = $1
ON CONFLICT (id) DO UPDATE SET sent = p.sent + excluded.sent, cancelled = p.cancelled + excluded.cancelled
"""


class Progress(Struct, frozen=True, kw_only=True):
    """A line of an order; `subject` is what its way to sell calls it."""

    id: UUID
    subject: UUID
    title: str
    quantity: int
    sent: int
    cancelled: int

    @property
    def unsent(self) -> int:
        """What is still to be sent."""
        return self.quantity - self.sent - self.cancelled


async def progress_of(order_id: UUID) -> dict[UUID, Progress]:
    """By the line's id, in the order's order."""
    return {row["id"]: Progress(**row) for row in await db.fetch(LINES, order_id)}


def unsent(lines: Iterable[Progress]) -> dict[UUID, int]:
    """Lines of which something is still to be sent, and how many."""
    return {line.id: line.unsent for line in lines if line.unsent}


async def count_sent(order_id: UUID, quantities: Mapping[UUID, int]) -> None:
    none = [0] * len(quantities)
    await db.execute(COUNT, order_id, list(quantities), list(quantities.values()), none)


async def count_cancelled(order_id: UUID, quantities: Mapping[UUID, int]) -> None:
    none = [0] * len(quantities)
    await db.execute(COUNT, order_id, list(quantities), none, list(quantities.values()))
