"""Beginning a subscription: it is there when its first charge is paid."""

from uuid import UUID, uuid5

from marketplace.accounts.queries.owners import lock_owner
from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.subscriptions import history
from marketplace.subscriptions.errors import AlreadySubscribed, NoSubscription
from marketplace.subscriptions.plans import Plan, get_plan, terms_of
from marketplace.subscriptions.queries.locking import Charge, get_charge, lock_live_of, lock_subscription
from marketplace.subscriptions.service.billing import bill
from marketplace.subscriptions.service.changing import change
from marketplace.subscriptions.service.ending import end
from marketplace.subscriptions.service.methods import use_method
from marketplace.subscriptions.service.taking import check_method, check_provider, payment_id_of, take
from marketplace.subscriptions.states import ChargeKind, SubscriptionStatus
from marketplace.subscriptions.tables import Subscription


async def subscribe(
    user_id: UUID, language: str, plan_id: str, *, provider: str = "", method: str = "", currency: str | None = None,
    return_url: str = "", request_id: UUID | None = None,
) -> Charge:  # fmt: skip
    """Subscribe to a plan and begin to pay for it. Returns the charge; the subscription is active once it is paid.

    One that was begun and never paid gives way. Raises PlanNotFound, PlanNotInCurrency, AlreadySubscribed, and what
    payments raise.
    """
    assert not db.in_transaction(), "a provider is called here"
    plan, provider = await get_plan(plan_id), check_provider(provider)
    check_method(provider, method)
    subscription_id = request_id or uuid7()
    charge_id = uuid5(subscription_id, "start")
    charge = await get_charge(charge_id)
    if charge is None:
        price = plan.price(currency)

        async def once() -> Charge:
            async with db.transaction():
                return await _begin(user_id, language, plan, price, subscription_id, charge_id, provider, method)

        charge = await db.retrying(once)
    await take(charge, user_id, provider, method, payment_id_of(charge.id, 1), return_url)
    return charge


async def _begin(
    user_id: UUID, language: str, plan: Plan, price: Money, subscription_id: UUID, charge_id: UUID, provider: str, method: str
) -> Charge:  # fmt: skip
    await lock_owner(user_id)
    await _make_way(user_id)
    terms = terms_of(plan, price.currency, language)
    await Subscription(
        id=subscription_id, user=user_id, plan=terms.plan, plan_name=terms.plan_name, premium=terms.premium,
        price_minor=terms.price_minor, currency=price.currency, months=terms.months, provider=provider, method=method,
        created_at=clock.now(), updated_at=clock.now(),
    ).save()  # fmt: skip
    await history.born(subscription_id, user_id, f"Subscribed to {terms.plan}")
    return await bill(await lock_subscription(subscription_id), charge_id, ChargeKind.START, terms, price)


async def _make_way(user_id: UUID) -> None:
    try:
        living = await lock_live_of(user_id)
    except NoSubscription:
        return
    if living.status is not SubscriptionStatus.INCOMPLETE:
        raise AlreadySubscribed(plan=living.plan, status=living.status.value)
    await end(living, SubscriptionStatus.CANCELLED, user_id, "Another one was begun")


async def subscribe_or_change(
    user_id: UUID, language: str, plan_id: str, *, provider: str = "", method: str = "", currency: str | None = None,
    return_url: str = "", request_id: UUID | None = None,
) -> Charge | None:  # fmt: skip
    """Subscribe, or, with another plan, change to this one; a method that is named is what is paid with from now on."""
    try:
        return await subscribe(
            user_id, language, plan_id, provider=provider, method=method, currency=currency, return_url=return_url,
            request_id=request_id,
        )  # fmt: skip
    except AlreadySubscribed as refusal:
        if refusal.details["plan"] == plan_id:
            raise
    await use_method(user_id, provider=provider, method=method, pay=False)
    return await change(user_id, plan_id, return_url=return_url, request_id=request_id)
