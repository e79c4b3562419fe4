"""Lists of auctions, and one auction whole."""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.errors import AuctionNotFound
from marketplace.auctions.queries.shown import (
    BUY_NOW_OPEN,
    CATEGORY,
    COUNTED,
    MINIMUM,
    PERSON,
    RESERVE_MET,
    SOURCE,
    VISIBLE,
)
from marketplace.auctions.rules import PUBLIC_NAMES
from marketplace.auctions.schemas.auctions import AuctionCard, AuctionOut, MyAuctionCard, RoomSnapshot
from marketplace.auctions.schemas.common import ImageOut
from marketplace.auctions.states import AuctionStatus
from marketplace.catalog.queries.categories import BELOW
from marketplace.core import clock, db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import ValidationFailed
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import MAX_MINOR, exponent
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.media.queries import image_json

NEWEST_BIDS: Final = 20
SOON: Final = timedelta(hours=24)


class AuctionFilters(Filters):
    status: list[AuctionStatus] | None = None
    category: Annotated[str, Meta(max_length=200, description="Id or slug; with all below it.")] | None = None
    seller: Annotated[str, Meta(max_length=80, description="Id or public name.")] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    min_price: Annotated[Decimal, Meta(description="Current price, in the auction's own currency.")] | None = None
    max_price: Annotated[Decimal, Meta(description="At most this.")] | None = None
    ends_after: datetime | None = None
    ends_before: datetime | None = None
    has_reserve: bool | None = None
    buy_now: Annotated[bool, Meta(description="Can be bought outright now.")] | None = None


class RunningFilters(AuctionFilters):
    """`status` says nothing here: all of them run."""


class SoonFilters(AuctionFilters):
    hours: Annotated[float, Meta(gt=0, le=24 * 30, description="How soon.")] = SOON.total_seconds() / 3600


ORDERING: Final = {
    "ends_at": Order("coalesce(a.ends_at, 'infinity'::timestamptz)", "timestamptz"),
    "starts_at": Order("coalesce(a.starts_at, 'infinity'::timestamptz)", "timestamptz"),
    "created_at": Order("a.created_at", "timestamptz"),
    "current_price": Order("l.price_minor", "bigint"),
    "bid_count": Order("l.bid_count", "integer"),
}
KEY: Final = Order("a.id", "uuid")


def _listing(name: str, filters: Any, default: str) -> Listing[Any]:
    return Listing(
        name,
        filters,
        key=KEY,
        ordering=ORDERING,
        default=default,
        search=("a.title", "a.description"),
        date="a.created_at",
    )


AUCTIONS: Final = _listing("auctions", AuctionFilters, "-created_at")
ACTIVE: Final = _listing("auctions.active", RunningFilters, "ends_at")
ENDING_SOON: Final = _listing("auctions.ending_soon", SoonFilters, "ends_at")
MINE: Final = _listing("auctions.mine", AuctionFilters, "-created_at")
WATCHED: Final = _listing("auctions.watched", AuctionFilters, "ends_at")

# The empty object is written without braces, which mark the places of values here.
MEDIA: Final = image_json("media").replace("'{}'::jsonb", "jsonb_build_object()")
# `OFFSET 0` has each picture described once, not once for each of its parts.
PICTURES: Final = f"""(SELECT json_agg(json_build_object('id', i.id, 'alt', i.alt, 'position', i.position,
    'state', i.shown -> 'state', 'url', i.shown -> 'url', 'thumbnail', i.shown -> 'sizes' -> '600' -> 'url',
    'sizes', i.shown -> 'sizes') ORDER BY i.position, i.id) AS described,
    (array_agg(i.shown -> 'sizes' -> '600' ->> 'url' ORDER BY i.position, i.id) FILTER (WHERE i.state = 'ready'))[1] AS first
  FROM (SELECT p.id, p.alt, p.position, media.state, {MEDIA} AS shown
    FROM auction_images p JOIN media ON media.id = p.media
    WHERE p.auction = a.id AND media.state IN ('pending', 'ready') OFFSET 0) AS i)"""
BESIDE: Final = f"""(SELECT sum(x.bid_count) AS bids, count(*) AS number, max(x.ends_at) AS ends_at
    FROM lots x WHERE x.auction = a.id) AS all_lots
  CROSS JOIN LATERAL {PICTURES} AS pictures
  CROSS JOIN LATERAL (SELECT count(*) AS number, count(*) FILTER (WHERE w."user" = {{}}) AS own
    FROM auction_watches w WHERE w.auction = a.id) AS watches"""
"""What `CARD` shows of other tables' rows; `{{}}` is the viewer's id or null."""
CARD: Final = f"""a.id, a.title, a.status, a.currency,
  money_text(l.price_minor, a.currency) AS current_price, money_text(l.start_minor, a.currency) AS starting_price,
  CASE WHEN {BUY_NOW_OPEN} THEN money_text(l.buy_now_minor, a.currency) END AS buy_now_price,
  all_lots.bids AS bid_count, l.reserve_minor IS NOT NULL AS has_reserve, {RESERVE_MET} AS reserve_met, a.requires_hold,
  all_lots.number AS lot_count, a.starts_at, coalesce(all_lots.ends_at, a.ends_at) AS ends_at, a.created_at,
  {CATEGORY} AS category, {PERSON} AS seller,
  pictures.first AS image, coalesce(pictures.described, '[]') AS images,
  watches.number AS watch_count, watches.own > 0 AS is_watched"""
ENDS_AT: Final = "coalesce((SELECT max(x.ends_at) FROM lots x WHERE x.auction = a.id), a.ends_at)"
"""As `CARD` shows it, moved by late bids. Lists are ordered by the announced end, which an index has."""
OWN: Final = "money_text(l.reserve_minor, a.currency) AS reserve_price, nullif(l.outcome, '') AS outcome"


def _filtered(rows: Rows, wanted: AuctionFilters) -> Rows:
    seller = _uuid(wanted.seller)
    rows = _priced(rows, wanted.min_price, "min_price", ">=", wanted.currency)
    rows = _priced(rows, wanted.max_price, "max_price", "<=", wanted.currency)
    return (
        _status(rows, wanted.status)
        .when(f"a.category IN {BELOW}", wanted.category, wanted.category)
        .when("a.seller = {}", seller)
        .when("a.seller = (SELECT id FROM users WHERE lower(username) = lower({}))", None if seller else wanted.seller)
        .when("a.currency = {}", wanted.currency)
        .when(f"{ENDS_AT} >= {{}}", wanted.ends_after)
        .when("a.ends_at < {}", wanted.ends_before)  # never after the shown one: narrows, by the index
        .when(f"{ENDS_AT} < {{}}", wanted.ends_before)
        .where(_either(wanted.has_reserve, "l.reserve_minor IS NOT NULL"))
        .where(_either(wanted.buy_now, BUY_NOW_OPEN))
    )


def _status(rows: Rows, wanted: list[AuctionStatus] | None) -> Rows:
    # One status as an equality: only that lets an index on (status, ...) give the order as well.
    if wanted is not None and len(wanted) == 1:
        return rows.where("a.status = {}", wanted[0])
    return rows.when("a.status = ANY({}::text[])", wanted)


def _either(wanted: bool | None, condition: str) -> str:
    return "true" if wanted is None else condition if wanted else f"NOT ({condition})"


def _priced(rows: Rows, price: Decimal | None, field: str, side: str, currency: str | None) -> Rows:
    """Prices on one side of an amount, each in its own currency. Raises ValidationFailed naming the field."""
    if price is None:
        return rows
    if not (price.is_finite() and abs(price) < MAX_MINOR):
        raise ValidationFailed.of(field, "Must be an amount within reason.")
    rounding = ROUND_CEILING if side == ">=" else ROUND_FLOOR
    whole, thousandths, hundredths = (int(price.scaleb(n).to_integral_value(rounding)) for n in (0, 3, 2))
    if currency is not None:
        exact = {0: whole, 3: thousandths}.get(exponent(currency), hundredths)
        return rows.where(f"l.price_minor {side} {{}}::bigint", exact)
    # The widest bound comes first: an index can answer that one.
    rows = rows.where(f"l.price_minor {side} {{}}::bigint", whole if side == ">=" else thousandths)
    decided = "CASE currency_exponent(a.currency) WHEN 0 THEN {}::bigint WHEN 3 THEN {}::bigint ELSE {}::bigint END"
    return rows.where(f"l.price_minor {side} {decided}", whole, thousandths, hundredths)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _cards(listing: ListQuery[Any], visitor: Viewer | None) -> Rows:
    rows = listing.rows(SOURCE).counted(COUNTED).columns(f"{CARD} FROM {BESIDE}", visitor.id if visitor else None)
    return _filtered(rows, listing.filters)


# Everybody sees what runs. Said without VISIBLE, an index alone answers the count.
RUNNING: Final = "a.status = 'active' AND a.deleted_at IS NULL"


async def list_auctions(listing: ListQuery[AuctionFilters], visitor: Viewer | None) -> Envelope[Page[AuctionCard]]:
    """All there are; cancelled ones only where asked for."""
    rows = _cards(listing, visitor).where(VISIBLE, visitor.id if visitor else None)
    if listing.filters.status is None:
        rows = rows.where("a.status <> 'cancelled'")
    return await rows.page(AuctionCard)


async def list_active(listing: ListQuery[RunningFilters], visitor: Viewer | None) -> Envelope[Page[AuctionCard]]:
    return await _cards(listing, visitor).where(RUNNING).page(AuctionCard)


async def list_ending_soon(listing: ListQuery[SoonFilters], visitor: Viewer | None) -> Envelope[Page[AuctionCard]]:
    until = clock.now() + timedelta(hours=listing.filters.hours)
    return await _cards(listing, visitor).where(f"{RUNNING} AND a.ends_at < {{}}", until).page(AuctionCard)


async def list_mine(listing: ListQuery[AuctionFilters], viewer: Viewer) -> Envelope[Page[MyAuctionCard]]:
    rows = listing.rows(SOURCE).counted(COUNTED).columns(f"{CARD}, {OWN} FROM {BESIDE}", viewer.id)
    rows = rows.where("a.deleted_at IS NULL AND a.seller = {}", viewer.id)
    return await _filtered(rows, listing.filters).page(MyAuctionCard)


async def list_watched(listing: ListQuery[AuctionFilters], viewer: Viewer) -> Envelope[Page[AuctionCard]]:
    rows = _cards(listing, viewer).where(VISIBLE, viewer.id)
    rows = rows.where('EXISTS (SELECT FROM auction_watches w WHERE w.auction = a.id AND w."user" = {})', viewer.id)
    return await rows.page(AuctionCard)


# `$2`: whether bidders' names are shown.
LINES: Final = f"""(SELECT coalesce(json_agg(line ORDER BY line.bid_no DESC), '[]') FROM (
  SELECT b.seq AS bid_no, CASE WHEN $2 THEN bu.username ELSE 'bidder ' || b.bidder_no END AS bidder,
    CASE WHEN $2 THEN lu.username ELSE 'bidder ' || b.leader_no END AS leader, b.kind,
    money_text(b.price_after, a.currency) AS amount, b.received_at AS timestamp,
    EXISTS (SELECT FROM bids r WHERE r.lot = b.lot AND r.kind = 'retraction' AND r.target_seq = b.seq) AS retracted
  FROM bids b JOIN users bu ON bu.id = b.bidder LEFT JOIN users lu ON lu.id = b.leader_after
  WHERE b.lot = l.id AND b.kind IN ('bid', 'auto', 'buy_now') ORDER BY b.seq DESC LIMIT {NEWEST_BIDS}) AS line)"""
LEADER: Final = """(CASE WHEN $2 THEN (SELECT username FROM users WHERE id = l.leader)
  ELSE 'bidder ' || (SELECT bidder_no FROM bids WHERE lot = l.id AND bidder = l.leader LIMIT 1) END)"""
LOTS: Final = f"""(SELECT json_agg(shown ORDER BY shown.position) FROM (
  SELECT l.id, l.position, l.title, l.description, l.status, nullif(l.outcome, '') AS outcome,
    money_text(l.start_minor, a.currency) AS starting_price, money_text(l.price_minor, a.currency) AS current_price,
    money_text({MINIMUM}, a.currency) AS minimum_bid, l.bid_count, {LEADER} AS leader,
    CASE WHEN l.outcome = 'sold' THEN {LEADER} END AS winner,
    l.reserve_minor IS NOT NULL AS has_reserve, {RESERVE_MET} AS reserve_met,
    CASE WHEN {BUY_NOW_OPEN} THEN money_text(l.buy_now_minor, a.currency) END AS buy_now_price,
    l.ends_at, {LINES} AS bids
  FROM lots l WHERE l.auction = a.id) AS shown)"""

SNAPSHOT: Final = f"""SELECT row_to_json(room)::text FROM (
  SELECT 'snapshot' AS type, a.id AS auction_id, a.title, a.currency, a.status, a.requires_hold, a.starts_at, a.ends_at, {LOTS} AS lots
  FROM auctions a WHERE a.id = $1) AS room"""


async def room_snapshot(auction_id: UUID) -> RoomSnapshot:
    """The room as it is in the current transaction. Raises AuctionNotFound."""
    body = await db.fetch_val(SNAPSHOT, auction_id, await PUBLIC_NAMES.value())
    if body is None:
        raise AuctionNotFound
    return msgspec.json.decode(body, type=RoomSnapshot)


# `$3`: the viewer's id or null, `$4`: whether they are staff.
VIEWER: Final = """CASE WHEN $3::uuid IS NOT NULL THEN json_build_object(
  'is_seller', a.seller = $3,
  'lots', (SELECT coalesce(json_agg(json_build_object('lot_id', x.id, 'leading', coalesce(x.leader = $3, false),
      'maximum', money_text(CASE WHEN x.leader = $3 THEN x.leader_max_minor ELSE mine.most END, a.currency))
      ORDER BY x.position), '[]')
    FROM lots x JOIN LATERAL (SELECT max(b.max_minor) AS most FROM bids b WHERE b.lot = x.id AND b.bidder = $3
      AND b.kind <> 'retraction' AND NOT EXISTS (SELECT FROM bids r WHERE r.lot = b.lot AND (
        r.kind = 'retraction' AND r.target_seq = b.seq OR r.kind = 'cap' AND r.bidder = $3 AND r.seq > b.seq))) mine ON mine.most IS NOT NULL WHERE x.auction = a.id),
  'terms', (SELECT coalesce(json_agg(json_build_object('lot_id', x.id,
      'reserve_price', money_text(x.reserve_minor, a.currency),
      'buy_now_price', money_text(x.buy_now_minor, a.currency)) ORDER BY x.position), '[]')
    FROM lots x WHERE x.auction = a.id AND (a.seller = $3 OR $4))) END"""
DETAIL: Final = f"""SELECT row_to_json(auction)::text FROM (
  SELECT {CARD}, a.description, {LOTS} AS lots, {VIEWER} AS viewer
  FROM {SOURCE} CROSS JOIN LATERAL {BESIDE.replace("{}", "$3::uuid")} WHERE a.id = $1 AND ($4 OR {VISIBLE.replace("{}", "$3")})) AS auction"""


async def get_auction(auction_id: UUID, visitor: Viewer | None) -> AuctionOut:
    """One auction as this visitor may see it. Raises AuctionNotFound."""
    body = await db.fetch_val(
        DETAIL, auction_id, await PUBLIC_NAMES.value(), visitor.id if visitor else None,
        visitor is not None and visitor.is_staff,
    )  # fmt: skip
    if body is None:
        raise AuctionNotFound
    return msgspec.json.decode(body, type=AuctionOut)


async def check_visible(auction_id: UUID, visitor: Viewer | None) -> None:
    """Raises AuctionNotFound for an auction that is not there for this visitor."""
    seen = VISIBLE.replace("{}", "$2")
    if not await db.fetch_val(
        f"SELECT $3 OR {seen} FROM auctions a WHERE a.id = $1 AND a.deleted_at IS NULL",
        auction_id, visitor.id if visitor else None, visitor is not None and visitor.is_staff,
    ):  # fmt: skip
        raise AuctionNotFound


async def images_of(auction_id: UUID) -> list[ImageOut]:
    body = await db.fetch_val(
        f"SELECT coalesce(pictures.described, '[]')::text FROM auctions a CROSS JOIN LATERAL {PICTURES} AS pictures WHERE a.id = $1",
        auction_id,
    )
    return msgspec.json.decode(body, type=list[ImageOut])


async def offered_under(auction_id: UUID) -> UUID | None:
    """The category of a running auction; None for one that is not running, or in none."""
    category: UUID | None = await db.fetch_val(
        "SELECT category FROM auctions WHERE id = $1 AND status = 'active' AND deleted_at IS NULL", auction_id
    )
    return category
