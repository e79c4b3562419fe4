"""Auto-bid rules: a standing maximum on a lot, which obeys the rules of every bid. RULES: Auctions."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from marketplace.auctions import bid_queue, bidding
from marketplace.auctions.errors import RuleNotFound
from marketplace.auctions.locks import LockedLot, LotRef, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.service.bidders import read_bidders
from marketplace.auctions.service.bids import BidRequest, PlacedBid
from marketplace.auctions.service.open_lot import OpenLot
from marketplace.auctions.service.standing_rules import RuleChange
from marketplace.auctions.states import AuctionStatus, BidKind
from marketplace.core import clock, db
from marketplace.core.ids import uuid7


class StandingRule(Struct, frozen=True, kw_only=True):
    """The rule, and the bid that it placed at once."""

    rule_id: UUID
    bid: PlacedBid


async def create_rule(ref: LotRef, bidder_id: UUID, max_bid: Decimal, received_at: datetime) -> StandingRule:
    """Set a standing maximum and place it as a bid. Raises RuleExists, or whatever refuses the bid."""
    return await _set(ref, RuleChange(uuid7(), is_new=True), bidder_id, max_bid, received_at)


async def raise_rule(rule_id: UUID, bidder_id: UUID, max_bid: Decimal, received_at: datetime) -> StandingRule:
    """Raise a standing maximum. Raises RuleNotFound for anybody else's, MaximumNotRaised, or what refuses the bid."""
    ref = LotRef(lot_id=await _lot_of(rule_id, bidder_id))
    return await _set(ref, RuleChange(rule_id, is_new=False), bidder_id, max_bid, received_at)


async def _set(ref: LotRef, rule: RuleChange, bidder_id: UUID, max_bid: Decimal, received_at: datetime) -> StandingRule:
    request = BidRequest(
        bidder_id=bidder_id, amount=max_bid, received_at=received_at, kind=BidKind.AUTO, field="max_bid", rule=rule
    )
    return StandingRule(rule_id=rule.id, bid=await bid_queue.submit(ref, request))


async def delete_rule(rule_id: UUID, bidder_id: UUID, received_at: datetime) -> None:
    """Take a standing maximum back. Where it leads, the bidder's maximum falls to the price (or to the highest bid they
    placed themselves), and the chain records that. Raises RuleNotFound for anybody else's.
    """
    async with db.transaction():
        lot = await lock_lot(LotRef(lot_id=await _lot_of(rule_id, bidder_id)))
        deleted = await db.execute(
            "UPDATE auto_bid_rules SET status = 'deleted', updated_at = $2 WHERE id = $1 AND status = 'active'",
            rule_id, clock.now(),
        )  # fmt: skip
        if not deleted:
            raise RuleNotFound
        running = lot.status == AuctionStatus.ACTIVE and lot.ends_at is not None and received_at < lot.ends_at
        if running and lot.standing.leader == bidder_id:
            await _cap_leader(lot, bidder_id, received_at)


async def _cap_leader(lot: LockedLot, bidder_id: UUID, received_at: datetime) -> None:
    rows = await read_history(lot.id)
    gone = bidding.retracted(rows)
    own = max((row.max_minor for row in rows if _is_own_bid(row, bidder_id, gone)), default=0)
    capped = bidding.cap(lot.standing, own)
    if capped == lot.standing:
        return
    _, people = await read_bidders(lot, {bidder_id}, {})
    open_lot = OpenLot(lot, people)
    open_lot.record(capped, people[bidder_id], BidKind.CAP, capped.leader_max_minor, received_at)
    await open_lot.save(released_for="lowered")


def _is_own_bid(row: bidding.Recorded, bidder_id: UUID, gone: frozenset[int]) -> bool:
    return row.bidder == bidder_id and row.kind == BidKind.BID and row.seq not in gone


async def _lot_of(rule_id: UUID, bidder_id: UUID) -> UUID:
    lot_id: UUID | None = await db.fetch_val(
        "SELECT lot FROM auto_bid_rules WHERE id = $1 AND bidder = $2 AND status = 'active'", rule_id, bidder_id
    )
    if lot_id is None:
        raise RuleNotFound
    return lot_id
