"""What of an order has been sent, and how it travels; `o` is the order."""

from typing import Final
from uuid import UUID

from marketplace.accounts.viewer import Viewer
from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders.errors import OrderNotFound, ShipmentNotFound
from marketplace.orders.schemas.shipments import ShipmentOut

LINES: Final = """(SELECT json_agg(json_build_object('line_id', l.id, 'product_name', l.title, 'variant_name', l.variant,
    'quantity', i.quantity) ORDER BY l.position)
  FROM shipment_lines i JOIN order_lines l ON l.id = i.line WHERE i.shipment = s.id)"""
COLUMNS: Final = f"""s.id, s.number, nullif(s.carrier, '') AS carrier, nullif(s.tracking_number, '') AS tracking_number,
  nullif(s.tracking_url, '') AS tracking_url, {LINES} AS lines, s.shipped_at, s.delivered_at, s.confirmed_at"""
OF_ORDER: Final = f"""(SELECT coalesce(json_agg(row_to_json(one) ORDER BY one.number), '[]')
  FROM (SELECT {COLUMNS} FROM shipments s WHERE s."order" = o.id) AS one)"""
SENDING: Final = """CASE
    WHEN o.sent_parts = 0 THEN 'unsent'
    WHEN EXISTS (SELECT FROM order_lines l LEFT JOIN order_line_progress p ON p.id = l.id
      WHERE l."order" = o.id AND l.quantity > coalesce(p.sent + p.cancelled, 0)) THEN 'partially_shipped'
    ELSE (SELECT CASE WHEN bool_and(s.delivered_at IS NOT NULL) THEN 'delivered'
      WHEN bool_or(s.delivered_at IS NOT NULL) THEN 'partially_delivered' ELSE 'shipped' END
      FROM shipments s WHERE s."order" = o.id) END"""
"""`states.Sending` of an order."""


class ShipmentFilters(Filters):
    delivered: bool | None = None


SHIPMENTS: Final = Listing(
    "shipments", ShipmentFilters, key=Order("s.id", "uuid"), default="number",
    ordering={"number": Order("s.number", "smallint")},
)  # fmt: skip


async def list_shipments(
    order_id: UUID, listing: ListQuery[ShipmentFilters], viewer: Viewer
) -> Envelope[Page[ShipmentOut]]:
    """Of an order that the viewer buys or sells. Raises OrderNotFound."""
    if not await db.fetch_val("SELECT true FROM orders WHERE id = $1 AND $2 IN (buyer, seller)", order_id, viewer.id):
        raise OrderNotFound
    found = listing.rows("shipments s").columns(COLUMNS).where('s."order" = {}', order_id)
    return await found.when("(s.delivered_at IS NOT NULL) = {}", listing.filters.delivered).page(ShipmentOut)


async def get_shipment(order_id: UUID, shipment_id: UUID, viewer_id: UUID) -> ShipmentOut:
    """Raises ShipmentNotFound."""
    found = await rows.one_or_none(
        ShipmentOut,
        f'SELECT {COLUMNS} FROM shipments s JOIN orders o ON o.id = s."order" '
        "WHERE s.id = $1 AND o.id = $2 AND $3 IN (o.buyer, o.seller)",
        shipment_id, order_id, viewer_id,
    )  # fmt: skip
    if found is None:
        raise ShipmentNotFound
    return found
