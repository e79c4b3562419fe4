"""Changing plans: for the better at once, if its charge succeeds; for less when the period ends. RULES: Subscriptions."""

from uuid import UUID, uuid5

from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.subscriptions import history
from marketplace.subscriptions.errors import AlreadySubscribed, NotActive
from marketplace.subscriptions.periods import prorated, restarted
from marketplace.subscriptions.plans import Plan, all_plans, get_plan, terms_of
from marketplace.subscriptions.queries.locking import Charge, LockedSubscription, get_charge, lock_live_of
from marketplace.subscriptions.service.billing import bill, void_open
from marketplace.subscriptions.service.taking import check_method, payment_id_of, take
from marketplace.subscriptions.states import ChargeKind, SubscriptionStatus


class Quote(Struct, frozen=True, kw_only=True):
    """What a change costs now. `amount` None: it costs nothing and waits for the end of the period."""

    amount: Money | None
    restarts: bool


async def change(user_id: UUID, plan_id: str, *, return_url: str = "", request_id: UUID | None = None) -> Charge | None:
    """Change to another plan. Returns the charge of an upgrade; None: it is agreed for the end of the period.

    Naming the present plan takes back what was agreed. Raises PlanNotFound, PlanNotInCurrency, NoSubscription, NotActive,
    AlreadySubscribed, and what payments raise.
    """
    assert not db.in_transaction(), "a provider is called here"
    plan = await get_plan(plan_id)
    charge_id = uuid5(request_id or uuid7(), "upgrade")
    charge = await get_charge(charge_id)
    if charge is None:

        async def once() -> Charge | None:
            async with db.transaction():
                return await _agree(user_id, plan, charge_id)

        charge = await db.retrying(once)
    if charge is not None:
        row = await db.fetch_row("SELECT provider, method FROM subscriptions WHERE id = $1", charge.subscription)
        assert row is not None, "subscriptions are never deleted"
        await take(charge, user_id, row["provider"], row["method"], payment_id_of(charge.id, 1), return_url)
    return charge


async def _agree(user_id: UUID, plan: Plan, charge_id: UUID) -> Charge | None:
    subscription = await lock_live_of(user_id)
    if subscription.status is not SubscriptionStatus.ACTIVE:
        raise NotActive(status=subscription.status.value)
    if plan.id == subscription.plan:
        if not subscription.next_plan:
            raise AlreadySubscribed(plan=plan.id, status=subscription.status.value)
        await history.change(subscription, user_id, f"Stays with {plan.id}", next_plan="")
        return None
    terms = terms_of(plan, subscription.currency, subscription.language)
    quote = await quoted(subscription, plan)
    await void_open(subscription, "Another change was asked for")
    if quote.amount is None:
        await history.change(subscription, user_id, f"Changes to {plan.id} when the period ends", next_plan=plan.id)
        return None
    check_method(subscription.provider, subscription.method)
    return await bill(
        subscription, charge_id, ChargeKind.UPGRADE, terms, quote.amount, restarts=quote.restarts
    )  # fmt: skip


async def quoted(subscription: LockedSubscription, plan: Plan) -> Quote:
    """A higher plan, or a longer period of one as high, is an upgrade, if it costs something; one of another period begins anew."""
    price = plan.price(subscription.currency)
    start, end = subscription.period
    restarts = plan.months != subscription.months
    cost = (restarted if restarts else prorated)(
        old=subscription.price_minor, new=price.minor, start=start, end=end, at=clock.now()
    )
    is_upgrade = (plan.rank, plan.months) > (await _rank_of(subscription.plan), subscription.months)
    return Quote(amount=Money(cost, price.currency) if is_upgrade and cost >= 0 else None, restarts=restarts)


async def _rank_of(plan_id: str) -> int:
    """A plan that is no longer sold ranks below all that are."""
    return next((plan.rank for plan in await all_plans() if plan.id == plan_id), -1)
