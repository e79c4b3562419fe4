"""Taking a bid back, by rule: for a reason, early, or at once. The lot is worked out again from the bids that remain."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.accounts.states import AccountStatus
from marketplace.auctions import bidding, messages
from marketplace.auctions.bidding import Recorded
from marketplace.auctions.errors import BidNotFound, NotRetractable
from marketplace.auctions.events import BidDropped, BidRetracted
from marketplace.auctions.locks import LockedLot, LotRef, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.rules import PUBLIC_NAMES
from marketplace.auctions.service import holds
from marketplace.auctions.service.bids import check_open
from marketplace.auctions.service.open_lot import Bidder, OpenLot
from marketplace.auctions.states import AuctionStatus, BidKind, RetractionReason
from marketplace.core import clock, db, outbox

FREELY_UNTIL: Final = timedelta(hours=12)
"""Before the end. Later than that a bid can be retracted only within SHORTLY of placing it."""
SHORTLY: Final = timedelta(hours=1)
REAL: Final = (BidKind.BID, BidKind.AUTO)
NOT_COVERED: Final = "not_covered"
"""Why a bid is gone that nobody took back: its maximum is to be held, and the money is not there."""


async def retract_bid(bid_id: UUID, bidder_id: UUID, reason: RetractionReason, received_at: datetime) -> None:
    """Take one of one's own bids back. The chain keeps it, and records the retraction.

    Where maxima are held, a bid that would lead again and that its bidder's wallet no longer covers falls away with it.

    Raises BidNotFound for anybody else's, NotRetractable when it is too late or was taken back already.
    """
    async with db.transaction():
        found = await db.fetch_row("SELECT lot FROM bids WHERE id = $1 AND bidder = $2", bid_id, bidder_id)
        if found is None:
            raise BidNotFound
        lot = await lock_lot(LotRef(lot_id=found["lot"]))
        open_lot = OpenLot(lot, await _everybody(lot))
        check_open(open_lot, received_at)
        row = await db.fetch_row("SELECT seq, kind, max_minor, received_at FROM bids WHERE id = $1", bid_id)
        assert row is not None and lot.ends_at is not None, "bids are never deleted, and the lot is running"
        rows = await read_history(lot.id)
        gone = bidding.retracted(rows)
        _check_retractable(BidKind(row["kind"]), row["seq"] in gone, row["received_at"], lot.ends_at, received_at)

        covers = await _covers_of(open_lot) if lot.requires_hold else None
        before = open_lot.standing
        taken_back = next(one for one in rows if one.seq == row["seq"])
        gone = await _take_back(open_lot, rows, gone, taken_back, reason.value, received_at)
        if covers is not None:
            await _drop_uncovered(open_lot, rows, gone, covers, received_at)
        await open_lot.save(released_for="retracted")
        await outbox.emit(
            BidRetracted(
                auction_id=lot.auction_id, lot_id=lot.id, seller_id=lot.seller, bidder_id=bidder_id, title=lot.title,
                reason=reason.value, currency=lot.currency, price=open_lot.standing.price_minor,
                leader_id=open_lot.standing.leader, former_leader_id=before.leader,
            )
        )  # fmt: skip


async def drop_lead(lot_id: UUID, bidder_id: UUID) -> None:
    """Who leads a lot with held money may not buy any more: their bids fall away, and the money is theirs again.

    Not once its end has passed: then it is decided, and paid for.
    """
    async with db.transaction():
        lot = await lock_lot(LotRef(lot_id=lot_id))
        if lot.status != AuctionStatus.ACTIVE or lot.ends_at is None or lot.ends_at <= clock.now():
            return
        if lot.standing.leader != bidder_id or not lot.held_minor:
            return
        open_lot = OpenLot(lot, await _everybody(lot))
        covers = (await _covers_of(open_lot)).without([bidder_id])
        rows = await read_history(lot.id)
        await _drop_uncovered(open_lot, rows, bidding.retracted(rows), covers, clock.now())
        await open_lot.save(released_for="dropped")


async def _covers_of(lot: OpenLot) -> holds.Covers:
    """What everybody who has bid could pay for the lot; nothing, if the account may not bid any more."""
    covers = await holds.lock_covers(lot.lot, lot.people)
    barred = await db.fetch(
        "SELECT id FROM users WHERE id = ANY($1::uuid[]) AND status <> $2", list(lot.people), AccountStatus.ACTIVE.value
    )
    return covers.without(row["id"] for row in barred)


async def _drop_uncovered(
    lot: OpenLot, rows: list[Recorded], gone: frozenset[int], covers: holds.Covers, at: datetime
) -> None:
    """Whoever leads now that a bid is gone must have the money for it: bids beyond that fall away, the highest first."""
    while (leader := lot.standing.leader) is not None and lot.standing.leader_max_minor > covers.of(leader):
        bid = max(
            (row for row in rows if row.bidder == leader and row.kind in REAL and row.seq not in gone),
            key=lambda row: row.max_minor,
        )
        gone = await _take_back(lot, rows, gone, bid, NOT_COVERED, at)
        await outbox.emit(
            BidDropped(
                auction_id=lot.lot.auction_id, lot_id=lot.lot.id, bidder_id=leader, title=lot.lot.title,
                amount=bid.max_minor, currency=lot.lot.currency,
            )
        )  # fmt: skip


async def _take_back(
    lot: OpenLot, rows: list[Recorded], gone: frozenset[int], bid: Recorded, reason: str, at: datetime
) -> frozenset[int]:
    """The lot as if `bid` had never been placed; the chain and the room are told. All that are gone now."""
    gone = gone | {bid.seq}
    lot.bid_count -= 1
    lot.record(
        bidding.replay(lot.lot.terms, rows, gone), lot.people[bid.bidder], BidKind.RETRACTION, bid.max_minor, at,
        target_seq=bid.seq, reason=reason,
    )  # fmt: skip
    if bid.kind == BidKind.AUTO:
        await db.execute(
            "UPDATE auto_bid_rules SET status = 'deleted', updated_at = $3 "
            "WHERE lot = $1 AND bidder = $2 AND status = 'active'",
            lot.lot.id, bid.bidder, clock.now(),
        )  # fmt: skip
    _tell(lot, bid.seq, bid.bidder, at)
    return gone


def _check_retractable(kind: BidKind, gone: bool, placed: datetime, ends_at: datetime, now: datetime) -> None:
    if kind not in REAL or gone:
        raise NotRetractable("This bid has been retracted already.")
    if ends_at - now <= FREELY_UNTIL and now - placed > SHORTLY:
        raise NotRetractable(
            "In the last 12 hours a bid can be retracted only within an hour of placing it.",
            retractable_until=(max(ends_at - FREELY_UNTIL, placed + SHORTLY)).isoformat(),
        )


def _tell(lot: OpenLot, bid_no: int, bidder_id: UUID, at: datetime) -> None:
    leader = lot.people[lot.standing.leader].alias if lot.standing.leader else None
    lot.say(
        messages.BidRetractedMessage(
            auction_id=lot.lot.auction_id, lot_id=lot.lot.id, bid_no=bid_no, bidder=lot.people[bidder_id].alias, leader=leader,
            amount=lot.money(lot.standing.price_minor), currency=lot.lot.currency, timestamp=at,
            total_bids=lot.bid_count, minimum_bid=lot.money(lot.minimum), reserve_met=lot.reserve_met,
            buy_now_price=lot.buy_now_price,
        )
    )  # fmt: skip


async def _everybody(lot: LockedLot) -> dict[UUID, Bidder]:
    """All who have bid: any of them may lead once a bid is gone."""
    names = await PUBLIC_NAMES.value()
    rows = await db.fetch(
        "SELECT DISTINCT b.bidder, b.bidder_no, u.username FROM bids b JOIN users u ON u.id = b.bidder WHERE b.lot = $1",
        lot.id,
    )
    return {
        row["bidder"]: Bidder(
            id=row["bidder"], no=row["bidder_no"], alias=row["username"] if names else f"bidder {row['bidder_no']}"
        )
        for row in rows
    }
