"""Starting and closing: by the seller, by staff, by timers. RULES: Auctions (closing happens once)."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.auctions import bidding, history, messages
from marketplace.auctions.errors import LotNotFound, NothingToSell, OwnInterest
from marketplace.auctions.events import AuctionCancelled, AuctionEnded, AuctionStarted, LotClosed, LotEndingSoon
from marketplace.auctions.freshness import auctions_changed
from marketplace.auctions.locks import LockedAuction, LockedLot, LotRef, lock_auction, lock_lot, lot_ids
from marketplace.auctions.policies import Actor, check_owns_or_staff, check_staff, owns
from marketplace.auctions.rules import CLOSE_GRACE_MS, PUBLIC_NAMES
from marketplace.auctions.service import holds
from marketplace.auctions.service.sales import cancel_sales
from marketplace.auctions.service.selling import make_sale
from marketplace.auctions.states import AUCTION, AuctionStatus, Outcome, SaleKind
from marketplace.core import audit, clock, db, live, outbox, timers
from marketplace.core.errors import Conflict, ValidationFailed
from marketplace.core.money import to_text

SOON: Final = (300, 60, 10)
"""Seconds before the end at which the room is told."""


async def activate(auction_id: UUID, actor: Actor) -> None:
    """Start a scheduled auction now. Raises Forbidden, IllegalTransition."""
    async with db.transaction():
        auction = await lock_auction(auction_id)
        check_owns_or_staff(actor, auction.seller)
        await start_locked(auction, clock.now(), actor.id, "activated")


async def start_due(auction_id: UUID) -> None:
    """Start a scheduled auction whose time has come; one that has been started, moved or removed is left alone."""
    async with db.transaction():
        if await db.fetch_val("SELECT deleted_at IS NULL FROM auctions WHERE id = $1", auction_id):
            auction = await lock_auction(auction_id)
            if auction.status == AuctionStatus.SCHEDULED and auction.starts_at and auction.starts_at <= clock.now():
                await start_locked(auction, auction.starts_at, None, "its time came")


async def start_locked(auction: LockedAuction, at: datetime, actor: UUID | None, reason: str) -> None:
    """Open every lot of a locked, scheduled auction, and set the timers of its end."""
    AUCTION.check(auction.status, AuctionStatus.ACTIVE)
    auctions_changed()
    ends_at = auction.ends_at or at + timedelta(seconds=auction.duration_s)
    if ends_at <= at:
        raise Conflict("Its end has passed: change ends_at first.", fields={"ends_at": ["Must be in the future."]})
    await history.move_auction(auction.id, auction.status, AuctionStatus.ACTIVE, actor, reason)
    await db.execute("UPDATE auctions SET starts_at = $2, ends_at = $3 WHERE id = $1", auction.id, at, ends_at)
    await db.execute(
        "UPDATE lots SET status = 'active', ends_at = $2, latest_end = $3 WHERE auction = $1",
        auction.id, ends_at, ends_at + timedelta(seconds=auction.snipe_hard_cap_s),
    )  # fmt: skip
    for lot_id in await lot_ids(auction.id):
        await _set_timers(lot_id, ends_at)
    await live.post(
        messages.room(auction.id), messages.AuctionStartedMessage(auction_id=auction.id, starts_at=at, ends_at=ends_at)
    )
    await outbox.emit(
        AuctionStarted(auction_id=auction.id, seller_id=auction.seller, title=auction.title, ends_at=ends_at)
    )


async def _set_timers(lot_id: UUID, ends_at: datetime) -> None:
    await timers.schedule("auctions.close", lot_id, ends_at + await _grace())
    await _set_soon_timer(lot_id, ends_at, (ends_at - clock.now()).total_seconds())


async def _set_soon_timer(lot_id: UUID, ends_at: datetime, before: float) -> None:
    """The next warning that lies less than `before` seconds ahead of the end."""
    seconds = next((soon for soon in SOON if soon < before), None)
    if seconds is not None:
        due_at = ends_at - timedelta(seconds=seconds)
        await timers.schedule("auctions.ending_soon", lot_id, due_at, {"seconds": seconds})


async def _grace() -> timedelta:
    return timedelta(milliseconds=await CLOSE_GRACE_MS.value())


async def close_due(lot_id: UUID) -> bool:
    """Close a lot whose end, and the grace after it, have passed. True if this call closed it.

    Bids never move timers (see `locks`): if the end has moved since this one was set, it is set again here.
    """
    async with db.transaction():
        auction_id = await db.fetch_val("SELECT auction FROM lots WHERE id = $1", lot_id)
        if auction_id is None or await db.fetch_val("SELECT deleted_at FROM auctions WHERE id = $1", auction_id):
            return False
        auction = await lock_auction(auction_id)
        lot = await lock_lot(LotRef(lot_id=lot_id))
        if lot.status != AuctionStatus.ACTIVE or lot.ends_at is None:
            return False
        # The database's clock, by which the timer was due: one that runs ahead of ours must not make us wait again.
        if lot.ends_at + await _grace() > await db.fetch_val("SELECT clock_timestamp()"):
            await _set_timers(lot_id, lot.ends_at)
            return False
        await finish(auction, lot, None, "its end came")
        return True


async def warn(lot_id: UUID, seconds: int) -> None:
    """Tell the room that a lot ends soon; if its end has moved, set the warnings anew."""
    async with db.transaction():
        row = await db.fetch_row("SELECT auction, title, status, ends_at FROM lots WHERE id = $1", lot_id)
        if row is None or row["status"] != AuctionStatus.ACTIVE:
            return
        left = (row["ends_at"] - clock.now()).total_seconds()
        if left <= 0:
            return
        if left > seconds + 1:
            await _set_soon_timer(lot_id, row["ends_at"], left)
            return
        await live.post(
            messages.room(row["auction"]),
            messages.AuctionEndingSoon(
                auction_id=row["auction"], lot_id=lot_id, seconds_remaining=round(left), ends_at=row["ends_at"]
            ),
        )
        await outbox.emit(
            LotEndingSoon(
                auction_id=row["auction"], lot_id=lot_id, title=row["title"], seconds_remaining=round(left),
                ends_at=row["ends_at"],
            )
        )  # fmt: skip
        await _set_soon_timer(lot_id, row["ends_at"], min(seconds, left))


class Closed(Struct, frozen=True, kw_only=True):
    outcome: Outcome
    sale_id: UUID | None


async def finish(
    auction: LockedAuction, lot: LockedLot, actor: UUID | None, reason: str,
    *, waive_reserve: bool = False, kind: SaleKind = SaleKind.WIN,
) -> Closed:  # fmt: skip
    """Close a locked, active lot, sell it if it is to be sold, and end the auction with its last lot."""
    AUCTION.check(lot.status, AuctionStatus.ENDED)
    auctions_changed()
    outcome, now = outcome_of(lot, waive_reserve), clock.now()
    await db.execute(
        "UPDATE lots SET status = 'ended', outcome = $2, closed_at = $3, held_minor = 0 WHERE id = $1",
        lot.id,
        outcome.value,
        now,
    )
    await history.moved_lot(lot.auction_id, lot.id, lot.status, AuctionStatus.ENDED, actor, f"{outcome}: {reason}")
    sale_id = None
    if outcome == Outcome.SOLD and lot.standing.leader is not None:
        sale_id = await make_sale(lot, lot.standing.leader, lot.standing.price_minor, kind)
    else:
        await holds.release([lot], "ended")
    over = not await db.fetch_val(
        "SELECT EXISTS (SELECT FROM lots WHERE auction = $1 AND status = 'active')", auction.id
    )
    if over:
        await history.move_auction(auction.id, auction.status, AuctionStatus.ENDED, actor, reason)
    await _tell_closed(lot, outcome, sale_id, over, now)
    if over:
        await outbox.emit(AuctionEnded(auction_id=auction.id, seller_id=auction.seller, title=auction.title))
    return Closed(outcome=outcome, sale_id=sale_id)


def outcome_of(lot: LockedLot, waive_reserve: bool = False) -> Outcome:
    if lot.standing.leader is None:
        return Outcome.UNSOLD
    if waive_reserve or bidding.reserve_met(lot.terms, lot.standing):
        return Outcome.SOLD
    return Outcome.RESERVE_NOT_MET


async def _tell_closed(lot: LockedLot, outcome: Outcome, sale_id: UUID | None, over: bool, now: datetime) -> None:
    sold = outcome == Outcome.SOLD
    winner = await alias_of(lot.id, lot.standing.leader) if sold and lot.standing.leader else None
    price = lot.standing.price_minor if lot.standing.leader else None
    await live.post(
        messages.room(lot.auction_id),
        messages.AuctionEndedMessage(
            auction_id=lot.auction_id, lot_id=lot.id, outcome=outcome.value, winner=winner,
            final_bid=None if price is None else to_text(price, lot.currency), currency=lot.currency,
            total_bids=lot.bid_count, timestamp=now, auction_over=over,
        ),
    )  # fmt: skip
    await outbox.emit(
        LotClosed(
            auction_id=lot.auction_id, lot_id=lot.id, seller_id=lot.seller, title=lot.title, outcome=outcome.value,
            currency=lot.currency, buyer_id=lot.standing.leader if sold else None, sale_id=sale_id,
            price=price if sold else None, total_bids=lot.bid_count,
        )
    )  # fmt: skip


async def alias_of(lot_id: UUID, user_id: UUID) -> str:
    """What the room calls a bidder: the username, or a number within the lot where names are not shown."""
    if await PUBLIC_NAMES.value():
        return str(await db.fetch_val("SELECT username FROM users WHERE id = $1", user_id))
    no = await db.fetch_val("SELECT bidder_no FROM bids WHERE lot = $1 AND bidder = $2 LIMIT 1", lot_id, user_id)
    return f"bidder {no}"


async def end_early(auction_id: UUID, actor: Actor, reason: str = "", lot_id: UUID | None = None) -> None:
    """End an active auction, or one lot of it, before its time.

    Its seller may do so only by selling to the leader, which waives an unmet reserve; staff close it as it stands and
    say why. Raises NothingToSell, Forbidden, OwnInterest, ValidationFailed, IllegalTransition. RULES: Auctions.
    """
    async with db.transaction():
        auction = await lock_auction(auction_id)
        check_owns_or_staff(actor, auction.seller)
        AUCTION.check(auction.status, AuctionStatus.ENDED)
        if actor.is_staff and not owns(actor, auction.seller) and not reason:
            raise ValidationFailed.of("reason", "Say why.")
        by_seller = owns(actor, auction.seller)
        if not by_seller:
            await _check_no_party(actor, auction)
        ids = await lot_ids(auction_id)
        if lot_id is not None and lot_id not in ids:
            raise LotNotFound
        lots = [await lock_lot(LotRef(lot_id=one)) for one in ids if lot_id in (None, one)]
        lots = [lot for lot in lots if lot.status == AuctionStatus.ACTIVE]
        if by_seller and not any(lot.standing.leader for lot in lots):
            raise NothingToSell
        await holds.lock_wallets(lots)
        for lot in lots:
            await finish(auction, lot, actor.id, reason or "ended early by its seller", waive_reserve=by_seller)
        if not by_seller:
            await _audit("auction.ended", auction, actor, reason)


async def remove(auction_id: UUID, actor: Actor, reason: str) -> None:
    """Take an auction down, as staff: its bids come to nothing, and what has not been paid is no longer owed.

    Raises Forbidden, OwnInterest, ValidationFailed without a reason, Conflict when something has been paid.
    """
    check_staff(actor)
    if not reason.strip():
        raise ValidationFailed.of("reason", "Say why.")
    async with db.transaction():
        auction = await lock_auction(auction_id)
        await _check_no_party(actor, auction)
        await cancel_locked(auction, actor.id, reason, by_staff=True)
        await _audit("auction.removed", auction, actor, reason)


async def _check_no_party(actor: Actor, auction: LockedAuction) -> None:
    """Raises OwnInterest if who acts for the house sells or has bid in this auction."""
    has_bid = await db.fetch_val(
        "SELECT EXISTS (SELECT FROM bids b JOIN lots l ON l.id = b.lot WHERE l.auction = $1 AND b.bidder = $2)",
        auction.id, actor.id,
    )  # fmt: skip
    if has_bid or owns(actor, auction.seller):
        raise OwnInterest


async def _audit(action: str, auction: LockedAuction, actor: Actor, reason: str) -> None:
    await audit.record(
        actor=actor.id, action=action, object_type="auction", object_id=auction.id, reason=reason,
        before={"status": auction.status.value}, after={"title": auction.title},
    )  # fmt: skip


async def cancel_locked(auction: LockedAuction, actor: UUID | None, reason: str, *, by_staff: bool) -> None:
    """Cancel a locked auction with all its lots, open offers and unpaid sales."""
    AUCTION.check(auction.status, AuctionStatus.CANCELLED)
    auctions_changed()
    lots = [await lock_lot(LotRef(lot_id=one)) for one in await lot_ids(auction.id)]
    await cancel_sales(auction.id, actor, reason)
    await holds.release(lots, "cancelled")
    await db.execute(
        "UPDATE lots SET status = 'cancelled', closed_at = coalesce(closed_at, $2), held_minor = 0 WHERE auction = $1",
        auction.id, clock.now(),
    )  # fmt: skip
    for lot in lots:
        await history.moved_lot(auction.id, lot.id, lot.status, AuctionStatus.CANCELLED, actor, reason)
    await history.move_auction(auction.id, auction.status, AuctionStatus.CANCELLED, actor, reason)
    await live.post(messages.room(auction.id), messages.AuctionCancelledMessage(auction_id=auction.id, reason=reason))
    await outbox.emit(
        AuctionCancelled(
            auction_id=auction.id, seller_id=auction.seller, title=auction.title, reason=reason, by_staff=by_staff
        )
    )
