"""What is owed, and second chances."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.errors import OfferNotFound, SaleNotFound
from marketplace.auctions.schemas.sales import OfferOut, SaleOut, StrikeOut
from marketplace.auctions.states import OfferStatus, SaleStatus
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order


class SaleFilters(Filters):
    status: list[SaleStatus] | None = None


class OfferFilters(Filters):
    status: list[OfferStatus] | None = None


SALES: Final = Listing(
    "sales", SaleFilters, key=Order("x.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("x.created_at", "timestamptz"), "pay_by": Order("x.pay_by", "timestamptz"),
        "amount": Order("x.amount_minor", "bigint"),
    },
    search=("a.title",), date="x.created_at",
)  # fmt: skip
OFFERS: Final = Listing(
    "offers", OfferFilters, key=Order("x.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("x.created_at", "timestamptz"), "expires_at": Order("x.expires_at", "timestamptz")
    },
    search=("a.title",), date="x.created_at",
)  # fmt: skip

TITLE: Final = "CASE WHEN l.title IN ('', a.title) THEN a.title ELSE a.title || ' – ' || l.title END AS title"
PAYMENT: Final = """CASE WHEN o.refunded_minor > 0 AND o.refunded_minor = o.captured_minor THEN 'refunded'
  WHEN o.refunded_minor > 0 THEN 'partly_refunded' WHEN o.captured_minor > 0 OR x.status = 'paid' THEN 'paid'
  WHEN x.status IN ('cancelled', 'unpaid') THEN 'cancelled' ELSE 'unpaid' END"""
SALE: Final = f"""x.id, x.auction AS auction_id, x.lot AS lot_id, {TITLE}, x.kind, x.status,
  money_text(x.amount_minor, x.currency) AS amount, x.currency, x.pay_by, x.paid_at, x.created_at,
  o.id AS order_id, o.number AS order_number, o.status AS order_status, {PAYMENT} AS payment_state,
  json_build_object('id', b.id, 'username', b.username) AS buyer,
  json_build_object('id', s.id, 'username', s.username) AS seller"""
OFFER: Final = f"""x.id, x.auction AS auction_id, x.lot AS lot_id, {TITLE}, x.status,
  money_text(x.amount_minor, x.currency) AS amount, x.currency, x.expires_at, x.created_at, x.answered_at,
  json_build_object('id', s.id, 'username', s.username) AS seller"""


SALE_ROWS: Final = """sales x JOIN lots l ON l.id = x.lot JOIN auctions a ON a.id = x.auction
  JOIN users b ON b.id = x.buyer JOIN users s ON s.id = x.seller LEFT JOIN orders o ON x."order" = o.id"""
OFFER_ROWS: Final = """second_chance_offers x JOIN lots l ON l.id = x.lot JOIN auctions a ON a.id = x.auction
  JOIN users s ON s.id = a.seller"""


async def list_sales(listing: ListQuery[SaleFilters], viewer: Viewer, *, as_buyer: bool) -> Envelope[Page[SaleOut]]:
    """What the viewer has won and owes, or what is owed to them."""
    rows = (
        listing.rows(SALE_ROWS)
        .columns(SALE)
        .where("x.buyer = {}" if as_buyer else "x.seller = {}", viewer.id)
        .when("x.status = ANY({}::text[])", listing.filters.status)
    )
    return await rows.page(SaleOut)


async def list_offers(listing: ListQuery[OfferFilters], viewer: Viewer) -> Envelope[Page[OfferOut]]:
    rows = (
        listing.rows(OFFER_ROWS)
        .columns(OFFER)
        .where("x.bidder = {}", viewer.id)
        .when("x.status = ANY({}::text[])", listing.filters.status)
    )
    return await rows.page(OfferOut)


class Win(Struct, frozen=True):
    sale_id: UUID
    lot_id: UUID
    is_waiting: bool


async def wins_to_pay(buyer_id: UUID, auction_id: UUID | None, lot_id: UUID | None) -> list[Win]:
    """What this buyer has won in an auction, or of a lot, the newest first."""
    rows = await db.fetch(
        "SELECT id, lot, status = 'awaiting_payment' AS is_waiting FROM sales WHERE buyer = $1 "
        "AND ($2::uuid IS NULL OR auction = $2) AND ($3::uuid IS NULL OR lot = $3) "
        "AND ($2::uuid IS NOT NULL OR $3::uuid IS NOT NULL) ORDER BY id DESC",
        buyer_id, auction_id, lot_id,
    )  # fmt: skip
    return [Win(row["id"], row["lot"], row["is_waiting"]) for row in rows]


async def get_sale(sale_id: UUID, viewer: Viewer) -> SaleOut:
    """A sale the viewer has part in. Raises SaleNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {SALE} FROM {SALE_ROWS} "
        "WHERE x.id = $1 AND $2 IN (x.buyer, x.seller)) AS shown",
        sale_id, viewer.id,
    )  # fmt: skip
    if body is None:
        raise SaleNotFound
    return msgspec.json.decode(body, type=SaleOut)


STRIKES: Final = f"""SELECT coalesce(json_agg(shown ORDER BY shown.at DESC), '[]')::text FROM (
  SELECT k.id, x.auction AS auction_id, x.lot AS lot_id, {TITLE}, k.at, k.lifted_at
  FROM auction_strikes k JOIN sales x ON x.id = k.sale JOIN lots l ON l.id = x.lot JOIN auctions a ON a.id = x.auction
  WHERE k."user" = $1 ORDER BY k.at DESC LIMIT 100) AS shown"""


async def list_strikes(user_id: UUID) -> list[StrikeOut]:
    """The newest of them."""
    return msgspec.json.decode(await db.fetch_val(STRIKES, user_id), type=list[StrikeOut])


async def get_offer(offer_id: UUID, viewer: Viewer) -> OfferOut:
    """An offer made to the viewer. Raises OfferNotFound."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {OFFER} FROM {OFFER_ROWS} "
        "WHERE x.id = $1 AND x.bidder = $2) AS shown",
        offer_id, viewer.id,
    )  # fmt: skip
    if body is None:
        raise OfferNotFound
    return msgspec.json.decode(body, type=OfferOut)
