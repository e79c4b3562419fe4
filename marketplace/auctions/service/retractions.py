"""Taking a bid back, by rule: for a reason, early, or at once. The lot is worked out again from the bids that remain."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.auctions import bidding, messages
from marketplace.auctions.errors import BidNotFound, NotRetractable
from marketplace.auctions.events import BidRetracted
from marketplace.auctions.locks import LockedLot, LotRef, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.rules import PUBLIC_NAMES
from marketplace.auctions.service.bids import check_open
from marketplace.auctions.service.open_lot import Bidder, OpenLot
from marketplace.auctions.states import BidKind, RetractionReason
from marketplace.core import clock, db, outbox

FREELY_UNTIL: Final = timedelta(hours=12)
"""Before the end. Later than that a bid can be retracted only within SHORTLY of placing it."""
SHORTLY: Final = timedelta(hours=1)


async def retract_bid(bid_id: UUID, bidder_id: UUID, reason: RetractionReason, received_at: datetime) -> None:
    """Take one of one's own bids back. The chain keeps it, and records the retraction.

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

        before = open_lot.standing
        open_lot.bid_count -= 1
        open_lot.record(
            bidding.replay(lot.terms, rows, gone | {row["seq"]}), open_lot.people[bidder_id], BidKind.RETRACTION,
            row["max_minor"], received_at, target_seq=row["seq"], reason=reason.value,
        )  # fmt: skip
        if row["kind"] == BidKind.AUTO:
            await db.execute(
                "UPDATE auto_bid_rules SET status = 'deleted', updated_at = $3 "
                "WHERE lot = $1 AND bidder = $2 AND status = 'active'",
                lot.id, bidder_id, clock.now(),
            )  # fmt: skip
        _tell(open_lot, row["seq"], bidder_id, received_at)
        await open_lot.save()
        await outbox.emit(
            BidRetracted(
                auction_id=lot.auction_id, lot_id=lot.id, seller_id=lot.seller, bidder_id=bidder_id, title=lot.title,
                reason=reason.value, currency=lot.currency, price=open_lot.standing.price_minor,
                leader_id=open_lot.standing.leader, former_leader_id=before.leader,
            )
        )  # fmt: skip


def _check_retractable(kind: BidKind, gone: bool, placed: datetime, ends_at: datetime, now: datetime) -> None:
    if kind not in (BidKind.BID, BidKind.AUTO) or gone:
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
