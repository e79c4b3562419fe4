"""Rows read for update. Order everywhere: timers, then the auction, then its lots by id, then sales and offers, then orders.

Bidding locks one lot and nothing else; whatever ends or changes an auction locks the auction first. A timer row is never
touched by one who holds a lot: the timer's own action waits for that lot, and the two would wait for each other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.auctions.bidding import Sniping, Standing, Terms
from marketplace.auctions.errors import AuctionNotFound, LotNotFound, LotRequired, SaleNotFound
from marketplace.auctions.increments import Increments
from marketplace.auctions.states import AuctionStatus, SaleKind, SaleStatus
from marketplace.core import db


class LotRef(Struct, frozen=True):
    """Which lot is meant: by its own id, or by its auction's if that has only one. RULES: Auctions."""

    auction_id: UUID | None = None
    lot_id: UUID | None = None


class LockedAuction(Struct, frozen=True, kw_only=True):
    id: UUID
    seller: UUID
    title: str
    description: str
    currency: str
    status: AuctionStatus
    starts_at: datetime | None
    ends_at: datetime | None
    duration_s: int
    snipe_hard_cap_s: int


class LockedLot(Struct, frozen=True, kw_only=True):
    """A lot as its bids are resolved against."""

    id: UUID
    auction_id: UUID
    title: str
    description: str
    seller: UUID
    currency: str
    status: AuctionStatus
    starts_at: datetime | None
    ends_at: datetime | None
    latest_end: datetime | None
    terms: Terms
    standing: Standing
    sniping: Sniping
    requires_hold: bool
    held_minor: int
    bid_count: int
    bidder_count: int
    chain_seq: int
    chain_hash: str


LOT = """
SELECT l.id, l.auction, l.title, l.description, l.status, l.start_minor, l.reserve_minor, l.buy_now_minor, l.price_minor, l.leader,
  l.leader_max_minor, l.leader_max_at, l.held_minor, l.bid_count, l.bidder_count, l.ends_at, l.latest_end, l.chain_seq, l.chain_hash,
  a.seller, a.currency, a.starts_at, a.increments::text AS increments, a.snipe_window_s, a.snipe_extension_s,
  a.requires_hold
FROM lots l JOIN auctions a ON a.id = l.auction
WHERE a.deleted_at IS NULL AND {column} = $1 ORDER BY l.id LIMIT 2 FOR UPDATE OF l
"""
BY_LOT = LOT.format(column="l.id")
BY_AUCTION = LOT.format(column="l.auction")

_increments = msgspec.json.Decoder(Increments)


async def lock_auction(auction_id: UUID) -> LockedAuction:
    """Raises AuctionNotFound."""
    row = await db.fetch_row(
        "SELECT id, seller, title, description, currency, status, starts_at, ends_at, duration_s, snipe_hard_cap_s "
        "FROM auctions WHERE id = $1 AND deleted_at IS NULL FOR UPDATE",
        auction_id,
    )
    if row is None:
        raise AuctionNotFound
    return msgspec.convert(dict(row), LockedAuction)


async def lock_lot(ref: LotRef) -> LockedLot:
    """Raises LotNotFound, AuctionNotFound, or LotRequired if the auction has several."""
    rows = await (db.fetch(BY_LOT, ref.lot_id) if ref.lot_id else db.fetch(BY_AUCTION, ref.auction_id))
    if not rows:
        raise LotNotFound if ref.lot_id else AuctionNotFound
    if ref.auction_id not in (None, rows[0]["auction"]):
        raise LotNotFound("That lot belongs to another auction.")
    if len(rows) > 1:
        raise LotRequired(fields={"lot_id": ["Required: this auction has several lots."]})
    row = rows[0]
    return LockedLot(
        id=row["id"], auction_id=row["auction"], title=row["title"], description=row["description"], seller=row["seller"], currency=row["currency"],
        status=AuctionStatus(row["status"]), starts_at=row["starts_at"], ends_at=row["ends_at"],
        latest_end=row["latest_end"], bid_count=row["bid_count"], bidder_count=row["bidder_count"],
        chain_seq=row["chain_seq"], chain_hash=row["chain_hash"],
        terms=Terms(
            start_minor=row["start_minor"], reserve_minor=row["reserve_minor"], buy_now_minor=row["buy_now_minor"],
            increments=_increments.decode(row["increments"]),
        ),
        standing=Standing(
            price_minor=row["price_minor"], leader=row["leader"], leader_max_minor=row["leader_max_minor"],
            leader_max_at=row["leader_max_at"],
        ),
        requires_hold=row["requires_hold"], held_minor=row["held_minor"],
        sniping=Sniping(timedelta(seconds=row["snipe_window_s"]), timedelta(seconds=row["snipe_extension_s"])),
    )  # fmt: skip


class LockedSale(Struct, frozen=True, kw_only=True):
    id: UUID
    lot: UUID
    auction: UUID
    buyer: UUID
    seller: UUID
    status: SaleStatus
    kind: SaleKind
    amount_minor: int
    currency: str
    pay_by: datetime
    order: UUID | None


SALE = 'SELECT id, lot, auction, buyer, seller, status, kind, amount_minor, currency, pay_by, "order" FROM sales WHERE id = $1'


async def lock_sale(sale_id: UUID) -> LockedSale:
    """The sale, with its auction and lot locked before it. Raises SaleNotFound."""
    found = await db.fetch_row("SELECT auction, lot FROM sales WHERE id = $1", sale_id)
    if found is None:
        raise SaleNotFound
    await _lock_sales([found["auction"]], [found["lot"]], [sale_id])
    row = await db.fetch_row(SALE, sale_id)
    assert row is not None, "sales are never deleted"
    return LockedSale(**{**row, "status": SaleStatus(row["status"]), "kind": SaleKind(row["kind"])})


async def lock_sale_of(order_id: UUID) -> LockedSale:
    """The sale of an order of ours, likewise."""
    sale_id = await db.fetch_val('SELECT id FROM sales WHERE "order" = $1', order_id)
    assert sale_id is not None, f"order {order_id} is a sale's"
    return await lock_sale(sale_id)


async def lock_sales_of(order_ids: Sequence[UUID]) -> None:
    """What lies before these orders in the order of locks. An order that is being placed has no sale yet."""
    rows = await db.fetch('SELECT id, auction, lot FROM sales WHERE "order" = ANY($1::uuid[])', list(order_ids))
    if rows:
        await _lock_sales(*([row[name] for row in rows] for name in ("auction", "lot", "id")))


async def _lock_sales(auctions: list[UUID], lots: list[UUID], sales: list[UUID]) -> None:
    await db.fetch("SELECT id FROM auctions WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", auctions)
    await db.fetch("SELECT id FROM lots WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", lots)
    await db.fetch("SELECT id FROM sales WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", sales)


async def lot_ids(auction_id: UUID) -> list[UUID]:
    """The auction's lots in lock order."""
    return [row["id"] for row in await db.fetch("SELECT id FROM lots WHERE auction = $1 ORDER BY id", auction_id)]
