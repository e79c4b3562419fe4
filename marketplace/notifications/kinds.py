"""The types of notification: what each is about, which channels it uses by default, and which cannot be turned off."""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Category(StrEnum):
    AUCTIONS = "auctions"
    SELLING = "selling"
    ORDERS = "orders"
    MONEY = "money"
    SECURITY = "security"

    @property
    def is_critical(self) -> bool:
        """RULES: Messaging and notifications. Security and money always reach their reader."""
        return self in (Category.MONEY, Category.SECURITY)


class Kind(StrEnum):
    OUTBID = "outbid"
    LEADING_AGAIN = "leading_again"
    AUCTION_LOST = "auction_lost"
    AUCTION_STARTED = "auction_started"
    AUCTION_ENDING_SOON = "auction_ending_soon"
    AUCTION_CANCELLED = "auction_cancelled"
    SECOND_CHANCE_OFFER = "second_chance_offer"
    HOLD_RELEASED = "hold_released"
    BID_DROPPED = "bid_dropped"
    BID_RECEIVED = "bid_received"
    BID_RETRACTED = "bid_retracted"
    LOT_SOLD = "lot_sold"
    LOT_UNSOLD = "lot_unsold"
    SECOND_CHANCE_CLOSED = "second_chance_closed"
    STOCK_LOW = "stock_low"
    AUCTION_WON = "auction_won"
    WON_AND_PAID = "won_and_paid"
    PAYMENT_OVERDUE = "payment_overdue"
    BIDDING_SUSPENDED = "bidding_suspended"
    STRIKE_LIFTED = "strike_lifted"
    SALE_UNPAID = "sale_unpaid"
    SALE_PAID = "sale_paid"
    ORDER_PLACED = "order_placed"
    ORDER_SHIPPED = "order_shipped"
    ORDER_DELIVERED = "order_delivered"
    SHIPMENT_SENT = "shipment_sent"
    SHIPMENT_DELIVERED = "shipment_delivered"
    ORDER_COMPLETED = "order_completed"
    ORDER_CANCELLED = "order_cancelled"
    UNITS_CANCELLED = "units_cancelled"
    RETURN_REQUESTED = "return_requested"
    RETURN_APPROVED = "return_approved"
    RETURN_REJECTED = "return_rejected"
    RETURN_RECEIVED = "return_received"
    RETURN_CANCELLED = "return_cancelled"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_RETURNED = "payment_returned"
    ORDER_REFUNDED = "order_refunded"
    REFUND_FAILED = "refund_failed"
    ORDER_FROZEN = "order_frozen"
    ORDER_UNFROZEN = "order_unfrozen"
    MONEY_RELEASED = "money_released"
    MONEY_CLEARED = "money_cleared"
    DEPOSIT_MADE = "deposit_made"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_METHOD_CHANGED = "payout_method_changed"
    CHARGEBACK_OPENED = "chargeback_opened"
    CHARGEBACK_CLOSED = "chargeback_closed"
    NEW_LOGIN = "new_login"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a name
    SOCIAL_LINKED = "social_linked"
    ROLE_CHANGED = "role_changed"
    ACCOUNT_RESTORED = "account_restored"
    BOOKS_BROKEN = "books_broken"
    SUBSCRIPTION_STARTED = "subscription_started"
    SUBSCRIPTION_RENEWED = "subscription_renewed"
    SUBSCRIPTION_UPGRADED = "subscription_upgraded"
    SUBSCRIPTION_UNPAID = "subscription_unpaid"
    SUBSCRIPTION_ENDING = "subscription_ending"
    SUBSCRIPTION_ENDED = "subscription_ended"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_ANSWERED = "dispute_answered"
    DISPUTE_PROPOSED = "dispute_proposed"
    DISPUTE_ESCALATED = "dispute_escalated"
    DISPUTE_DECIDED = "dispute_decided"
    DISPUTE_RESOLVED = "dispute_resolved"
    DISPUTE_WITHDRAWN = "dispute_withdrawn"
    DISPUTE_FOR_STAFF = "dispute_for_staff"
    REVIEW_RECEIVED = "review_received"
    REVIEW_REPLIED = "review_replied"
    CLIENT_REVIEWED = "client_reviewed"
    GIG_APPROVED = "gig_approved"
    GIG_REJECTED = "gig_rejected"
    WORK_PAID = "work_paid"
    REQUIREMENTS_AWAITED = "requirements_awaited"
    REQUIREMENTS_ANSWERED = "requirements_answered"
    WORK_ACCEPTED = "work_accepted"
    WORK_STARTED = "work_started"
    WORK_DELIVERED = "work_delivered"
    DELIVERY_REJECTED = "delivery_rejected"
    REVISION_REQUESTED = "revision_requested"
    WORK_LATE = "work_late"
    WORK_VERY_LATE = "work_very_late"
    EXTENSION_REQUESTED = "extension_requested"
    EXTENSION_ANSWERED = "extension_answered"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLATION_ANSWERED = "cancellation_answered"
    CUSTOM_OFFER_RECEIVED = "custom_offer_received"
    CUSTOM_OFFER_COUNTERED = "custom_offer_countered"
    CUSTOM_OFFER_ANSWERED = "custom_offer_answered"
    MILESTONES_PROPOSED = "milestones_proposed"
    MILESTONES_AGREED = "milestones_agreed"
    MILESTONE_SUBMITTED = "milestone_submitted"
    MILESTONE_REJECTED = "milestone_rejected"
    MILESTONE_APPROVED = "milestone_approved"
    MILESTONE_DUE = "milestone_due"


class Channels(Struct, frozen=True):
    """Where a notification goes: the inbox, a letter, the open sockets."""

    in_app: bool = True
    email: bool = False
    live: bool = True


QUIET: Final = Channels()
LOUD: Final = Channels(email=True)

_ABOUT: Final[dict[Category, dict[Kind, Channels]]] = {
    Category.AUCTIONS: {
        Kind.OUTBID: LOUD,
        Kind.LEADING_AGAIN: QUIET,
        Kind.AUCTION_LOST: QUIET,
        Kind.AUCTION_STARTED: QUIET,
        Kind.AUCTION_ENDING_SOON: QUIET,
        Kind.AUCTION_CANCELLED: LOUD,
        Kind.SECOND_CHANCE_OFFER: LOUD,
        Kind.HOLD_RELEASED: QUIET,
        Kind.BID_DROPPED: LOUD,
        Kind.BIDDING_SUSPENDED: LOUD,
        Kind.STRIKE_LIFTED: LOUD,
    },
    Category.SELLING: {
        Kind.BID_RECEIVED: QUIET,
        Kind.BID_RETRACTED: QUIET,
        Kind.LOT_SOLD: LOUD,
        Kind.LOT_UNSOLD: QUIET,
        Kind.SECOND_CHANCE_CLOSED: QUIET,
        Kind.ORDER_COMPLETED: QUIET,
        Kind.MONEY_RELEASED: QUIET,
        Kind.MONEY_CLEARED: QUIET,
        Kind.STOCK_LOW: LOUD,
        Kind.REVIEW_RECEIVED: QUIET,
        Kind.GIG_APPROVED: LOUD,
        Kind.GIG_REJECTED: LOUD,
    },
    Category.ORDERS: {
        **dict.fromkeys(
            [
                Kind.REQUIREMENTS_AWAITED, Kind.REQUIREMENTS_ANSWERED, Kind.WORK_DELIVERED, Kind.DELIVERY_REJECTED,
                Kind.REVISION_REQUESTED, Kind.WORK_LATE, Kind.WORK_VERY_LATE, Kind.EXTENSION_REQUESTED,
                Kind.CANCELLATION_REQUESTED, Kind.CUSTOM_OFFER_RECEIVED, Kind.CUSTOM_OFFER_COUNTERED,
                Kind.MILESTONES_PROPOSED, Kind.MILESTONE_SUBMITTED, Kind.MILESTONE_REJECTED, Kind.MILESTONE_DUE,
            ],
            LOUD,
        ),
        **dict.fromkeys(
            [
                Kind.WORK_ACCEPTED, Kind.WORK_STARTED, Kind.EXTENSION_ANSWERED, Kind.CANCELLATION_ANSWERED,
                Kind.CUSTOM_OFFER_ANSWERED, Kind.MILESTONES_AGREED, Kind.MILESTONE_APPROVED,
            ],
            QUIET,
        ),
        Kind.ORDER_PLACED: LOUD,
        Kind.ORDER_SHIPPED: LOUD,
        Kind.ORDER_DELIVERED: QUIET,
        Kind.ORDER_CANCELLED: LOUD,
        Kind.SHIPMENT_SENT: LOUD,
        Kind.SHIPMENT_DELIVERED: QUIET,
        Kind.UNITS_CANCELLED: LOUD,
        Kind.RETURN_REQUESTED: LOUD,
        Kind.RETURN_APPROVED: LOUD,
        Kind.RETURN_REJECTED: LOUD,
        Kind.RETURN_RECEIVED: LOUD,
        Kind.RETURN_CANCELLED: QUIET,
        Kind.REVIEW_REPLIED: QUIET,
        Kind.CLIENT_REVIEWED: QUIET,
        Kind.DISPUTE_FOR_STAFF: QUIET,
    },
    Category.MONEY: dict.fromkeys(
        [
            Kind.WORK_PAID, Kind.AUCTION_WON, Kind.WON_AND_PAID, Kind.PAYMENT_OVERDUE, Kind.SALE_UNPAID, Kind.SALE_PAID,
            Kind.PAYMENT_RECEIVED, Kind.PAYMENT_FAILED, Kind.PAYMENT_RETURNED, Kind.ORDER_REFUNDED,
            Kind.DISPUTE_OPENED, Kind.DISPUTE_ANSWERED, Kind.DISPUTE_PROPOSED, Kind.DISPUTE_ESCALATED,
            Kind.DISPUTE_DECIDED, Kind.DISPUTE_RESOLVED, Kind.DISPUTE_WITHDRAWN,
            Kind.REFUND_FAILED, Kind.ORDER_FROZEN, Kind.ORDER_UNFROZEN, Kind.DEPOSIT_MADE, Kind.PAYOUT_PAID,
            Kind.PAYOUT_FAILED, Kind.CHARGEBACK_OPENED, Kind.CHARGEBACK_CLOSED, Kind.BOOKS_BROKEN,
            Kind.SUBSCRIPTION_STARTED, Kind.SUBSCRIPTION_RENEWED, Kind.SUBSCRIPTION_UPGRADED,
            Kind.SUBSCRIPTION_UNPAID, Kind.SUBSCRIPTION_ENDING, Kind.SUBSCRIPTION_ENDED,
        ],
        LOUD,
    ),
    Category.SECURITY: dict.fromkeys(
        [
            Kind.NEW_LOGIN, Kind.PASSWORD_CHANGED, Kind.SECOND_FACTOR_CHANGED, Kind.TOKEN_REUSED, Kind.SOCIAL_LINKED,
            Kind.ROLE_CHANGED, Kind.ACCOUNT_RESTORED, Kind.PAYOUT_METHOD_CHANGED,
        ],
        LOUD,
    ),
}  # fmt: skip

CATEGORY: Final = {kind: category for category, kinds in _ABOUT.items() for kind in kinds}
DEFAULTS: Final = {kind: channels for kinds in _ABOUT.values() for kind, channels in kinds.items()}
