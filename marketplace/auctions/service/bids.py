"""Placing bids: any number on one lot, in one transaction, in a handful of round trips. RULES: Auctions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.links import linked_to
from marketplace.auctions import bidding
from marketplace.auctions.bidding import Maximum
from marketplace.auctions.errors import (
    AmountRefused,
    AuctionClosed,
    AuctionNotFound,
    AuctionNotStarted,
    MaximumNotRaised,
    MayNotBid,
)
from marketplace.auctions.events import LinkedBidRefused
from marketplace.auctions.locks import LockedLot, LotRef, lock_lot
from marketplace.auctions.service import holds
from marketplace.auctions.service.bidders import Candidate, read_bidders
from marketplace.auctions.service.open_lot import OpenLot
from marketplace.auctions.service.standing_rules import LotRules, RuleChange
from marketplace.auctions.states import AuctionStatus, BidKind
from marketplace.core import db, outbox
from marketplace.core.errors import DomainError, ValidationFailed
from marketplace.core.money import MAX_MINOR, to_minor, to_text


class BidRequest(Struct, frozen=True, kw_only=True):
    """A maximum, in decimal. `received_at` is when the server got the request: it decides. `field` names it in refusals.

    With `rule` the maximum is also set as an auto-bid rule, in the same transaction.
    """

    bidder_id: UUID
    amount: Decimal
    received_at: datetime
    kind: BidKind = BidKind.BID
    currency: str | None = None
    field: str = "amount"
    rule: RuleChange | None = None


class PlacedBid(Struct, frozen=True, kw_only=True):
    """What became of an accepted bid: amounts in minor units of `currency`. `leading` is as of this bid."""

    bid_id: UUID
    auction_id: UUID
    lot_id: UUID
    seq: int
    kind: BidKind
    currency: str
    max_minor: int
    price_minor: int
    leading: bool
    minimum_minor: int
    reserve_met: bool
    total_bids: int
    ends_at: datetime
    extended: bool
    placed_at: datetime
    hash: str


async def place_bid(ref: LotRef, request: BidRequest) -> PlacedBid:
    """Place one bid. Joins the caller's transaction; where there is none, `bid_queue.submit` is faster on a busy lot."""
    [result] = await db.retrying(lambda: place_bids(ref, [request]))
    if isinstance(result, DomainError):
        raise result
    return result


async def place_bids(ref: LotRef, requests: Sequence[BidRequest]) -> list[PlacedBid | DomainError]:
    """Resolve bids on one lot in the order they were received; each gets its own result or refusal, in request order.

    Raises only what concerns all of them: LotNotFound, AuctionNotFound, LotRequired.
    """
    async with db.transaction():
        lot = await lock_lot(ref)
        table = await _Table.laid(lot, requests)
        results: dict[int, PlacedBid | DomainError] = {}
        for i in sorted(range(len(requests)), key=lambda i: requests[i].received_at):
            try:
                results[i] = table.place(requests[i])
            except DomainError as refusal:
                results[i] = refusal
        await table.open_lot.save()
        await table.rules.save()
        report_links(lot, table.links)
        return [results[i] for i in range(len(requests))]


class _Table:
    """The lot and everybody who bids on it in this transaction."""

    def __init__(
        self, open_lot: OpenLot, candidates: dict[UUID, Candidate], links: dict[UUID, list[str]], rules: LotRules,
        covers: holds.Covers | None,
    ) -> None:  # fmt: skip
        self.open_lot = open_lot
        self.rules = rules
        self.links = links
        self._candidates = candidates
        self._covers = covers

    @classmethod
    async def laid(cls, lot: LockedLot, requests: Sequence[BidRequest]) -> "_Table":
        bidder_ids = {request.bidder_id for request in requests}
        links = await linked_to(lot.seller, list(bidder_ids))
        candidates, people = await read_bidders(lot, bidder_ids, links)
        rules = await LotRules.read(lot, {request.bidder_id for request in requests if request.rule})
        covers = await holds.lock_covers(lot, bidder_ids) if lot.requires_hold else None
        return cls(OpenLot(lot, people), candidates, links, rules, covers)

    def place(self, request: BidRequest) -> PlacedBid:
        check_seen(self.open_lot.lot, request.bidder_id)
        candidate = self._candidates.get(request.bidder_id)
        if candidate is None:
            raise MayNotBid
        if candidate.refusal is not None:
            raise candidate.refusal
        lot = self.open_lot
        check_open(lot, request.received_at)
        max_minor = in_minor(lot.lot, request)
        if request.rule is not None:
            self.rules.check(request.rule, request.bidder_id, max_minor, request.field)
        bid = Maximum(bidder=request.bidder_id, max_minor=max_minor, at=request.received_at)
        try:
            outcome = bidding.resolve(lot.lot.terms, lot.standing, bid)
        except AmountRefused as refusal:
            raise in_currency(refusal, lot, request.field) from None
        if self._covers is not None:
            holds.check_covered(lot.lot, self._covers, request.bidder_id, max_minor, request.field)
        bidder = lot.admit(request.bidder_id, candidate.alias)
        ended_before = lot.ends_at
        row = lot.take(outcome, bidder, request.kind, max_minor, request.received_at)
        assert lot.ends_at is not None
        if request.rule is not None:
            self.rules.set(request.rule, bidder.id, max_minor)
        return PlacedBid(
            bid_id=row.id, auction_id=lot.lot.auction_id, lot_id=lot.lot.id, seq=row.seq, kind=row.kind,
            currency=lot.lot.currency, max_minor=max_minor, price_minor=outcome.after.price_minor,
            leading=outcome.after.leader == bidder.id, minimum_minor=lot.minimum, reserve_met=lot.reserve_met,
            total_bids=lot.bid_count, ends_at=lot.ends_at, extended=lot.ends_at != ended_before,
            placed_at=row.placed_at, hash=row.hash,
        )  # fmt: skip


def report_links(lot: LockedLot, links: Mapping[UUID, list[str]]) -> None:
    """Tell moderation of attempts by accounts linked to the seller; the refusal itself gives nothing away.

    The refusal undoes the transaction of a request with an Idempotency-Key; the report stays.
    """
    if not links:
        return
    refused = [
        LinkedBidRefused(
            auction_id=lot.auction_id, lot_id=lot.id, seller_id=lot.seller, bidder_id=bidder_id, links=found
        )
        for bidder_id, found in links.items()
    ]

    async def tell() -> None:
        async with db.transaction():
            await outbox.emit(*refused)

    db.in_any_case(tell)


def check_seen(lot: LockedLot, bidder_id: UUID) -> None:
    """A listing that waits for its seller to activate it is not there for others. Raises AuctionNotFound."""
    if lot.status == AuctionStatus.SCHEDULED and lot.starts_at is None and lot.seller != bidder_id:
        raise AuctionNotFound


def check_open(lot: OpenLot, received_at: datetime) -> None:
    """Raises AuctionNotStarted or AuctionClosed. The receipt time decides, as long as the lot has not been closed."""
    if lot.lot.status == AuctionStatus.SCHEDULED or (lot.lot.starts_at and received_at < lot.lot.starts_at):
        raise AuctionNotStarted
    if lot.lot.status != AuctionStatus.ACTIVE or lot.ends_at is None or received_at >= lot.ends_at:
        raise AuctionClosed


def in_minor(lot: LockedLot, request: BidRequest) -> int:
    """The bid in minor units. Raises ValidationFailed naming the request's field."""
    if request.currency not in (None, lot.currency):
        raise ValidationFailed.of("currency", f"This auction is in {lot.currency}.")
    minor = to_minor(request.amount, lot.currency, request.field)
    if not 0 < minor <= MAX_MINOR:
        raise ValidationFailed.of(request.field, "Must be more than zero, and within reason.")
    return minor


def in_currency(refusal: AmountRefused, lot: OpenLot, field: str) -> AmountRefused:
    """The refusal with its amounts as the bidder knows them, and the field named."""
    currency, kind = lot.lot.currency, type(refusal)
    limit, least = to_text(refusal.limit_minor, currency), to_text(lot.minimum, currency)
    if kind is MaximumNotRaised:
        told = f"Your maximum is {limit} {currency} already; a new one must be higher."
        return kind(told, fields={field: [told]}, current_maximum=limit, minimum=least, currency=currency)
    told = f"The bid must be at least {limit} {currency}."
    return kind(told, fields={field: [told]}, minimum=limit, currency=currency)
