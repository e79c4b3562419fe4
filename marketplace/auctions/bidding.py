"""The rules of bidding on one lot, pure: integers in, integers out. RULES: Auctions 1-6.

Every bid is a maximum. What the service stores, what a retraction works out again, and what the invariants check
afterwards is this one function.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from marketplace.auctions.errors import BidTooLow, BuyNowGone, MaximumNotRaised
from marketplace.auctions.increments import Increments, increment
from marketplace.auctions.states import BidKind


class Terms(Struct, frozen=True, kw_only=True):
    """What the seller fixed for a lot, in minor units."""

    start_minor: int
    reserve_minor: int | None = None
    buy_now_minor: int | None = None
    increments: Increments


class Standing(Struct, frozen=True, kw_only=True):
    """Where a lot stands. Without a bid there is no leader and the price is the start price."""

    price_minor: int
    leader: UUID | None = None
    leader_max_minor: int = 0
    leader_max_at: datetime | None = None


class Maximum(Struct, frozen=True, kw_only=True):
    """A bid: the most its bidder would pay, and when the server received it."""

    bidder: UUID
    max_minor: int
    at: datetime


class Outcome(Struct, frozen=True, kw_only=True):
    """What a bid led to. `outbid` lost the lead by it; `defended` says that the leader's standing maximum answered it."""

    before: Standing
    after: Standing
    outbid: UUID | None = None
    defended: bool = False

    @property
    def price_changed(self) -> bool:
        """The first bid counts: from no price to the start price."""
        return self.before.leader is None or self.before.price_minor != self.after.price_minor


def opening(terms: Terms) -> Standing:
    return Standing(price_minor=terms.start_minor)


def minimum(terms: Terms, standing: Standing) -> int:
    """The least that the next bid must be (rule 1)."""
    if standing.leader is None:
        return terms.start_minor
    return standing.price_minor + increment(terms.increments, standing.price_minor)


def reserve_met(terms: Terms, standing: Standing) -> bool:
    """Without a reserve it always is, once somebody has bid."""
    return standing.leader is not None and standing.leader_max_minor >= (terms.reserve_minor or 0)


def buy_now_open(terms: Terms, standing: Standing) -> bool:
    """Rule 6: until the first bid, or with a reserve until that is met."""
    if terms.buy_now_minor is None:
        return False
    if terms.reserve_minor is None:
        return standing.leader is None
    return not reserve_met(terms, standing)


def resolve(terms: Terms, standing: Standing, bid: Maximum) -> Outcome:
    """The lot after this bid. Raises BidTooLow (naming the minimum) or MaximumNotRaised; then nothing has changed."""
    least = minimum(terms, standing)
    if bid.max_minor < least:
        raise BidTooLow.below(least)
    return _settle(terms, standing, bid)


def _settle(terms: Terms, standing: Standing, bid: Maximum) -> Outcome:
    """The lot after a bid that is good: it reaches the minimum, or did when it was placed."""
    if standing.leader == bid.bidder:
        return _raise_own(terms, standing, bid)
    if standing.leader is None:
        price, takes_lead = terms.start_minor, True
    elif bid.max_minor > standing.leader_max_minor:
        step = increment(terms.increments, standing.leader_max_minor)
        price, takes_lead = min(bid.max_minor, standing.leader_max_minor + step), True
    else:
        step = increment(terms.increments, bid.max_minor)
        price, takes_lead = max(standing.price_minor, min(standing.leader_max_minor, bid.max_minor + step)), False
    if not takes_lead:
        # The leader's maximum did not change, so neither does what it makes of the reserve.
        after = Standing(
            price_minor=price, leader=standing.leader,
            leader_max_minor=standing.leader_max_minor, leader_max_at=standing.leader_max_at,
        )  # fmt: skip
        return Outcome(before=standing, after=after, defended=True)
    return Outcome(before=standing, after=_led_by(terms, bid, price), outbid=standing.leader)


def _raise_own(terms: Terms, standing: Standing, bid: Maximum) -> Outcome:
    if bid.max_minor <= standing.leader_max_minor:
        raise MaximumNotRaised.at(standing.leader_max_minor)
    return Outcome(before=standing, after=_led_by(terms, bid, standing.price_minor))


def _led_by(terms: Terms, bid: Maximum, price: int) -> Standing:
    if terms.reserve_minor is not None and bid.max_minor >= terms.reserve_minor:
        price = max(price, terms.reserve_minor)
    return Standing(price_minor=price, leader=bid.bidder, leader_max_minor=bid.max_minor, leader_max_at=bid.at)


def buy_now(terms: Terms, standing: Standing, buyer: UUID, at: datetime) -> Outcome:
    """The lot after somebody bought it outright. Raises BuyNowGone."""
    if terms.buy_now_minor is None or not buy_now_open(terms, standing):
        raise BuyNowGone
    price = terms.buy_now_minor
    after = Standing(price_minor=price, leader=buyer, leader_max_minor=price, leader_max_at=at)
    return Outcome(before=standing, after=after, outbid=standing.leader if standing.leader != buyer else None)


def cap(standing: Standing, max_minor: int) -> Standing:
    """The lot after its leader took a standing maximum back: theirs falls to `max_minor`, but never below the price."""
    return Standing(
        price_minor=standing.price_minor, leader=standing.leader,
        leader_max_minor=min(standing.leader_max_minor, max(standing.price_minor, max_minor)), leader_max_at=standing.leader_max_at,
    )  # fmt: skip


class Recorded(Struct, frozen=True, kw_only=True):
    """One row of a lot's history, as far as the rules need it."""

    seq: int
    kind: BidKind
    bidder: UUID
    max_minor: int
    at: datetime
    target_seq: int | None = None


def retracted(history: Iterable[Recorded]) -> frozenset[int]:
    """The sequence numbers of bids that have been taken back."""
    return frozenset(row.target_seq for row in history if row.kind == BidKind.RETRACTION and row.target_seq is not None)


def replay(terms: Terms, history: list[Recorded], without: frozenset[int] | None = None) -> Standing:
    """Where a lot stands after this history, bids that were taken back left out as if never placed.

    `without` names them; by default those the history itself retracts. Every other bid stays good, also one that the
    remaining ones would not have let in: who takes a bid back must not cost somebody else the lead.
    """
    gone = retracted(history) if without is None else without
    standing = opening(terms)
    for row in history:
        if row.seq in gone:
            continue
        try:
            standing = _apply(terms, standing, row)
        except (MaximumNotRaised, BuyNowGone):
            continue
    return standing


def maxima(history: Iterable[Recorded]) -> dict[UUID, Recorded]:
    """Each bidder's standing maximum after this history, as the row that set it; the earlier of equal bids.

    A bid that was taken back counts for nothing, and a standing maximum that was taken back only for what it fell to.
    """
    rows = list(history)
    gone = retracted(rows)
    highest: dict[UUID, Recorded] = {}
    for row in rows:
        if row.seq in gone or row.kind not in (BidKind.BID, BidKind.AUTO, BidKind.CAP):
            continue
        held = highest.get(row.bidder)
        if row.kind == BidKind.CAP:
            if held is not None and row.max_minor < held.max_minor:
                highest[row.bidder] = replace(held, max_minor=row.max_minor)
        elif held is None or row.max_minor > held.max_minor:
            highest[row.bidder] = row
    return highest


def _apply(terms: Terms, standing: Standing, row: Recorded) -> Standing:
    if row.kind == BidKind.RETRACTION:
        return standing
    if row.kind == BidKind.CAP:
        return cap(standing, row.max_minor) if standing.leader == row.bidder else standing
    if row.kind == BidKind.BUY_NOW:
        return buy_now(terms, standing, row.bidder, row.at).after
    return _settle(terms, standing, Maximum(bidder=row.bidder, max_minor=row.max_minor, at=row.at)).after


class Sniping(Struct, frozen=True):
    """Anti-sniping: a price-changing bid within `window` of the end moves the end to bid time + `extension`."""

    window: timedelta
    extension: timedelta

    def end_after(self, bid_at: datetime, end: datetime, latest: datetime) -> datetime:
        """The effective end after a price-changing bid: never moved back, never past `latest` (the hard cap)."""
        if end - bid_at > self.window:
            return end
        return max(end, min(bid_at + self.extension, latest))
