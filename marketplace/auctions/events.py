"""What auctions tell others. Amounts are minor units of `currency`."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct


class AuctionCreated(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    seller_id: UUID


class AuctionUpdated(Struct, frozen=True, kw_only=True):
    auction_id: UUID


class AuctionStarted(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    seller_id: UUID
    title: str
    ends_at: datetime


class Placed(Struct, frozen=True, kw_only=True):
    """One bid of a batch. `leader_id` leads after it at `price`; `outbid_id` lost the lead by it."""

    bid_id: UUID
    bidder_id: UUID
    kind: str
    seq: int
    price: int
    leader_id: UUID
    outbid_id: UUID | None
    received_at: datetime


class BidsPlaced(Struct, frozen=True, kw_only=True):
    """Bids on one lot, in the order they were resolved. Told once for those that were stored together."""

    auction_id: UUID
    lot_id: UUID
    seller_id: UUID
    title: str
    currency: str
    bids: list[Placed]
    total_bids: int
    ends_at: datetime


class BidRetracted(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    lot_id: UUID
    seller_id: UUID
    bidder_id: UUID
    title: str
    reason: str
    currency: str
    price: int
    leader_id: UUID | None
    former_leader_id: UUID | None


class BidDropped(Struct, frozen=True, kw_only=True):
    """A bid that would have led fell away: the money for it is not in its bidder's wallet. `amount` was its maximum."""

    auction_id: UUID
    lot_id: UUID
    bidder_id: UUID
    title: str
    amount: int
    currency: str


class HoldReleased(Struct, frozen=True, kw_only=True):
    """Money held for a bid is free again. `reason`: outbid, retracted, lowered, dropped, ended, cancelled."""

    auction_id: UUID
    lot_id: UUID
    user_id: UUID
    title: str
    amount: int
    currency: str
    reason: str


class LeadBarred(Struct, frozen=True, kw_only=True):
    """Who leads this lot with held money may not buy any more."""

    lot_id: UUID
    bidder_id: UUID


class SellerBarred(Struct, frozen=True, kw_only=True):
    """This auction's seller may not sell any more."""

    auction_id: UUID
    actor_id: UUID | None


class LinkedBidRefused(Struct, frozen=True, kw_only=True):
    """Somebody linked to the seller tried to bid. `links` says how: device, address, phone."""

    auction_id: UUID
    lot_id: UUID
    seller_id: UUID
    bidder_id: UUID
    links: list[str]


class LotEndingSoon(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    lot_id: UUID
    title: str
    seconds_remaining: int
    ends_at: datetime


class LotClosed(Struct, frozen=True, kw_only=True):
    """A lot has closed; `buyer_id`, `sale_id` and `price` are set if it was sold."""

    auction_id: UUID
    lot_id: UUID
    seller_id: UUID
    title: str
    outcome: str
    currency: str
    buyer_id: UUID | None = None
    sale_id: UUID | None = None
    price: int | None = None
    total_bids: int


class AuctionEnded(Struct, frozen=True, kw_only=True):
    """The last lot has closed."""

    auction_id: UUID
    seller_id: UUID
    title: str


class AuctionCancelled(Struct, frozen=True, kw_only=True):
    """Removed by its seller before the first bid, or by staff. `by_staff` auctions may have had bidders."""

    auction_id: UUID
    seller_id: UUID
    title: str
    reason: str
    by_staff: bool


class SaleMade(Struct, frozen=True, kw_only=True):
    """A buyer owes `amount` until `pay_by`; or `is_paid`: money that was held for it has paid it."""

    sale_id: UUID
    kind: str
    auction_id: UUID
    lot_id: UUID
    title: str
    buyer_id: UUID
    seller_id: UUID
    amount: int
    currency: str
    pay_by: datetime
    order_id: UUID | None = None
    order_number: str = ""
    is_paid: bool = False


class SaleUnpaid(Struct, frozen=True, kw_only=True):
    sale_id: UUID
    auction_id: UUID
    lot_id: UUID
    buyer_id: UUID
    seller_id: UUID
    title: str


class BiddingSuspended(Struct, frozen=True, kw_only=True):
    """Too many wins were not paid for, `sale_id` the last of them: no bids until `until`."""

    user_id: UUID
    sale_id: UUID
    until: datetime


class StrikeLifted(Struct, frozen=True, kw_only=True):
    """A strike was taken back. `until`: the account may not bid until then all the same."""

    user_id: UUID
    sale_id: UUID
    until: datetime | None


class SalePaid(Struct, frozen=True, kw_only=True):
    sale_id: UUID
    auction_id: UUID
    lot_id: UUID
    buyer_id: UUID
    seller_id: UUID


class SecondChanceOffered(Struct, frozen=True, kw_only=True):
    offer_id: UUID
    auction_id: UUID
    lot_id: UUID
    bidder_id: UUID
    title: str
    amount: int
    currency: str
    expires_at: datetime


class SecondChanceClosed(Struct, frozen=True, kw_only=True):
    """The offer was accepted, declined, withdrawn, or has expired."""

    offer_id: UUID
    auction_id: UUID
    lot_id: UUID
    bidder_id: UUID
    seller_id: UUID
    status: str
