"""The work under orders, read for update. RULES: its rows come before the checkout's and the orders'."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.engagements.errors import DeliveryNotFound, EngagementNotFound, RequestNotFound
from marketplace.engagements.schemas.work import LockedDelivery, LockedEngagement, LockedRequest
from marketplace.engagements.states import DeliveryStatus, RequestKind, RequestStatus
from marketplace.orders.errors import OnlyTheBuyer, OnlyTheSeller, OrderNotFound
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order, lock_order_of

COLUMNS: Final = ", ".join(LockedEngagement.__struct_fields__)
DELIVERY_COLUMNS: Final = ", ".join(LockedDelivery.__struct_fields__)
REQUEST_COLUMNS: Final = ", ".join(LockedRequest.__struct_fields__)
SIDE: Final = "(SELECT true FROM orders o WHERE o.id = {}.engagement AND $2 IN (o.buyer, o.seller))"


async def lock_work_of(order_ids: Sequence[UUID]) -> None:
    """In the order of their ids."""
    await db.execute(
        "SELECT FROM engagements WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(order_ids)
    )  # fmt: skip


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


async def lock_sold(order_id: UUID, seller: UUID) -> tuple[LockedOrder, LockedEngagement]:
    """Raises EngagementNotFound, OnlyTheSeller."""
    order, work = await lock_work(order_id, seller)
    if order.seller != seller:
        raise OnlyTheSeller
    return order, work


async def lock_bought(order_id: UUID, buyer: UUID) -> tuple[LockedOrder, LockedEngagement]:
    """Raises EngagementNotFound, OnlyTheBuyer."""
    order, work = await lock_work(order_id, buyer)
    if order.buyer != buyer:
        raise OnlyTheBuyer
    return order, work


async def order_of_delivery(delivery_id: UUID, viewer_id: UUID) -> UUID:
    """Raises DeliveryNotFound, also for who is on neither side."""
    order_id: UUID | None = await db.fetch_val(
        f"SELECT d.engagement FROM deliveries d WHERE d.id = $1 AND {SIDE.format('d')}", delivery_id, viewer_id
    )
    if order_id is None:
        raise DeliveryNotFound
    return order_id


async def latest_delivery(order_id: UUID) -> LockedDelivery | None:
    """Of locked work."""
    row = await db.fetch_row(
        f"SELECT {DELIVERY_COLUMNS} FROM deliveries WHERE engagement = $1 ORDER BY version DESC LIMIT 1", order_id
    )
    return None if row is None else LockedDelivery(**{**row, "status": DeliveryStatus(row["status"])})


async def order_of_request(request_id: UUID, kind: RequestKind, viewer_id: UUID) -> UUID:
    """Raises RequestNotFound, also for who is on neither side, and for a request of the other kind."""
    order_id: UUID | None = await db.fetch_val(
        f"SELECT r.engagement FROM engagement_requests r WHERE r.id = $1 AND r.kind = $3 AND {SIDE.format('r')}",
        request_id, viewer_id, kind,
    )  # fmt: skip
    if order_id is None:
        raise RequestNotFound
    return order_id


async def read_request(request_id: UUID) -> LockedRequest:
    """Of locked work. Raises RequestNotFound."""
    row = await db.fetch_row(f"SELECT {REQUEST_COLUMNS} FROM engagement_requests WHERE id = $1", request_id)
    if row is None:
        raise RequestNotFound
    return _request(row)


async def open_requests(order_id: UUID) -> list[LockedRequest]:
    """Of locked work."""
    rows = await db.fetch(
        f"SELECT {REQUEST_COLUMNS} FROM engagement_requests WHERE engagement = $1 AND status = 'open' ORDER BY id",
        order_id,
    )
    return [_request(row) for row in rows]


def _request(row: object) -> LockedRequest:
    found = dict(row)  # type: ignore[call-overload]
    return LockedRequest(**{**found, "kind": RequestKind(found["kind"]), "status": RequestStatus(found["status"])})
