"""What a charge's order does to its subscription when it is paid or cancelled, in the order's own transaction."""

from uuid import UUID

from marketplace.core import clock, outbox, timers
from marketplace.orders.fulfilment import CancelledBy
from marketplace.subscriptions import history
from marketplace.subscriptions.events import SubscriptionPaid
from marketplace.subscriptions.periods import add_months
from marketplace.subscriptions.queries.locking import (
    Charge,
    LockedSubscription,
    get_charge_of_order,
    lock_subscription,
)
from marketplace.subscriptions.service.billing import close
from marketplace.subscriptions.service.ending import PERIOD_END, RETRY, end
from marketplace.subscriptions.states import LIVE, ChargeKind, ChargeStatus, SubscriptionStatus

S = SubscriptionStatus


async def paid(order_id: UUID) -> None:
    """Grant what was paid for. Whatever ends a subscription, renews or changes it takes open charges back first, under the
    same lock; so what is paid here is still as it was billed."""
    charge = await get_charge_of_order(order_id)
    subscription = await lock_subscription(charge.subscription)
    await close(charge, ChargeStatus.PAID)
    if charge.kind is ChargeKind.UPGRADE and not charge.restarts:
        granted = await _same_period(subscription, charge)
    else:
        granted = await _new_period(subscription, charge)
    _, until = granted.period
    await timers.schedule(PERIOD_END, granted.id, until)
    await timers.cancel(RETRY, granted.id)
    await outbox.emit(
        SubscriptionPaid(
            subscription_id=granted.id, user_id=granted.user, plan=granted.plan_name, kind=charge.kind, until=until,
            amount=charge.amount_minor, currency=charge.currency,
        )
    )  # fmt: skip


async def _same_period(subscription: LockedSubscription, charge: Charge) -> LockedSubscription:
    return await history.change(
        subscription, subscription.user, f"Upgraded to {charge.plan}", plan=charge.plan, plan_name=charge.plan_name,
        premium=charge.premium, price_minor=charge.price_minor, months=charge.months, next_plan="",
    )  # fmt: skip


async def _new_period(subscription: LockedSubscription, charge: Charge) -> LockedSubscription:
    """A renewal's follows on the last one, however late it was paid; others begin now, and are what later ones count from."""
    if charge.kind is ChargeKind.RENEWAL:
        assert subscription.anchor_at is not None, "what is renewed has begun"
        anchor, months_done = subscription.anchor_at, subscription.months_done + subscription.months
    else:
        anchor, months_done = clock.now(), 0
    columns = {
        "plan": charge.plan, "plan_name": charge.plan_name, "premium": charge.premium, "price_minor": charge.price_minor,
        "months": charge.months, "next_plan": "", "anchor_at": anchor, "months_done": months_done,
        "period_start": add_months(anchor, months_done), "period_end": add_months(anchor, months_done + charge.months),
    }  # fmt: skip
    reason = {ChargeKind.START: "Paid", ChargeKind.RENEWAL: "Renewed", ChargeKind.UPGRADE: f"Upgraded to {charge.plan}"}
    if subscription.status is S.ACTIVE:
        return await history.change(subscription, subscription.user, reason[charge.kind], **columns)
    return await history.move(subscription, S.ACTIVE, subscription.user, reason[charge.kind], **columns)


async def cancelled(order_id: UUID, by: CancelledBy, reason: str) -> None:
    """Its order was cancelled: not paid in time, by staff, or with everything given back. What we took back ourselves is void."""
    charge = await get_charge_of_order(order_id)
    subscription = await lock_subscription(charge.subscription)
    if charge.status is ChargeStatus.VOID:
        return
    if charge.status is ChargeStatus.OPEN:
        await close(charge, ChargeStatus.VOID)
    if charge.kind is not ChargeKind.UPGRADE and subscription.status in LIVE:
        status = S.EXPIRED if by is CancelledBy.EXPIRED else S.CANCELLED
        await end(subscription, status, None, reason or by.value)
