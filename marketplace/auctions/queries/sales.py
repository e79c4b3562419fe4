"""What is owed, and second chances."""

from typing import Final
from uuid import UUID

import msgspec

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.errors import OfferNotFound, SaleNotFound
from marketplace.auctions.schemas.sales import OfferOut, SaleOut
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
SALE: Final = f"""x.id, x.auction AS auction_id, x.lot AS lot_id, {TITLE}, x.kind, x.status,
  money_text(x.amount_minor, x.currency) AS amount, x.currency, x.pay_by, x.paid_at, x.created_at,
  json_build_object('id', b.id, 'username', b.username) AS buyer,
  json_build_object('id', s.id, 'username', s.username) AS seller"""
OFFER: Final = f"""x.id, x.auction AS auction_id, x.lot AS lot_id, {TITLE}, x.status,
  money_text(x.amount_minor, x.currency) AS amount, x.currency, x.expires_at, x.created_at, x.answered_at,
  json_build_object('id', s.id, 'username', s.username) AS seller"""


SALE_ROWS: Final = """sales x JOIN lots l ON l.id = x.lot JOIN auctions a ON a.id = x.auction
  JOIN users b ON b.id = x.buyer JOIN users s ON s.id = x.seller"""
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
