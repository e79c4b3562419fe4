"""Lists of bids, auto-bids and the history."""

from typing import Annotated, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.chain import Link
from marketplace.auctions.errors import BidNotFound, LotNotFound, RuleNotFound
from marketplace.auctions.queries.auctions import check_visible
from marketplace.auctions.queries.shown import MINIMUM, VISIBLE, name
from marketplace.auctions.rules import PUBLIC_NAMES
from marketplace.auctions.schemas.bids import AutoBidOut, BidOut, HistoryRow, MyBidOut, Opening
from marketplace.auctions.states import AuctionStatus, BidKind, RuleStatus
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import ValidationFailed
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import to_text
from marketplace.core.pagination import ListQuery, Order

AuctionId = Annotated[UUID, Meta(description="Which auction; needed.")]


class BidFilters(Filters):
    auction_id: AuctionId | None = None
    lot_id: UUID | None = None


class MyBidFilters(Filters):
    auction_id: UUID | None = None
    lot_id: UUID | None = None
    status: list[AuctionStatus] | None = None


class StandingFilters(Filters):
    auction_id: UUID | None = None


class AutoBidFilters(Filters):
    auction_id: UUID | None = None
    status: list[RuleStatus] | None = None


NEWEST: Final = Order("b.placed_at", "timestamptz")
BIDS: Final = Listing(
    "bids", BidFilters, key=Order("b.id", "uuid"), default="-timestamp",
    ordering={"timestamp": Order("b.received_at", "timestamptz"), "amount": Order("b.price_after", "bigint")},
)  # fmt: skip
MY_BIDS: Final = Listing(
    "bids.mine", MyBidFilters, key=Order("b.id", "uuid"), default="-placed_at",
    ordering={
        "placed_at": NEWEST, "amount": Order("b.price_after", "bigint"),
        "ends_at": Order("coalesce(l.ends_at, 'infinity'::timestamptz)", "timestamptz"),
    },
    search=("a.title",), date="b.placed_at",
)  # fmt: skip
STANDINGS: Final = Listing(
    "bids.standings", StandingFilters, key=Order("b.id", "uuid"), default="ends_at",
    ordering={"ends_at": Order("coalesce(l.ends_at, 'infinity'::timestamptz)", "timestamptz"), "placed_at": NEWEST},
    search=("a.title",),
)  # fmt: skip
AUTO_BIDS: Final = Listing(
    "auto_bids", AutoBidFilters, key=Order("r.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("r.created_at", "timestamptz"), "max_bid": Order("r.max_minor", "bigint")},
    search=("a.title",),
)  # fmt: skip
HISTORY: Final = Listing(
    "bid_history", BidFilters, key=Order("b.id", "uuid"), default="bid_no",
    ordering={"bid_no": Order("b.seq", "integer"), "placed_at": NEWEST},
)  # fmt: skip

REAL: Final = "b.kind IN ('bid', 'auto', 'buy_now')"
RETRACTED: Final = "EXISTS (SELECT FROM bids r WHERE r.lot = b.lot AND r.kind = 'retraction' AND r.target_seq = b.seq)"
PUBLIC: Final = "bids b JOIN lots l ON l.id = b.lot JOIN auctions a ON a.id = l.auction JOIN users u ON u.id = b.bidder"


def wanted_auction(filters: BidFilters) -> UUID:
    """Raises ValidationFailed where the auction is not named."""
    if filters.auction_id is None:
        raise ValidationFailed.of("auction_id", "Name the auction: ?auction_id=...")
    return filters.auction_id


async def list_bids(listing: ListQuery[BidFilters], visitor: Viewer | None) -> Envelope[Page[BidOut]]:
    """Everybody's bids on one auction, without anybody's maximum. An auction one may not see has none."""
    viewer_id = visitor.id if visitor else None
    names = await PUBLIC_NAMES.value()
    rows = (
        listing.rows(f"{PUBLIC} LEFT JOIN users lu ON lu.id = b.leader_after")
        .columns(
            f"b.id, a.id AS auction_id, l.id AS lot_id, a.currency, b.seq AS bid_no, "
            f"{name('u.username', 'b.bidder_no')} AS bidder, {name('lu.username', 'b.leader_no')} AS leader, b.kind, "
            f"money_text(b.price_after, a.currency) AS amount, b.received_at AS timestamp, {RETRACTED} AS retracted",
            names, names,
        )
        .where(f"a.id = {{}} AND {VISIBLE} AND {REAL}", wanted_auction(listing.filters), viewer_id)
        .when("l.id = {}", listing.filters.lot_id)
    )  # fmt: skip
    return await rows.page(BidOut)


MINE: Final = f"""b.id, a.id AS auction_id, l.id AS lot_id, b.seq AS bid_no,
  CASE WHEN l.title IN ('', a.title) THEN a.title ELSE a.title || ' – ' || l.title END AS title, b.kind,
  money_text(b.price_after, a.currency) AS amount, money_text(b.max_minor, a.currency) AS maximum, a.currency, b.placed_at,
  {RETRACTED} AS retracted, coalesce(l.leader = b.bidder, false) AS leading,
  money_text(l.price_minor, a.currency) AS current_price, money_text({MINIMUM}, a.currency) AS minimum_bid, l.bid_count,
  l.status, nullif(l.outcome, '') AS outcome, l.ends_at"""


MY_ROWS: Final = "bids b JOIN lots l ON l.id = b.lot JOIN auctions a ON a.id = l.auction"


async def list_my_bids(listing: ListQuery[MyBidFilters], viewer: Viewer) -> Envelope[Page[MyBidOut]]:
    wanted = listing.filters
    rows = (
        listing.rows(MY_ROWS)
        .columns(MINE)
        .where(f"b.bidder = {{}} AND {REAL} AND a.deleted_at IS NULL", viewer.id)
        .when("a.id = {}", wanted.auction_id)
        .when("l.id = {}", wanted.lot_id)
        .when("l.status = ANY({}::text[])", wanted.status)
    )
    return await rows.page(MyBidOut)


LAST: Final = f"""(SELECT DISTINCT ON (b.lot) b.* FROM bids b WHERE b.bidder = {{}} AND {REAL} AND NOT {RETRACTED}
  ORDER BY b.lot, b.max_minor DESC, b.seq) b JOIN lots l ON l.id = b.lot JOIN auctions a ON a.id = l.auction"""


async def list_standings(
    listing: ListQuery[StandingFilters], viewer: Viewer, *, leading: bool
) -> Envelope[Page[MyBidOut]]:
    """The viewer's highest bid on each running lot they lead, or do not."""
    side = "l.leader = {}" if leading else "l.leader IS DISTINCT FROM {}"
    rows = (
        listing.rows(LAST, viewer.id)
        .columns(MINE)
        .where(f"l.status = 'active' AND a.deleted_at IS NULL AND {side}", viewer.id)
        .when("a.id = {}", listing.filters.auction_id)
    )
    return await rows.page(MyBidOut)


RULE: Final = f"""r.id, a.id AS auction_id, l.id AS lot_id,
  CASE WHEN l.title IN ('', a.title) THEN a.title ELSE a.title || ' – ' || l.title END AS title,
  money_text(r.max_minor, a.currency) AS max_bid, a.currency, r.status, coalesce(l.leader = r.bidder, false) AS leading,
  money_text(l.price_minor, a.currency) AS current_price, money_text({MINIMUM}, a.currency) AS minimum_bid,
  l.status AS auction_status, l.ends_at, r.created_at, r.updated_at"""
RULES: Final = "auto_bid_rules r JOIN lots l ON l.id = r.lot JOIN auctions a ON a.id = l.auction"


async def list_auto_bids(listing: ListQuery[AutoBidFilters], viewer: Viewer) -> Envelope[Page[AutoBidOut]]:
    wanted = listing.filters
    rows = (
        listing.rows(RULES)
        .columns(RULE)
        .where("r.bidder = {} AND a.deleted_at IS NULL", viewer.id)
        .where("r.status = ANY({}::text[])", wanted.status or [RuleStatus.ACTIVE])
        .when("a.id = {}", wanted.auction_id)
    )
    return await rows.page(AutoBidOut)


async def list_history(listing: ListQuery[BidFilters], visitor: Viewer | None) -> Envelope[Page[HistoryRow]]:
    """The rows of the chain, as they are hashed. Raises AuctionNotFound."""
    auction_id = wanted_auction(listing.filters)
    viewer_id = visitor.id if visitor else None
    names = await PUBLIC_NAMES.value()
    rows = (
        listing.rows(PUBLIC)
        .columns(f"b.*, a.currency, {name('u.username', 'b.bidder_no')} AS alias", names)
        .where(f"a.id = {{}} AND {VISIBLE}", auction_id, viewer_id)
        .when("l.id = {}", listing.filters.lot_id)
    )
    page = await rows.built(lambda row: _history_row(row, viewer_id))
    if not page.data.count:
        await check_visible(auction_id, visitor)
    return page


def _history_row(row: asyncpg.Record, viewer_id: UUID | None) -> HistoryRow:
    opening = None
    if row["bidder"] == viewer_id:
        opening = Opening(salt=row["salt"], bidder_id=row["bidder"], maximum_minor=row["max_minor"])
    return HistoryRow(
        link=link_of(row), prev_hash=row["prev_hash"], hash=row["hash"], bidder=row["alias"],
        amount=to_text(row["price_after"], row["currency"]), currency=row["currency"], opening=opening,
    )  # fmt: skip


def link_of(row: asyncpg.Record) -> Link:
    return Link(
        bidder=row["bidder_no"], commitment=row["commitment"], kind=BidKind(row["kind"]).value, leader=row["leader_no"],
        lot_id=row["lot"], placed_at=row["placed_at"], price_after=row["price_after"], price_before=row["price_before"],
        reason=row["reason"], received_at=row["received_at"], seq=row["seq"], target_seq=row["target_seq"],
    )  # fmt: skip


async def chains_of(auction_id: UUID, lot_id: UUID | None) -> list[UUID]:
    """The lots whose history is asked for. Raises LotNotFound for a lot of another auction."""
    rows = await db.fetch(
        "SELECT id FROM lots WHERE auction = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY position", auction_id, lot_id
    )
    if not rows:
        raise LotNotFound
    return [row["id"] for row in rows]


async def get_my_bid(bid_id: UUID, viewer: Viewer) -> MyBidOut:
    """Raises BidNotFound for anybody else's."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {MINE} FROM {MY_ROWS} "
        f"WHERE b.id = $1 AND b.bidder = $2 AND {REAL}) AS shown",
        bid_id, viewer.id,
    )  # fmt: skip
    if body is None:
        raise BidNotFound
    return msgspec.json.decode(body, type=MyBidOut)


async def get_auto_bid(rule_id: UUID, viewer: Viewer) -> AutoBidOut:
    """Raises RuleNotFound for anybody else's."""
    body = await db.fetch_val(
        f"SELECT row_to_json(shown)::text FROM (SELECT {RULE} FROM {RULES} "
        "WHERE r.id = $1 AND r.bidder = $2 AND a.deleted_at IS NULL) AS shown",
        rule_id, viewer.id,
    )  # fmt: skip
    if body is None:
        raise RuleNotFound
    return msgspec.json.decode(body, type=AutoBidOut)
