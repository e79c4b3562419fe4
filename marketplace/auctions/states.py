from enum import StrEnum

from marketplace.core.states import Machine


class AuctionStatus(StrEnum):
    """The state of a listing, and of each of its lots. RULES: Auctions."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How a lot ended; empty until it has."""

    NONE = ""
    SOLD = "sold"
    UNSOLD = "unsold"
    RESERVE_NOT_MET = "reserve_not_met"


class BidKind(StrEnum):
    """What a row of the bid history records. The first three are bids; the others take something back."""

    BID = "bid"
    AUTO = "auto"
    BUY_NOW = "buy_now"
    RETRACTION = "retraction"
    CAP = "cap"


class RetractionReason(StrEnum):
    WRONG_AMOUNT = "wrong_amount"
    DESCRIPTION_CHANGED = "description_changed"
    SELLER_UNREACHABLE = "seller_unreachable"


class RuleStatus(StrEnum):
    ACTIVE = "active"
    DELETED = "deleted"


class SaleKind(StrEnum):
    WIN = "win"
    BUY_NOW = "buy_now"
    SECOND_CHANCE = "second_chance"


class SaleStatus(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    UNPAID = "unpaid"
    CANCELLED = "cancelled"


class OfferStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


A = AuctionStatus
AUCTION: Machine[AuctionStatus] = Machine({
    A.SCHEDULED: frozenset({A.ACTIVE, A.CANCELLED}),
    A.ACTIVE: frozenset({A.ENDED, A.CANCELLED}),
    A.ENDED: frozenset({A.CANCELLED}),  # staff only, while nothing has been paid
    A.CANCELLED: frozenset(),
})  # fmt: skip

P = SaleStatus
SALE: Machine[SaleStatus] = Machine({
    P.AWAITING_PAYMENT: frozenset({P.PAID, P.UNPAID, P.CANCELLED}),
    P.PAID: frozenset({P.CANCELLED}),  # its order was cancelled, and refunded
    P.UNPAID: frozenset(),
    P.CANCELLED: frozenset(),
})  # fmt: skip

F = OfferStatus
OFFER: Machine[OfferStatus] = Machine({
    F.OPEN: frozenset({F.ACCEPTED, F.DECLINED, F.EXPIRED, F.WITHDRAWN}),
    F.ACCEPTED: frozenset(),
    F.DECLINED: frozenset(),
    F.EXPIRED: frozenset(),
    F.WITHDRAWN: frozenset(),
})  # fmt: skip
