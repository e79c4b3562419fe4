"""Upgrades at once, by the second, and only when they are paid; downgrades when the period ends."""

from datetime import timedelta

import pytest

from marketplace.core import clock, platform
from marketplace.core.ids import uuid7
from marketplace.subscriptions.errors import AlreadySubscribed, NoSubscription, NotActive
from marketplace.subscriptions.periods import add_months, prorated, restarted
from marketplace.subscriptions.service.changing import change
from marketplace.subscriptions.service.ending import cancel_own
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.payments import work_off
from tests.factories.subscriptions import (
    a_subscriber,
    begin_at,
    charges_of,
    end_period,
    method_is,
    state_of,
    status_of,
)

pytestmark = pytest.mark.usefixtures("tables")


async def plan_of(user):
    subscription = (await state_of(user)).subscription
    return subscription.plan, subscription.next_plan


async def test_an_upgrade_costs_the_difference_for_the_rest_of_the_period():
    user = await a_subscriber("basic")
    asked = await begin_at(user, clock.now() - timedelta(days=10))
    period = {"start": asked.current_period_start, "end": asked.current_period_end}
    most = prorated(old=499, new=1499, **period, at=clock.now())
    await change(user, "premium_monthly")
    least = prorated(old=499, new=1499, **period, at=clock.now())
    await work_off()
    assert await plan_of(user) == ("premium_monthly", None)
    (_, (kind, status, minor)) = await charges_of(user)
    assert (kind, status) == ("upgrade", "paid") and least <= minor <= most
    await end_period(user)
    assert (await charges_of(user))[-1] == ("renewal", "paid", 1499)
    await hold_invariants()


async def test_an_upgrade_applies_only_when_its_charge_succeeds():
    user = await a_subscriber("basic")
    await method_is(user, "pm_card_declined")
    await change(user, "premium_monthly")
    await work_off()
    assert await plan_of(user) == ("basic", None) and not (await state_of(user)).subscription.premium
    assert (await charges_of(user))[-1][:2] == ("upgrade", "open")
    await method_is(user, "pm_card_ok")
    await change(user, "premium_monthly")
    assert await plan_of(user) == ("premium_monthly", None)
    assert [status for kind, status, _ in await charges_of(user) if kind == "upgrade"] == ["void", "paid"]
    await hold_invariants()


async def test_a_longer_period_begins_anew_and_what_is_unused_counts():
    user = await a_subscriber("premium_monthly")
    asked = await begin_at(user, clock.now() - timedelta(days=10))
    period = {"start": asked.current_period_start, "end": asked.current_period_end}
    least = restarted(old=1499, new=14990, **period, at=clock.now())
    await change(user, "premium_yearly")
    most = restarted(old=1499, new=14990, **period, at=clock.now())
    after = (await state_of(user)).subscription
    assert (after.plan, after.months) == ("premium_yearly", 12)
    assert clock.now() - after.current_period_start < timedelta(minutes=1)
    assert after.current_period_end == add_months(after.current_period_start, 12)
    assert least <= (await charges_of(user))[-1][2] <= most
    await hold_invariants()


async def test_a_downgrade_waits_for_the_end_of_the_period():
    user = await a_subscriber("premium_monthly")
    assert await change(user, "basic") is None
    assert await plan_of(user) == ("premium_monthly", "basic") and (await state_of(user)).subscription.premium
    await end_period(user)
    assert await plan_of(user) == ("basic", None) and not (await state_of(user)).subscription.premium
    assert (await charges_of(user))[-1] == ("renewal", "paid", 499)
    await hold_invariants()


async def test_a_shorter_period_waits_too_and_keeps_the_day():
    user = await a_subscriber("premium_yearly")
    assert await change(user, "premium_monthly") is None
    ended = await end_period(user)
    after = (await state_of(user)).subscription
    assert (after.plan, after.current_period_start) == ("premium_monthly", ended)
    assert after.current_period_end == add_months(ended, 1)
    await hold_invariants()


async def test_naming_the_present_plan_takes_back_what_was_agreed():
    user = await a_subscriber("premium_monthly")
    await change(user, "basic")
    await change(user, "premium_monthly")
    assert await plan_of(user) == ("premium_monthly", None)
    with pytest.raises(AlreadySubscribed):
        await change(user, "premium_monthly")


@pytest.fixture
async def forgetting():
    yield
    await platform.forget()


async def test_a_plan_that_is_no_longer_sold_is_renewed_as_it_was_bought(forgetting):
    user = await a_subscriber("premium_monthly")
    gold = {"id": "gold", "name": "Gold", "rank": 1, "months": 1, "prices": [{"currency": "USD", "amount": "99"}]}
    await platform.change({"subscriptions.plans": [gold]}, None)
    await end_period(user)
    assert (await charges_of(user))[-1] == ("renewal", "paid", 1499)
    assert await plan_of(user) == ("premium_monthly", None)


async def test_an_open_upgrade_is_taken_back_when_the_period_ends_or_the_subscription_does():
    user = await a_subscriber("basic")
    await method_is(user, "pm_card_declined")
    await change(user, "premium_monthly")
    await method_is(user, "pm_card_ok")
    await end_period(user)
    assert [(kind, status) for kind, status, _ in await charges_of(user)][1:] == [
        ("upgrade", "void"),
        ("renewal", "paid"),
    ]
    assert await plan_of(user) == ("basic", None)
    await method_is(user, "pm_card_declined")
    await change(user, "premium_monthly")
    await cancel_own(user, immediately=True)
    assert (await charges_of(user))[-1][:2] == ("upgrade", "void") and await status_of(user) == "cancelled"
    await hold_invariants()


async def test_one_request_upgrades_once():
    user, key = await a_subscriber("basic"), uuid7()
    first = await change(user, "premium_monthly", request_id=key)
    again = await change(user, "premium_monthly", request_id=key)
    assert first.id == again.id and len(await charges_of(user)) == 2


async def test_what_is_refused():
    with pytest.raises(NoSubscription):
        await change((await a_user()).id, "basic")
    user = await a_subscriber(method="pm_card_declined")
    with pytest.raises(NotActive):
        await change(user, "basic")
