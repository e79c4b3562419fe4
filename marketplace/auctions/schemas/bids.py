"""Bids, auto-bids and the history: bodies and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.auctions.chain import Link
from marketplace.auctions.schemas.common import AmountText, BidLine, Currency
from marketplace.auctions.states import AuctionStatus, BidKind, Outcome, RetractionReason, RuleStatus
from marketplace.core.money import Amount

LotId = Annotated[UUID, Meta(description="Which lot; not needed where the auction has only one.")]


class PlaceBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bid is a maximum: it raises the price no further than needed. RULES: Auctions."""

    amount: Amount
    auction_id: UUID | None = None
    lot_id: LotId | None = None
    currency: Annotated[Currency, Meta(description="If sent, it must be the auction's.")] | None = None


class Placement(Struct, frozen=True, kw_only=True):
    """What became of a bid. `amount` is what was bid; only its bidder is ever told."""

    auction_id: UUID
    lot_id: UUID
    bid_no: int
    kind: BidKind
    amount: AmountText
    currency: Currency
    leading: bool
    current_price: AmountText
    minimum_bid: AmountText
    reserve_met: bool
    total_bids: int
    ends_at: datetime
    extended: Annotated[bool, Meta(description="Anti-sniping moved the end.")]
    placed_at: datetime
    hash: Annotated[str, Meta(description="Of its row in the history, which cannot be changed unnoticed.")]


class PlacedBidOut(Placement, frozen=True, kw_only=True):
    id: UUID


class BidAccepted(Placement, frozen=True, kw_only=True, tag="bid_accepted"):
    """The room's answer to the bidder alone; everybody hears `bid_placed`. `id`, if there, is that of the message answered."""

    bid_id: UUID


class RetractBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: RetractionReason


class BidOut(BidLine, frozen=True, kw_only=True):
    id: UUID
    auction_id: UUID
    lot_id: UUID
    currency: Currency


class MyBidOut(Struct, frozen=True, kw_only=True):
    """One bid of the viewer, and how its lot stands now. `maximum` is what was bid, `amount` the price it led to."""

    id: UUID
    auction_id: UUID
    lot_id: UUID
    bid_no: int
    title: str
    kind: BidKind
    amount: AmountText
    maximum: AmountText
    currency: Currency
    placed_at: datetime
    retracted: bool
    leading: bool
    current_price: AmountText
    minimum_bid: AmountText
    bid_count: int
    status: AuctionStatus
    outcome: Outcome | None
    ends_at: datetime | None


class CreateAutoBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A standing maximum: the house bids for you, no more than needed, up to it."""

    max_bid: Amount
    auction_id: UUID | None = None
    lot_id: LotId | None = None


class UpdateAutoBid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It can only be raised."""

    max_bid: Amount


class AutoBidOut(Struct, frozen=True, kw_only=True):
    id: UUID
    auction_id: UUID
    lot_id: UUID
    title: str
    max_bid: AmountText
    currency: Currency
    status: RuleStatus
    leading: bool
    current_price: AmountText
    minimum_bid: AmountText
    auction_status: AuctionStatus
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Opening(Struct, frozen=True, kw_only=True):
    """What opens a row's commitment: sha256("salt:bidder_id:maximum_minor"). Only its own bidder is shown it."""

    salt: str
    bidder_id: UUID
    maximum_minor: int


class HistoryRow(Struct, frozen=True, kw_only=True):
    """One row of a lot's append-only history.

    `link` is what is hashed: hash = sha256(prev_hash + the JSON of `link`, keys sorted, no spaces). Prices in it are minor units.
    """

    link: Link
    prev_hash: str
    hash: str
    bidder: str
    amount: AmountText
    currency: Currency
    opening: Opening | None


class LotCheck(Struct, frozen=True, kw_only=True):
    """`broken_at` is the number of the first row that does not fit the one before it."""

    lot_id: UUID
    intact: bool
    length: int
    head: str
    broken_at: int | None
    problem: str | None


class HistoryCheck(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    intact: bool
    lots: list[LotCheck]
