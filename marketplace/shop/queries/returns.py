"""Returns for their buyer and their seller. What is somebody else's is not there."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.viewer import Viewer
from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders.errors import OrderNotFound
from marketplace.orders.queries.orders import MINE
from marketplace.orders.queries.shown import PARTIES, PERSON, money
from marketplace.orders.schemas.orders import OrderRole
from marketplace.shop.return_errors import ReturnNotFound
from marketplace.shop.schemas.returns import ReturnOut
from marketplace.shop.states import ReturnStatus

SOURCE: Final = f'order_returns r JOIN ({PARTIES}) ON o.id = r."order"'
LINES: Final = f"""(SELECT json_agg(json_build_object('line_id', l.id, 'variant_id', i.variant, 'product_name', l.title,
    'variant_name', l.variant, 'quantity', i.quantity, 'amount', {money("i.amount_minor")}) ORDER BY l.position)
  FROM order_return_lines i JOIN order_lines l ON l.id = i.line WHERE i.order_return = r.id)"""
HISTORY: Final = """(SELECT json_agg(json_build_object('status', h.to_status, 'reason', h.reason, 'created_at', h.at,
    'by', CASE h.actor WHEN r.buyer THEN 'buyer' WHEN r.seller THEN 'seller' ELSE 'system' END) ORDER BY h.id)
  FROM order_return_history h WHERE h.order_return = r.id)"""
COLUMNS: Final = f"""r.id, r."order" AS order_id, o.number AS order_number,
  CASE WHEN r.buyer = {{}} THEN 'buyer' ELSE 'seller' END AS role, r.status, r.reason, nullif(r.answer, '') AS answer,
  {LINES} AS lines, {money("r.amount_minor")} AS amount, {money("r.shipping_minor")} AS shipping_amount,
  {money("r.refunded_minor")} AS refunded_amount, o.currency, r.refund_id, r.restocked, {PERSON.format("b")} AS buyer,
  {PERSON.format("s")} AS seller, {HISTORY} AS status_history, r.answer_by, r.received_at, r.created_at, r.updated_at"""


class ReturnFilters(Filters):
    role: OrderRole | None = None
    status: list[ReturnStatus] | None = None
    order_id: UUID | None = None


class OrderReturnFilters(Filters):
    status: list[ReturnStatus] | None = None


ORDERING: Final = {
    "created_at": Order("r.created_at", "timestamptz"), "updated_at": Order("r.updated_at", "timestamptz"),
}  # fmt: skip
RETURNS: Final = Listing(
    "returns", ReturnFilters, key=Order("r.id", "uuid"), default="-created_at", ordering=ORDERING,
    search=("o.number", "r.reason"), date="r.created_at",
)  # fmt: skip
RETURNS_OF_ORDER: Final = Listing(
    "order_returns", OrderReturnFilters, key=Order("r.id", "uuid"), default="-created_at", ordering=ORDERING,
    date="r.created_at",
)  # fmt: skip


async def list_returns(listing: ListQuery[ReturnFilters], viewer: Viewer) -> Envelope[Page[ReturnOut]]:
    """What the viewer sends back, what comes back to them, or both."""
    wanted = listing.filters
    found = (
        listing.rows(SOURCE)
        .columns(COLUMNS, viewer.id)
        .where(MINE[wanted.role].replace("o.", "r."), viewer.id)
        .when("r.status = ANY({}::text[])", wanted.status)
        .when('r."order" = {}', wanted.order_id)
    )
    return await found.page(ReturnOut)


async def list_returns_of(
    order_id: UUID, listing: ListQuery[OrderReturnFilters], viewer: Viewer
) -> Envelope[Page[ReturnOut]]:
    """Of one order that the viewer buys or sells. Raises OrderNotFound."""
    if not await db.fetch_val("SELECT true FROM orders WHERE id = $1 AND $2 IN (buyer, seller)", order_id, viewer.id):
        raise OrderNotFound
    found = listing.rows(SOURCE).columns(COLUMNS, viewer.id).where('r."order" = {}', order_id)
    return await found.when("r.status = ANY({}::text[])", listing.filters.status).page(ReturnOut)


async def get_return(return_id: UUID, viewer_id: UUID) -> ReturnOut:
    """Raises ReturnNotFound."""
    found = await rows.one_or_none(
        ReturnOut, f"SELECT {COLUMNS.format('$2')} FROM {SOURCE} WHERE r.id = $1 AND $2 IN (r.buyer, r.seller)",
        return_id, viewer_id,
    )  # fmt: skip
    if found is None:
        raise ReturnNotFound
    return found


class BoughtLine(Struct, frozen=True, kw_only=True):
    """A line of an order: how many of it have been delivered, were called off and paid back before they were sent (`cancelled`), are in
    returns that stand (`claimed`), and have been received back.
    """

    id: UUID
    variant: UUID
    quantity: int
    total_minor: int
    delivered: int
    cancelled: int
    claimed: int
    received: int

    @property
    def settled(self) -> int:
        """How many of them have been paid back."""
        return self.received + self.cancelled


BOUGHT: Final = """
SELECT l.id, l.subject AS variant, l.quantity, l.subtotal_minor - l.discount_minor + l.tax_minor AS total_minor,
  coalesce((SELECT sum(i.quantity) FROM shipment_lines i JOIN shipments s ON s.id = i.shipment
    WHERE i.line = l.id AND s.delivered_at IS NOT NULL), 0)::int AS delivered,
  coalesce((SELECT sum(c.quantity) FROM order_line_cancellations c WHERE c.line = l.id), 0)::int AS cancelled,
  coalesce(sum(i.quantity) FILTER (WHERE r.status NOT IN ('rejected', 'cancelled')), 0)::int AS claimed,
  coalesce(sum(i.quantity) FILTER (WHERE r.status IN ('received', 'refunded')), 0)::int AS received
FROM order_lines l LEFT JOIN order_return_lines i ON i.line = l.id LEFT JOIN order_returns r ON r.id = i.order_return
WHERE l."order" = $1 GROUP BY l.id ORDER BY l.position
"""


async def bought_lines(order_id: UUID) -> dict[UUID, BoughtLine]:
    return {row["id"]: BoughtLine(**row) for row in await db.fetch(BOUGHT, order_id)}
