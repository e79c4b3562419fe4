"""What subscriptions tell their owner. Of their orders nobody hears twice: see `money`."""

from typing import Final

from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.subscriptions.events import (
    SubscriptionEnded,
    SubscriptionEnding,
    SubscriptionPaid,
    SubscriptionPaymentFailed,
)
from marketplace.subscriptions.states import ChargeKind, SubscriptionStatus

PAID_FOR: Final = {
    ChargeKind.START: Kind.SUBSCRIPTION_STARTED,
    ChargeKind.RENEWAL: Kind.SUBSCRIPTION_RENEWED,
    ChargeKind.UPGRADE: Kind.SUBSCRIPTION_UPGRADED,
}


@on(SubscriptionPaid)
async def tell_of_paid_subscription(event: SubscriptionPaid) -> None:
    details = Details(
        title=event.plan, amount=to_text(event.amount, event.currency), currency=event.currency, until=event.until
    )
    await notify(PAID_FOR[ChargeKind(event.kind)], details, [event.user_id])


@on(SubscriptionPaymentFailed)
async def tell_of_unpaid_subscription(event: SubscriptionPaymentFailed) -> None:
    """After the last try there is other news."""
    if event.next_try is not None:
        details = Details(
            title=event.plan, amount=to_text(event.amount, event.currency), currency=event.currency, until=event.next_try,
            reason=event.failure_code,
        )  # fmt: skip
        await notify(Kind.SUBSCRIPTION_UNPAID, details, [event.user_id])


@on(SubscriptionEnding)
async def tell_of_ending_subscription(event: SubscriptionEnding) -> None:
    await notify(Kind.SUBSCRIPTION_ENDING, Details(title=event.plan, until=event.until), [event.user_id])


@on(SubscriptionEnded)
async def tell_of_ended_subscription(event: SubscriptionEnded) -> None:
    """One that was never paid for has not begun, either."""
    if event.was_active:
        reason = "unpaid" if event.status is SubscriptionStatus.EXPIRED else "cancelled"
        await notify(Kind.SUBSCRIPTION_ENDED, Details(title=event.plan, reason=reason), [event.user_id])
