"""What auctions refuse. Amounts in `details` are minor units until the service puts them into the lot's currency."""

from typing import Self

from marketplace.core.errors import DomainError, Forbidden, NotFound, RateLimited, Unprocessable, ValidationFailed


class AmountRefused(DomainError):
    """A bid refused for its amount. `limit_minor` is the amount it is measured against."""

    status_code = 400
    limit_minor: int = 0


class BidTooLow(AmountRefused):
    """RULES: Auctions 1. `details.minimum` is what would be enough."""

    code = "bid_too_low"
    default_message = "The bid is below the minimum."

    @classmethod
    def below(cls, minimum_minor: int) -> Self:
        refusal = cls()
        refusal.limit_minor = minimum_minor
        return refusal


class MaximumNotRaised(AmountRefused):
    """RULES: Auctions 2: the leader may raise their own maximum, never lower it."""

    code = "maximum_not_raised"
    default_message = "You lead already with a maximum at least as high. It can only be raised."

    @classmethod
    def at(cls, maximum_minor: int) -> Self:
        refusal = cls()
        refusal.limit_minor = maximum_minor
        return refusal


class BuyNowGone(DomainError):
    code = "buy_now_unavailable"
    default_message = "Buy it now is not offered for this lot, or no longer."


class AuctionNotFound(NotFound):
    code = "auction_not_found"
    default_message = "There is no such auction."


class LotNotFound(NotFound):
    code = "lot_not_found"
    default_message = "There is no such lot."


class LotRequired(ValidationFailed):
    """The auction has several lots, and the request names none."""

    code = "lot_required"
    default_message = "This auction has several lots: say which one with lot_id."


class AuctionNotStarted(DomainError):
    code = "auction_not_started"
    default_message = "The auction has not started yet."


class AuctionClosed(DomainError):
    code = "auction_closed"
    default_message = "The auction has ended."


class AuctionRunning(DomainError):
    code = "auction_running"
    default_message = "The auction is running: its times can't change any more."


class OwnAuction(Forbidden):
    code = "own_auction"
    default_message = "You can't bid on your own auction."


class LinkedToSeller(Forbidden):
    """RULES: accounts that share a device, card or address with the seller can't bid. The message doesn't say which."""

    code = "linked_to_seller"
    default_message = "You can't bid on this auction."


class MayNotBid(Forbidden):
    code = "may_not_bid"
    default_message = "This account can't bid."


class BiddingRefused(Forbidden):
    """Too many wins were not paid for. `details.until`: when bidding is possible again."""

    code = "bidding_suspended"
    default_message = "You may not bid for now: too many of your wins were not paid for."


class StrikeNotFound(NotFound):
    code = "strike_not_found"
    default_message = "There is no such strike."


class EmailNotVerified(Forbidden):
    code = "email_not_verified"
    default_message = "Verify your e-mail address first."


class TooManyWaiting(RateLimited):
    code = "too_many_bids"
    default_message = "Too many bids on this lot are waiting. Try again in a moment."


class HasBids(DomainError):
    code = "auction_has_bids"
    default_message = "There are bids already."


class NothingToSell(DomainError):
    code = "nothing_to_sell"
    default_message = "Nobody has bid yet: an auction is ended early only by selling to the leader."


class BidNotFound(NotFound):
    code = "bid_not_found"
    default_message = "There is no such bid."


class NotRetractable(Unprocessable):
    code = "not_retractable"
    default_message = "This bid can't be retracted any more."


class RuleNotFound(NotFound):
    code = "auto_bid_not_found"
    default_message = "There is no such auto-bid."


class RuleExists(DomainError):
    code = "auto_bid_exists"
    default_message = "You have an auto-bid on this lot already: raise it instead."


class OfferNotFound(NotFound):
    code = "offer_not_found"
    default_message = "There is no such offer."


class SaleNotFound(NotFound):
    code = "sale_not_found"
    default_message = "There is no such sale."


class AlreadyPaid(DomainError):
    code = "already_paid"
    default_message = "It has been paid for: refund it first."


class ImageNotFound(NotFound):
    code = "image_not_found"
    default_message = "There is no such picture."


class ImageOrderWrong(ValidationFailed):
    code = "validation_error"


class TooManyImages(DomainError):
    code = "too_many_images"
    default_message = "This auction has as many pictures as it may have."


class OwnInterest(Forbidden):
    """Staff are people who sell and bid, too: what they are a party to is for another of them to judge."""

    code = "own_interest"
    default_message = "You sell or bid here yourself: another member of staff must do that."
