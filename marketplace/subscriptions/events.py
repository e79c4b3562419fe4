"""What subscriptions tell others. Amounts are minor units of `currency`."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from marketplace.subscriptions.states import SubscriptionStatus


class SubscriptionEvent(Struct, frozen=True, kw_only=True):
    subscription_id: UUID
    user_id: UUID
    plan: str


class SubscriptionPaid(SubscriptionEvent, frozen=True, kw_only=True):
    """Begun, renewed or changed for the better: paid until `until`. `kind` is the charge's."""

    kind: str
    amount: int
    currency: str
    until: datetime


class SubscriptionPaymentFailed(SubscriptionEvent, frozen=True, kw_only=True):
    """A renewal failed. `next_try` None: it was the last try."""

    amount: int
    currency: str
    failure_code: str
    next_try: datetime | None


class SubscriptionEnding(SubscriptionEvent, frozen=True, kw_only=True):
    """It ends with its period, unless it is resumed."""

    until: datetime


class SubscriptionEnded(SubscriptionEvent, frozen=True, kw_only=True):
    """`was_active`: it had been paid for once."""

    status: SubscriptionStatus
    was_active: bool
