"""Ending a subscription: now or with its period; and thinking better of it."""

from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.subscriptions import history
from marketplace.subscriptions.errors import NotCancelling
from marketplace.subscriptions.events import SubscriptionEnded, SubscriptionEnding
from marketplace.subscriptions.queries.locking import LockedSubscription, lock_live_of
from marketplace.subscriptions.service.billing import void_open
from marketplace.subscriptions.states import SubscriptionStatus

PERIOD_END = "subscriptions.period_end"
RETRY = "subscriptions.retry"


async def cancel_own(user_id: UUID, *, immediately: bool = False) -> LockedSubscription:
    """At the end of what is paid for, or now; what is not paid up ends now. Nothing is given back. Raises NoSubscription."""
    async with db.transaction():
        subscription = await lock_live_of(user_id)
        if immediately or subscription.status is not SubscriptionStatus.ACTIVE:
            return await end(subscription, SubscriptionStatus.CANCELLED, user_id, "Cancelled")
        if subscription.cancel_at_period_end:
            return subscription
        ending = await history.change(subscription, user_id, "Ends with its period", cancel_at_period_end=True)
        await void_open(ending, "The subscription is about to end")
        _, until = ending.period
        await outbox.emit(
            SubscriptionEnding(subscription_id=ending.id, user_id=ending.user, plan=ending.plan_name, until=until)
        )
        return ending


async def resume_own(user_id: UUID) -> LockedSubscription:
    """Let it go on after its period. Raises NoSubscription, NotCancelling."""
    async with db.transaction():
        subscription = await lock_live_of(user_id)
        if not subscription.cancel_at_period_end:
            raise NotCancelling
        return await history.change(subscription, user_id, "Goes on", cancel_at_period_end=False)


async def end(
    subscription: LockedSubscription, status: SubscriptionStatus, actor: UUID | None, reason: str
) -> LockedSubscription:
    """End a locked subscription now, and take back what is open of it."""
    await void_open(subscription, reason)
    ended = await history.move(
        subscription, status, actor, reason, ended_at=clock.now(), next_plan="", cancel_at_period_end=False, method=""
    )
    await timers.cancel(PERIOD_END, ended.id)
    await timers.cancel(RETRY, ended.id)
    await outbox.emit(
        SubscriptionEnded(
            subscription_id=ended.id, user_id=ended.user, plan=ended.plan_name, status=status,
            was_active=ended.anchor_at is not None,
        )
    )  # fmt: skip
    return ended
