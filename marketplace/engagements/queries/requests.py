"""What the two sides of an order ask of each other."""

from typing import Final
from uuid import UUID

from marketplace.accounts.viewer import Viewer
from marketplace.core import rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.engagements.errors import RequestNotFound
from marketplace.engagements.queries.engagements import check_side
from marketplace.engagements.schemas.requests import RequestOut
from marketplace.engagements.states import RequestKind, RequestStatus

SOURCE: Final = "engagement_requests r JOIN orders o ON o.id = r.engagement"
COLUMNS: Final = """r.id, r.engagement AS order_id, r.kind, CASE WHEN r.asked_by = o.buyer THEN 'buyer' ELSE 'seller' END AS asked_by,
  r.asked_by = {} AS is_mine, r.days, r.reason, r.status, nullif(r.answer, '') AS answer,
  r.status = 'accepted' AND r.answered_by IS NULL AS by_silence, CASE WHEN r.status = 'open' THEN r.answer_by END AS answer_by,
  r.answered_at, r.created_at"""


class RequestFilters(Filters):
    status: list[RequestStatus] | None = None


def listing(kind: RequestKind) -> Listing[RequestFilters]:
    return Listing(
        f"{kind}_requests", RequestFilters, key=Order("r.id", "uuid"), default="-created_at",
        ordering={"created_at": Order("r.created_at", "timestamptz")}, date="r.created_at",
    )  # fmt: skip


EXTENSIONS: Final = listing(RequestKind.EXTENSION)
CANCELLATIONS: Final = listing(RequestKind.CANCELLATION)


async def list_requests(
    order_id: UUID, kind: RequestKind, listing: ListQuery[RequestFilters], viewer: Viewer
) -> Envelope[Page[RequestOut]]:
    """Of one order that the viewer buys or sells. Raises EngagementNotFound."""
    await check_side(order_id, viewer.id)
    found = listing.rows(SOURCE).columns(COLUMNS, viewer.id).where("r.engagement = {} AND r.kind = {}", order_id, kind)
    return await found.when("r.status = ANY({}::text[])", listing.filters.status).page(RequestOut)


async def get_request(request_id: UUID, viewer_id: UUID) -> RequestOut:
    """Raises RequestNotFound."""
    found = await rows.one_or_none(
        RequestOut, f"SELECT {COLUMNS.format('$2')} FROM {SOURCE} WHERE r.id = $1 AND $2 IN (o.buyer, o.seller)",
        request_id, viewer_id,
    )  # fmt: skip
    if found is None:
        raise RequestNotFound
    return found
