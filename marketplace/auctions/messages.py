"""What is said in an auction's room. Amounts are decimal strings in `currency`."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


def room(auction_id: UUID) -> str:
    return f"auction:{auction_id}"


class BidPlacedMessage(Struct, frozen=True, kw_only=True, tag="bid_placed"):
    """A bid was accepted; `amount` is the price now, and `leader` leads at it. `buy_now_price` is null once that is gone."""

    auction_id: UUID
    lot_id: UUID
    bid_no: int
    bidder: str
    leader: str
    kind: str
    amount: str
    currency: str
    timestamp: datetime
    total_bids: int
    minimum_bid: str
    reserve_met: bool
    buy_now_price: str | None
    ends_at: datetime
    extended: bool


class AutoBidTriggered(Struct, frozen=True, kw_only=True, tag="auto_bid_triggered"):
    """A standing maximum answered, or took the lead: `auto_bidder` leads at `amount`."""

    auction_id: UUID
    lot_id: UUID
    amount: str
    currency: str
    auto_bidder: str
    timestamp: datetime


class BidRetractedMessage(Struct, frozen=True, kw_only=True, tag="bid_retracted"):
    """The bid `bid_no` was taken back; the lot stands as if it had never been placed."""

    auction_id: UUID
    lot_id: UUID
    bid_no: int
    bidder: str
    leader: str | None
    amount: str
    currency: str
    timestamp: datetime
    total_bids: int
    minimum_bid: str
    reserve_met: bool
    buy_now_price: str | None


class UserOutbid(Struct, frozen=True, kw_only=True, tag="user_outbid"):
    """To one user only: their maximum no longer leads."""

    auction_id: UUID
    lot_id: UUID
    new_bid: str
    currency: str
    minimum_bid: str


class AuctionStartedMessage(Struct, frozen=True, kw_only=True, tag="auction_started"):
    auction_id: UUID
    starts_at: datetime
    ends_at: datetime


class AuctionEndingSoon(Struct, frozen=True, kw_only=True, tag="auction_ending_soon"):
    auction_id: UUID
    lot_id: UUID
    seconds_remaining: int
    ends_at: datetime


class AuctionEndedMessage(Struct, frozen=True, kw_only=True, tag="auction_ended"):
    """A lot has closed. `winner` is null unless it sold, `final_bid` (the price it stood at) if nobody bid; `auction_over`: it was the last lot."""

    auction_id: UUID
    lot_id: UUID
    outcome: str
    winner: str | None
    final_bid: str | None
    currency: str
    total_bids: int
    timestamp: datetime
    auction_over: bool


class AuctionCancelledMessage(Struct, frozen=True, kw_only=True, tag="auction_cancelled"):
    auction_id: UUID
    reason: str
