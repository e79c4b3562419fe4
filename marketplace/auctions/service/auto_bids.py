"""Auto-bid rules: a standing maximum on a lot, which obeys the rules of every bid. RULES: Auctions."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from marketplace.auctions import bidding
from marketplace.auctions.errors import MaximumNotRaised, RuleExists, RuleNotFound
from marketplace.auctions.locks import LockedLot, LotRef, lock_lot
from marketplace.auctions.record import read_history
from marketplace.auctions.service.bids import BidRequest, PlacedBid, in_minor, place_bids, read_bidders
from marketplace.auctions.service.open_lot import OpenLot
from marketplace.auctions.states import AuctionStatus, BidKind, RuleStatus
from marketplace.auctions.tables import AutoBidRule
from marketplace.core import clock, db
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import to_text


class StandingRule(Struct, frozen=True, kw_only=True):
    """The rule, and the bid that it placed at once."""

    rule_id: UUID
    bid: PlacedBid


async def create_rule(ref: LotRef, bidder_id: UUID, max_bid: Decimal, received_at: datetime) -> StandingRule:
    """Set a standing maximum and place it as a bid. Raises RuleExists, or whatever refuses the bid."""

    async def deed() -> StandingRule | DomainError:
        async with db.transaction():
            lot = await lock_lot(ref)
            if await _rule_of(lot.id, bidder_id) is not None:
                raise RuleExists
            bid = await _bid(lot, bidder_id, max_bid, received_at)
            if isinstance(bid, DomainError):
                return bid
            rule_id = uuid7()
            await AutoBidRule(id=rule_id, lot=lot.id, bidder=bidder_id, max_minor=bid.max_minor).save()
            return StandingRule(rule_id=rule_id, bid=bid)

    return _or_raise(await db.retrying(deed))


async def raise_rule(rule_id: UUID, bidder_id: UUID, max_bid: Decimal, received_at: datetime) -> StandingRule:
    """Raise a standing maximum. Raises RuleNotFound for anybody else's, MaximumNotRaised, or what refuses the bid."""

    async def deed() -> StandingRule | DomainError:
        async with db.transaction():
            lot, held = await _lock_rule(rule_id, bidder_id)
            bid = await _bid(lot, bidder_id, max_bid, received_at, above=held)
            if isinstance(bid, DomainError):
                return bid
            await db.execute(
                "UPDATE auto_bid_rules SET max_minor = $2, updated_at = $3 WHERE id = $1",
                rule_id, bid.max_minor, clock.now(),
            )  # fmt: skip
            return StandingRule(rule_id=rule_id, bid=bid)

    return _or_raise(await db.retrying(deed))


async def delete_rule(rule_id: UUID, bidder_id: UUID, received_at: datetime) -> None:
    """Take a standing maximum back. Where it leads, the bidder's maximum falls to the price (or to the highest bid they
    placed themselves), and the chain records that. Raises RuleNotFound for anybody else's.
    """
    async with db.transaction():
        lot, _ = await _lock_rule(rule_id, bidder_id)
        await db.execute(
            "UPDATE auto_bid_rules SET status = $2, updated_at = $3 WHERE id = $1",
            rule_id, RuleStatus.DELETED.value, clock.now(),
        )  # fmt: skip
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
    await open_lot.save()


def _is_own_bid(row: bidding.Recorded, bidder_id: UUID, gone: frozenset[int]) -> bool:
    return row.bidder == bidder_id and row.kind == BidKind.BID and row.seq not in gone


async def _bid(
    lot: LockedLot, bidder_id: UUID, max_bid: Decimal, received_at: datetime, above: int = 0
) -> PlacedBid | DomainError:
    request = BidRequest(
        bidder_id=bidder_id, amount=max_bid, received_at=received_at, kind=BidKind.AUTO, field="max_bid"
    )
    if above and in_minor(lot, request) <= above:
        held = to_text(above, lot.currency)
        told = f"Your auto-bid is {held} {lot.currency} already; it can only be raised."
        raise MaximumNotRaised(told, fields={"max_bid": [told]}, current_maximum=held, currency=lot.currency)
    [result] = await place_bids(LotRef(lot_id=lot.id), [request])
    return result


async def _rule_of(lot_id: UUID, bidder_id: UUID) -> UUID | None:
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM auto_bid_rules WHERE lot = $1 AND bidder = $2 AND status = 'active'", lot_id, bidder_id
    )
    return found


async def _lock_rule(rule_id: UUID, bidder_id: UUID) -> tuple[LockedLot, int]:
    """The rule's lot, locked, and its maximum; the lot's lock guards its rules too."""
    mine = "SELECT lot, max_minor FROM auto_bid_rules WHERE id = $1 AND bidder = $2 AND status = 'active'"
    found = await db.fetch_row(mine, rule_id, bidder_id)
    if found is None:
        raise RuleNotFound
    lot = await lock_lot(LotRef(lot_id=found["lot"]))
    row = await db.fetch_row(mine, rule_id, bidder_id)
    if row is None:
        raise RuleNotFound
    return lot, row["max_minor"]


def _or_raise(result: StandingRule | DomainError) -> StandingRule:
    # Raised after commit: a refused bid may have left a report for moderation, which must stay.
    if isinstance(result, DomainError):
        raise result
    return result
