"""The history of an order: who moved it, when and why, and what else happened to it. Append-only."""

from typing import Final
from uuid import UUID

from marketplace.core import clock, db

WRITE: Final = (
    'INSERT INTO order_history ("order", from_status, to_status, actor, note, at) VALUES ($1, $2, $3, $4, $5, $6)'
)


async def moved(order_id: UUID, before: str, after: str, actor: UUID | None, note: str) -> None:
    """No actor: the house itself."""
    await db.execute(WRITE, order_id, before, after, actor, note, clock.now())


async def noted(order_id: UUID, status: str, actor: UUID | None, note: str) -> None:
    """Something happened to it that left its status as it was."""
    await moved(order_id, status, status, actor, note)
