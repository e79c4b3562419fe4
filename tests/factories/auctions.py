from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.auctions.invariants import violations
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.bids import BidRequest, PlacedBid, place_bid
from marketplace.auctions.service.lifecycle import close_due
from marketplace.auctions.service.listing import AuctionDraft, LotDraft, create_auction
from marketplace.auctions.states import BidKind
from marketplace.auctions.tables import Auction, Lot
from marketplace.core import clock, db
from marketplace.core.money import to_minor
from marketplace.orders.service.cancelling import expire
from tests.factories.accounts import a_user


async def an_auction(seller: UUID | None = None, **over: Any) -> tuple[UUID, UUID]:
    """(auction id, lot id) of an auction in USD, running for three hours, that starts at 0.99; amounts in `over` are decimals."""
    currency, starts_at = over.get("currency", "USD"), over.get("starts_at", clock.now() - timedelta(hours=3))
    lots = [
        LotDraft(
            title=f"Lot {i}", start_minor=to_minor(Decimal(over.get("start", "0.99")), currency),
            reserve_minor=to_minor(Decimal(over["reserve"]), currency) if "reserve" in over else None,
            buy_now_minor=to_minor(Decimal(over["buy_now"]), currency) if "buy_now" in over else None,
        )
        for i in range(1, over.get("lots", 1) + 1)
    ]  # fmt: skip
    draft = AuctionDraft(
        title=over.get("title", "A watch"), description=over.get("description", "It ticks."), currency=currency, lots=lots,
        category=over.get("category"), starts_at=starts_at, duration=over.get("duration", timedelta(days=7)),
        requires_hold=over.get("requires_hold"),
    )  # fmt: skip
    started = starts_at if starts_at and starts_at < clock.now() else None
    auction_id = await create_auction(seller or (await a_user()).id, draft, now=started)
    lot_id = await db.fetch_val("SELECT id FROM lots WHERE auction = $1 ORDER BY position LIMIT 1", auction_id)
    return auction_id, lot_id


async def a_bid(
    lot_id: UUID, bidder: UUID, amount: str | Decimal, *, at: datetime | None = None, kind: BidKind = BidKind.BID
) -> PlacedBid:
    request = BidRequest(bidder_id=bidder, amount=Decimal(amount), received_at=at or clock.now(), kind=kind)
    return await place_bid(LotRef(lot_id=lot_id), request)


async def the_lot(lot_id: UUID) -> Lot:
    lot = await Lot.objects().get(Lot.id == lot_id)
    assert lot is not None
    return lot


async def the_auction(auction_id: UUID) -> Auction:
    auction = await Auction.objects().get(Auction.id == auction_id)
    assert auction is not None
    return auction


async def ends(lot_id: UUID, in_seconds: float) -> datetime:
    """Move the end of a running lot, as announced and effective, and return it."""
    end = clock.now() + timedelta(seconds=in_seconds)
    await db.execute(
        "UPDATE lots SET ends_at = $2, latest_end = $3 WHERE id = $1", lot_id, end, end + timedelta(hours=1)
    )
    return end


async def a_win(price: str = "50", *, seller: UUID | None = None, buyer: UUID | None = None, **over: Any) -> UUID:
    """The id of the sale of a lot that `buyer` won for `price`, nobody else having bid."""
    _, lot_id = await an_auction(seller, **({"start": price} | over))
    await a_bid(lot_id, buyer or (await a_user()).id, price, at=clock.now() - timedelta(minutes=5))
    await ends(lot_id, -60)
    assert await close_due(lot_id)
    return await sale_of(lot_id)


async def sale_of(lot_id: UUID) -> UUID:
    """The newest."""
    sale_id: UUID = await db.fetch_val("SELECT id FROM sales WHERE lot = $1 ORDER BY id DESC LIMIT 1", lot_id)
    return sale_id


async def order_of(sale_id: UUID) -> UUID:
    order_id: UUID = await db.fetch_val('SELECT "order" FROM sales WHERE id = $1', sale_id)
    return order_id


async def time_to_pay_passes(sale_id: UUID) -> None:
    """The order of a sale is given up unpaid."""
    order_id = await order_of(sale_id)
    await db.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = $1", order_id)
    await expire(order_id)


async def hold_invariants() -> None:
    """Nothing that must always be true of auctions is broken."""
    assert [breach async for breach in violations()] == []
