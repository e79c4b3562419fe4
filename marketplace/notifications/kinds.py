"""The types of notification: what each is about, which channels it uses by default, and which cannot be turned off."""

from enum import StrEnum
from typing import Final

from msgspec import Struct


class Category(StrEnum):
    AUCTIONS = "auctions"
    SELLING = "selling"
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
    BID_RECEIVED = "bid_received"
    BID_RETRACTED = "bid_retracted"
    LOT_SOLD = "lot_sold"
    LOT_UNSOLD = "lot_unsold"
    SECOND_CHANCE_CLOSED = "second_chance_closed"
    AUCTION_WON = "auction_won"
    PAYMENT_OVERDUE = "payment_overdue"
    SALE_UNPAID = "sale_unpaid"
    SALE_PAID = "sale_paid"
    NEW_LOGIN = "new_login"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a name
    SOCIAL_LINKED = "social_linked"
    ROLE_CHANGED = "role_changed"
    ACCOUNT_RESTORED = "account_restored"


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
    },
    Category.SELLING: {
        Kind.BID_RECEIVED: QUIET,
        Kind.BID_RETRACTED: QUIET,
        Kind.LOT_SOLD: LOUD,
        Kind.LOT_UNSOLD: QUIET,
        Kind.SECOND_CHANCE_CLOSED: QUIET,
    },
    Category.MONEY: dict.fromkeys([Kind.AUCTION_WON, Kind.PAYMENT_OVERDUE, Kind.SALE_UNPAID, Kind.SALE_PAID], LOUD),
    Category.SECURITY: dict.fromkeys(
        [
            Kind.NEW_LOGIN, Kind.PASSWORD_CHANGED, Kind.SECOND_FACTOR_CHANGED, Kind.TOKEN_REUSED, Kind.SOCIAL_LINKED,
            Kind.ROLE_CHANGED, Kind.ACCOUNT_RESTORED,
        ],
        LOUD,
    ),
}  # fmt: skip

CATEGORY: Final = {kind: category for category, kinds in _ABOUT.items() for kind in kinds}
DEFAULTS: Final = {kind: channels for kinds in _ABOUT.values() for kind, channels in kinds.items()}
