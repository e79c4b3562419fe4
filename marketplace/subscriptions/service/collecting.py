"""Renewals: billed when a period ends, tried again for some days, given up then. Nobody is there while this runs.

A try is counted and committed, then made by a job, then its outcome is recorded; each step finds what the others did, so
that a step that is repeated, or late, has its effect once.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from msgspec import structs

from marketplace.core import clock, db, outbox, timers
from marketplace.core.jobs import job
from marketplace.core.money import Money
from marketplace.ledger.errors import InsufficientFunds
from marketplace.payments.errors import NotPayable, PaymentInProgress
from marketplace.payments.payables import NothingDue
from marketplace.payments.providers.base import NotSupported, ProviderRefused, ProviderUnknown
from marketplace.payments.states import PaymentStatus
from marketplace.subscriptions import history
from marketplace.subscriptions.events import SubscriptionPaymentFailed
from marketplace.subscriptions.periods import add_months
from marketplace.subscriptions.plans import RETRY_DAYS, Terms, all_plans, terms_of
from marketplace.subscriptions.queries.locking import (
    Charge,
    LockedSubscription,
    get_charge,
    get_open_charge,
    lock_subscription,
)
from marketplace.subscriptions.service.billing import bill, void_open
from marketplace.subscriptions.service.ending import PERIOD_END, RETRY, end
from marketplace.subscriptions.service.taking import find_try, payment_id_of, take
from marketplace.subscriptions.states import ChargeKind, ChargeStatus, SubscriptionStatus

S = SubscriptionStatus
GRACE: Final = timedelta(days=3)
"""How long after the last try an order may still be paid, by a provider that takes its time or by the subscriber."""
LOOK_AGAIN: Final = timedelta(days=1)
UNDER_WAY: Final = (PaymentStatus.CREATED, PaymentStatus.PROCESSING)


async def period_ended(subscription_id: UUID) -> None:
    """Renew it, or end it where that was agreed. Safe to repeat, and too early."""
    async with db.transaction():
        subscription = await lock_subscription(subscription_id)
        if subscription.status is not S.ACTIVE:
            return
        _, ended_at = subscription.period
        if ended_at > clock.now():
            await timers.schedule(PERIOD_END, subscription.id, ended_at)
        elif subscription.cancel_at_period_end:
            await end(subscription, S.CANCELLED, None, "The period has ended")
        else:
            await _renew(subscription)


async def _renew(subscription: LockedSubscription) -> None:
    open_charge = await get_open_charge(subscription.id)
    if open_charge is not None and open_charge.kind is ChargeKind.RENEWAL:
        return
    await void_open(subscription, "The period has ended")
    terms = await _next_terms(subscription)
    _, start_at = subscription.period
    assert subscription.anchor_at is not None, "what is renewed has begun"
    done = subscription.months_done + subscription.months
    days = await RETRY_DAYS.value()
    charge = await bill(
        subscription, await _free_id(subscription.id, start_at), ChargeKind.RENEWAL, terms,
        Money(terms.price_minor, subscription.currency),
        period=(start_at, add_months(subscription.anchor_at, done + terms.months)),
        expires_at=clock.now() + timedelta(days=max(days)) + GRACE,
    )  # fmt: skip
    if charge.status is ChargeStatus.OPEN:
        await _begin_try(subscription, charge)


async def _free_id(subscription_id: UUID, start_at: datetime) -> UUID:
    """For a period whose renewal was begun and taken back, by an upgrade that came to nothing, the next id."""
    taken_back = await db.fetch_val(
        "SELECT count(*) FROM subscription_charges WHERE subscription = $1 AND kind = 'renewal' AND period_start = $2",
        subscription_id, start_at,
    )  # fmt: skip
    return renewal_id(subscription_id, start_at, taken_back)


def renewal_id(subscription_id: UUID, start_at: datetime, taken_back: int = 0) -> UUID:
    """The same for the same period, which therefore is billed once."""
    again = f":{taken_back}" if taken_back else ""
    return uuid5(subscription_id, f"renewal:{start_at.isoformat()}{again}")


async def _next_terms(subscription: LockedSubscription) -> Terms:
    """What was agreed for the next period; without that, or where it is no longer sold, the same again at the same price."""
    if subscription.next_plan:
        for plan in await all_plans():
            if plan.id == subscription.next_plan and subscription.currency in {price.currency for price in plan.prices}:
                return terms_of(plan, subscription.currency, subscription.language)
    return Terms(
        plan=subscription.plan, plan_name=subscription.plan_name, premium=subscription.premium,
        price_minor=subscription.price_minor, months=subscription.months,
    )  # fmt: skip


async def _begin_try(subscription: LockedSubscription, charge: Charge) -> None:
    attempt = charge.attempts + 1
    await db.execute("UPDATE subscription_charges SET attempts = $2 WHERE id = $1", charge.id, attempt)
    await timers.schedule(RETRY, subscription.id, await _next_look(charge, attempt))
    await collect.defer(charge_id=str(charge.id), attempt=attempt)


async def _next_look(charge: Charge, attempt: int) -> datetime:
    days = sorted(await RETRY_DAYS.value())
    if attempt <= len(days):
        return max(charge.created_at + timedelta(days=days[attempt - 1]), clock.now() + timedelta(minutes=1))
    return clock.now() + LOOK_AGAIN


@job(timeout=60, retries=5)
async def collect(charge_id: str, attempt: int) -> None:
    """Make one try. What nobody can tell yet is left to the next look."""
    charge = await get_charge(UUID(charge_id))
    if charge is None or charge.status is not ChargeStatus.OPEN or charge.attempts != attempt:
        return
    row = await db.fetch_row('SELECT "user", provider, method FROM subscriptions WHERE id = $1', charge.subscription)
    assert row is not None, "subscriptions are never deleted"
    try:
        await take(charge, row["user"], row["provider"], row["method"], payment_id_of(charge.id, attempt))
    except (ProviderUnknown, PaymentInProgress, NothingDue, NotPayable):
        return
    except (ProviderRefused, NotSupported, InsufficientFunds) as refusal:
        await failed(charge.id, attempt, refusal.code)
        return
    tried = await find_try(charge.id, attempt)
    if tried is not None and tried.status not in (*UNDER_WAY, PaymentStatus.SUCCEEDED):
        await failed(charge.id, attempt, tried.failure_code or tried.status)


async def failed(charge_id: UUID, attempt: int, code: str) -> None:
    """One try of a renewal came to nothing. Recorded once; after the last one the subscription is over."""
    async with db.transaction():
        known = await get_charge(charge_id)
        if known is None or known.kind is not ChargeKind.RENEWAL:
            return
        subscription = await lock_subscription(known.subscription)
        charge = await get_charge(charge_id)
        if (
            charge is None
            or charge.status is not ChargeStatus.OPEN
            or charge.failures >= attempt
            or charge.attempts != attempt
        ):
            return
        await db.execute(
            "UPDATE subscription_charges SET failures = $2, failure_code = $3 WHERE id = $1",
            charge_id,
            attempt,
            code[:64],
        )
        if subscription.status is S.ACTIVE:
            subscription = await history.move(subscription, S.PAST_DUE, None, f"The renewal failed: {code}")
        is_last = attempt > len(await RETRY_DAYS.value())
        next_try = None if is_last else await _next_look(charge, attempt)
        await outbox.emit(
            SubscriptionPaymentFailed(
                subscription_id=subscription.id, user_id=subscription.user, plan=subscription.plan_name,
                amount=charge.amount_minor, currency=charge.currency, failure_code=code[:64], next_try=next_try,
            )
        )  # fmt: skip
        if is_last:
            await end(subscription, S.EXPIRED, None, "The renewal was not paid")


async def look_again(subscription_id: UUID) -> None:
    """The time for the next try. A try that its provider is still working on is waited for."""
    async with db.transaction():
        subscription = await lock_subscription(subscription_id)
        charge = await get_open_charge(subscription.id)
        if charge is None or charge.kind is not ChargeKind.RENEWAL:
            return
        tried = await find_try(charge.id, charge.attempts)
        if tried is not None and tried.status in UNDER_WAY:
            await timers.schedule(RETRY, subscription.id, clock.now() + LOOK_AGAIN)
            return
        if charge.failures < charge.attempts:
            await failed(charge.id, charge.attempts, "not_paid")
            charge = structs.replace(charge, failures=charge.attempts)
        if charge.attempts <= len(await RETRY_DAYS.value()):
            await _begin_try(subscription, charge)
