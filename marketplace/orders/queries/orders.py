"""Orders for their buyer and their seller. What is somebody else's is not there."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

import msgspec

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import ValidationFailed
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders.errors import OrderNotFound
from marketplace.orders.fulfilment import kinds, of_kind
from marketplace.orders.parts import DUE_CHECKOUT
from marketplace.orders.parts import ORDERS as ORDERS_OF
from marketplace.orders.queries.shipments import OF_ORDER, SENDING
from marketplace.orders.queries.shown import ESCROW, HELD, PARTIES, PERSON, TITLE, money
from marketplace.orders.schemas.orders import OrderCard, OrderOut, OrderRole
from marketplace.orders.states import EscrowStatus, Phase


class OrderFilters(Filters):
    role: OrderRole | None = None
    status: list[str] | None = None
    phase: list[Phase] | None = None
    kind: list[str] | None = None
    escrow: list[EscrowStatus] | None = None


ORDERS: Final = Listing(
    "orders", OrderFilters, key=Order("o.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("o.created_at", "timestamptz"), "updated_at": Order("o.updated_at", "timestamptz"),
        "total_amount": Order("o.total_minor", "bigint"),
    },
    search=("o.number", TITLE), date="o.created_at",
)  # fmt: skip

CARD: Final = f"""o.id, o.number AS order_number, {DUE_CHECKOUT} AS checkout_id, o.kind,
  CASE WHEN o.buyer = {{}} THEN 'buyer' ELSE 'seller' END AS role, {TITLE} AS title,
  (SELECT count(*) FROM order_lines l WHERE l."order" = o.id) AS item_count, o.status, o.phase, {ESCROW} AS escrow,
  {money("o.total_minor")} AS total_amount, {money("o.refunded_minor")} AS refunded_amount, o.currency,
  {PERSON.format("b")} AS buyer, {PERSON.format("s")} AS seller, o.expires_at, o.paid_at, o.created_at, o.updated_at"""

MINE: Final = {None: "{} IN (o.buyer, o.seller)", OrderRole.BUYER: "o.buyer = {}", OrderRole.SELLER: "o.seller = {}"}

ITEMS: Final = f"""(SELECT coalesce(json_agg(json_build_object('id', l.id, 'subject_id', l.subject, 'product_name', l.title,
    'product_sku', l.sku, 'variant_name', l.variant, 'quantity', l.quantity, 'shipped_quantity', coalesce(p.sent, 0),
    'cancelled_quantity', coalesce(p.cancelled, 0), 'price', {money("l.unit_minor")},
    'subtotal', {money("l.subtotal_minor")}, 'discount', {money("l.discount_minor")}, 'tax', {money("l.tax_minor")},
    'commission', CASE WHEN o.seller = $2 THEN {money("l.commission_minor")} END) ORDER BY l.position), '[]')
  FROM order_lines l LEFT JOIN order_line_progress p ON p.id = l.id WHERE l."order" = o.id)"""
TOLD: Final = """(SELECT coalesce(json_agg(json_build_object('status', h.to_status, 'note', h.note, 'created_at', h.at,
    'by', CASE WHEN h.actor IS NULL THEN 'system' WHEN h.actor = o.buyer THEN 'buyer' WHEN h.actor = o.seller THEN 'seller'
      ELSE 'staff' END) ORDER BY h.id), '[]')
  FROM order_history h WHERE h."order" = o.id AND {})"""
ACTIVITY: Final = TOLD.format("true")
HISTORY: Final = TOLD.format("h.from_status <> h.to_status")
CHECKOUT: Final = f"""(SELECT json_build_object('id', due.checkout,
    'amount_due', money_text(coalesce(sum(CASE
      WHEN c.in_parts THEN (SELECT x.amount_minor FROM order_parts x WHERE x."order" = c.id AND x.checkout = due.checkout
        AND x.due_at IS NOT NULL AND x.paid_at IS NULL AND c.phase IN ('unpaid', 'open') AND c.frozen_at IS NULL)
      WHEN c.phase = 'unpaid' THEN c.total_minor END), 0)::bigint, o.currency),
    'orders', json_agg(json_build_object('id', c.id, 'order_number', c.number, 'status', c.status,
      'total_amount', money_text(c.total_minor, c.currency)) ORDER BY c.id))
  FROM (SELECT {DUE_CHECKOUT} AS checkout) due JOIN orders c ON c.id IN {ORDERS_OF.format("due.checkout")}
  GROUP BY due.checkout)"""

SHOWN: Final = f"""SELECT row_to_json(shown)::text FROM (SELECT o.id, o.number AS order_number, o.kind,
  CASE WHEN o.buyer = $2 THEN 'buyer' ELSE 'seller' END AS role, o.status, o.phase, {ESCROW} AS escrow, o.currency,
  {money("o.subtotal_minor")} AS subtotal, {money("o.discount_minor")} AS discount, {money("o.tax_minor")} AS tax,
  {money("o.shipping_minor")} AS shipping_cost, {money("o.total_minor")} AS total_amount, {money(HELD)} AS held_amount,
  {money("o.captured_minor")} AS paid_amount, {money("o.refunded_minor")} AS refunded_amount, o.in_parts,
  CASE WHEN o.seller = $2 THEN {money("o.commission_minor")} END AS commission,
  CASE WHEN o.seller = $2 THEN {money("o.total_minor - o.commission_minor - o.tax_minor")} END AS net_amount,
  {ITEMS} AS items, {PERSON.format("b")} AS buyer, {PERSON.format("s")} AS seller,
  CASE WHEN o.buyer = $2 THEN {CHECKOUT} END AS checkout, o.shipping_address, o.billing_address, o.note,
  nullif(o.carrier, '') AS carrier, nullif(o.tracking_number, '') AS tracking_number, {SENDING} AS shipping_status,
  {OF_ORDER} AS shipments, {HISTORY} AS status_history, {ACTIVITY} AS activity,
  o.frozen_at IS NOT NULL AS is_frozen, nullif(o.cancel_reason, '') AS cancel_reason, o.expires_at, o.auto_complete_at,
  o.paid_at, o.shipped_at, o.delivered_at, o.completed_at, o.cancelled_at,
  CASE WHEN o.seller = $2 THEN o.clears_at END AS clears_at, CASE WHEN o.seller = $2 THEN o.cleared_at END AS cleared_at,
  o.created_at, o.updated_at
FROM {PARTIES} WHERE o.id = $1 AND $2 IN (o.buyer, o.seller)) AS shown"""


async def list_orders(listing: ListQuery[OrderFilters], viewer: Viewer) -> Envelope[Page[OrderCard]]:
    """What the viewer has bought, sold, or both."""
    wanted = listing.filters
    _check_known("kind", wanted.kind, kinds())
    _check_known("status", wanted.status, {status.value for kind in kinds() for status in of_kind(kind).statuses})
    rows = (
        listing.rows(PARTIES)
        .columns(CARD, viewer.id)
        .where(MINE[wanted.role], viewer.id)
        .when("o.status = ANY({}::text[])", wanted.status)
        .when("o.phase = ANY({}::text[])", wanted.phase)
        .when("o.kind = ANY({}::text[])", wanted.kind)
        .when(f"({ESCROW}) = ANY({{}}::text[])", wanted.escrow)
    )
    return await rows.page(OrderCard)


def _check_known(field: str, wanted: Collection[str] | None, known: Collection[str]) -> None:
    """What there is depends on the ways to sell. Raises ValidationFailed that names it."""
    if unknown := sorted(set(wanted or ()) - set(known)):
        raise ValidationFailed.of(field, f"Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")


async def get_order(order_id: UUID, viewer_id: UUID) -> OrderOut:
    """An order that the viewer buys or sells. Raises OrderNotFound."""
    body = await db.fetch_val(SHOWN, order_id, viewer_id)
    if body is None:
        raise OrderNotFound
    return msgspec.json.decode(body, type=OrderOut)
