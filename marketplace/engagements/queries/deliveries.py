"""Deliveries for the two sides of their order. What is somebody else's is not there."""

from typing import Final
from uuid import UUID

import msgspec
from asyncpg import Record

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.engagements.errors import DeliveryNotFound
from marketplace.engagements.files import DELIVERY
from marketplace.engagements.queries.engagements import check_side
from marketplace.engagements.schemas.deliveries import DeliveryOut, HandedOver
from marketplace.engagements.states import DeliveryStatus
from marketplace.media.queries import records_json
from marketplace.media.schemas import MediaRecord, media_out
from marketplace.orders.schemas.orders import OrderRole

SOURCE: Final = "deliveries d JOIN orders o ON o.id = d.engagement"
COLUMNS: Final = f"""d.id, d.engagement AS order_id, o.buyer, d.version, d.status, d.message, nullif(d.answer, '') AS answer,
  d.files::text AS handed_over, {records_json(DELIVERY, "d.id")}::text AS files, d.seen_at, d.answered_at, d.created_at,
  d.updated_at, NOT EXISTS (SELECT FROM deliveries n WHERE n.engagement = d.engagement AND n.version > d.version) AS is_latest,
  CASE WHEN d.status = 'submitted' THEN o.auto_complete_at END AS accepted_by_silence_at"""


class DeliveryFilters(Filters):
    status: list[DeliveryStatus] | None = None


DELIVERIES: Final = Listing(
    "order_deliveries", DeliveryFilters, key=Order("d.id", "uuid"), default="-version",
    ordering={"version": Order("d.version", "smallint"), "created_at": Order("d.created_at", "timestamptz")},
    date="d.created_at",
)  # fmt: skip


async def list_deliveries(
    order_id: UUID, listing: ListQuery[DeliveryFilters], viewer: Viewer
) -> Envelope[Page[DeliveryOut]]:
    """Of one order that the viewer buys or sells. Raises EngagementNotFound."""
    await check_side(order_id, viewer.id)
    rows = listing.rows(SOURCE).columns(COLUMNS).where("d.engagement = {}", order_id)
    return await rows.when("d.status = ANY({}::text[])", listing.filters.status).built(
        lambda row: _shown(row, viewer.id)
    )


async def get_delivery(delivery_id: UUID, viewer_id: UUID) -> DeliveryOut:
    """Raises DeliveryNotFound."""
    row = await db.fetch_row(
        f"SELECT {COLUMNS} FROM {SOURCE} WHERE d.id = $1 AND $2 IN (o.buyer, o.seller)", delivery_id, viewer_id
    )
    if row is None:
        raise DeliveryNotFound
    return _shown(row, viewer_id)


def _shown(row: Record, viewer_id: UUID) -> DeliveryOut:
    files = msgspec.json.decode(row["files"], type=list[MediaRecord])
    return DeliveryOut(
        id=row["id"], order_id=row["order_id"], version=row["version"], is_latest=row["is_latest"],
        role=OrderRole.BUYER if row["buyer"] == viewer_id else OrderRole.SELLER,
        status=DeliveryStatus(row["status"]), message=row["message"], answer=row["answer"],
        handed_over=msgspec.json.decode(row["handed_over"], type=list[HandedOver]),
        files=[media_out(one, viewer_id) for one in files], accepted_by_silence_at=row["accepted_by_silence_at"],
        seen_at=row["seen_at"], answered_at=row["answered_at"], created_at=row["created_at"], updated_at=row["updated_at"],
    )  # fmt: skip
