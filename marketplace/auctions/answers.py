"""What the service did, as answers show it."""

from typing import Any

from marketplace.auctions.schemas.bids import BidAccepted, PlacedBidOut
from marketplace.auctions.service.bids import PlacedBid
from marketplace.core.money import to_text


def placed_bid(placed: PlacedBid) -> PlacedBidOut:
    """For the bidder over HTTP."""
    return PlacedBidOut(id=placed.bid_id, **_placement(placed))


def bid_accepted(placed: PlacedBid) -> BidAccepted:
    """For the bidder in the room."""
    return BidAccepted(bid_id=placed.bid_id, **_placement(placed))


def _placement(placed: PlacedBid) -> dict[str, Any]:
    currency = placed.currency
    return {
        "auction_id": placed.auction_id, "lot_id": placed.lot_id, "bid_no": placed.seq, "kind": placed.kind,
        "amount": to_text(placed.max_minor, currency), "currency": currency, "leading": placed.leading,
        "current_price": to_text(placed.price_minor, currency), "minimum_bid": to_text(placed.minimum_minor, currency),
        "reserve_met": placed.reserve_met, "total_bids": placed.total_bids, "ends_at": placed.ends_at,
        "extended": placed.extended, "placed_at": placed.placed_at, "hash": placed.hash,
    }  # fmt: skip
