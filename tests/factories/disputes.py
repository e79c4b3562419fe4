"""Disputes about paid orders, and their time passing."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.disputes.queries.locking import LockedDispute, lock_dispute
from marketplace.disputes.service import opening, waiting
from marketplace.disputes.states import Reason
from tests.factories.orders import an_order

STORY = "It came in pieces, and nobody has answered me since."


async def a_dispute(
    minor: int = 10_000, *, by: str = "buyer", order_id: UUID | None = None, wanted: str | None = None, **over: Any
) -> UUID:
    """The id of a dispute that the buyer or the seller opened about a paid order."""
    order_id = order_id or await an_order(minor, **({"paid": "wallet"} | over))
    opener = await db.fetch_val(f"SELECT {by} FROM orders WHERE id = $1", order_id)
    return await opening.open_dispute(order_id, opener, Reason.NOT_AS_DESCRIBED, STORY, wanted)


async def look(dispute_id: UUID) -> LockedDispute:
    async with db.transaction():
        return await lock_dispute(dispute_id)


async def sides(dispute_id: UUID) -> tuple[UUID, UUID]:
    """Its buyer and its seller."""
    order = (await look(dispute_id)).order
    return order.buyer, order.seller


async def time_passes(dispute_id: UUID) -> None:
    """Until whatever it waits for is due."""
    await db.execute("UPDATE disputes SET due_at = now() - interval '1 second' WHERE id = $1", dispute_id)
    await waiting.due(dispute_id)


async def path_of(dispute_id: UUID) -> list[str]:
    rows = await db.fetch(
        "SELECT from_status, to_status FROM dispute_history WHERE dispute = $1 ORDER BY id", dispute_id
    )
    return [row["to_status"] for row in rows if row["from_status"] != row["to_status"]]
