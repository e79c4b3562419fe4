"""The work under orders, read for update. RULES: its rows come before the checkout's and the orders'."""

from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.engagements.errors import EngagementNotFound
from marketplace.engagements.schemas.work import LockedEngagement
from marketplace.orders.errors import OrderNotFound
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order, lock_order_of

COLUMNS: Final = ", ".join(LockedEngagement.__struct_fields__)


async def lock_work_of(order_ids: tuple[UUID, ...]) -> None:
    """In the order of their ids."""
    await db.execute("SELECT FROM engagements WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(order_ids))


async def read_work(order_id: UUID) -> LockedEngagement:
    """The work under a locked order: its kind has locked it with the order. Raises EngagementNotFound."""
    row = await db.fetch_row(f"SELECT {COLUMNS} FROM engagements WHERE id = $1", order_id)
    if row is None:
        raise EngagementNotFound
    return LockedEngagement(**row)


async def lock_work(order_id: UUID, viewer_id: UUID | None = None) -> tuple[LockedOrder, LockedEngagement]:
    """The order of a gig and the work under it, locked. Raises EngagementNotFound, also for whose order it is not."""
    try:
        order = await (lock_order(order_id) if viewer_id is None else lock_order_of(order_id, viewer_id))
    except OrderNotFound:
        raise EngagementNotFound from None
    return order, await read_work(order_id)
