"""Beginning, ending and going on: an order of the house's for each period, and money that arrives where it should."""

from datetime import timedelta

import pytest

from marketplace.accounts.house import HOUSE
from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.ledger.errors import InsufficientFunds
from marketplace.ledger.states import AccountKind
from marketplace.orders.service.cancelling import expire
from marketplace.payments.providers.base import ProviderRefused, ProviderUnknown
from marketplace.subscriptions.errors import (
    AlreadySubscribed,
    NoSubscription,
    NotCancelling,
    PlanNotFound,
    PlanNotInCurrency,
)
from marketplace.subscriptions.periods import add_months
from marketplace.subscriptions.service.ending import cancel_own, resume_own
from marketplace.subscriptions.service.subscribing import subscribe
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.orders import minor_in, minor_of, statuses
from tests.factories.payments import fill_wallet, look_again, work_off
from tests.factories.subscriptions import a_subscriber, charges_of, end_period, history_of, state_of, status_of

pytestmark = pytest.mark.usefixtures("tables")


async def test_a_paid_subscription_is_active_for_a_calendar_month():
    user = await a_subscriber()
    subscription = (await state_of(user)).subscription
    assert (subscription.status, subscription.plan, subscription.premium) == ("active", "premium_monthly", True)
    assert clock.now() - subscription.current_period_start < timedelta(minutes=1)
    assert subscription.current_period_end == add_months(subscription.current_period_start, 1)
    assert await history_of(user) == ["incomplete", "active"]
    assert await charges_of(user) == [("start", "paid", 1499)]
    await hold_invariants()


async def test_its_order_is_the_houses_and_all_of_it_is_the_platforms():
    user = await a_subscriber()
    order = await db.fetch_row("SELECT id, seller, total_minor, commission_minor FROM orders WHERE buyer = $1", user)
    assert (order["seller"], order["total_minor"], order["commission_minor"]) == (HOUSE, 1499, 1499)
    assert await statuses(order["id"]) == ["pending", "paid", "completed"]
    assert await minor_of(AccountKind.PLATFORM_FEE) == 1499
    assert await minor_in(AccountKind.ESCROW, order["id"]) == await minor_in(AccountKind.SELLER_PENDING, HOUSE) == 0
    invoice = await db.fetch_row(
        "SELECT issuer, recipient, number, total_minor FROM invoices WHERE order_id = $1", order["id"]
    )
    assert (invoice["issuer"], invoice["recipient"], invoice["total_minor"]) == (None, user, 1499)
    assert invoice["number"].startswith("INV-MARKET-")
    await hold_invariants()


async def test_a_declined_card_leaves_it_incomplete_and_it_is_given_up_with_its_order():
    user = await a_subscriber(method="pm_card_declined")
    assert await status_of(user) == "incomplete"
    order = await db.fetch_val("SELECT id FROM orders WHERE buyer = $1", user)
    await db.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = $1", order)
    await expire(order)
    await work_off()
    assert await status_of(user) == "expired" and await charges_of(user) == [("start", "void", 1499)]
    await hold_invariants()


async def test_an_answer_that_was_lost_takes_the_money_once():
    user, key = (await a_user()).id, uuid7()
    with pytest.raises(ProviderUnknown):
        await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_lost_reply", request_id=key)
    await look_again()
    await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_lost_reply", request_id=key)
    await work_off()
    assert await status_of(user) == "active" and await charges_of(user) == [("start", "paid", 499)]
    assert await db.fetch_val("SELECT count(*) FROM payments WHERE payer = $1", user) == 1
    await hold_invariants()


async def test_it_is_paid_from_the_wallet():
    user = (await a_user()).id
    with pytest.raises(InsufficientFunds):
        await subscribe(user, "en", "basic", provider="wallet")
    wallet = await fill_wallet(user, 1_000)
    await subscribe(user, "en", "basic", provider="wallet")
    await work_off()
    assert await status_of(user) == "active" and await minor_in(wallet.kind, user) == 501
    await end_period(user)
    assert await minor_in(wallet.kind, user) == 2 and await status_of(user) == "active"
    await hold_invariants()


async def test_one_that_was_never_paid_gives_way_to_another():
    user = await a_subscriber(method="pm_card_declined")
    await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_ok")
    await work_off()
    subscription = (await state_of(user)).subscription
    assert (subscription.status, subscription.plan) == ("active", "basic")
    assert await charges_of(user) == [("start", "void", 1499), ("start", "paid", 499)]
    await hold_invariants()


async def test_what_is_refused():
    user = (await a_user()).id
    with pytest.raises(PlanNotFound):
        await subscribe(user, "en", "gold", provider="sandbox", method="pm_card_ok")
    with pytest.raises(PlanNotInCurrency):
        await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_ok", currency="JPY")
    with pytest.raises(NoSubscription):
        await cancel_own(user)
    with pytest.raises(ProviderRefused):
        await subscribe(user, "en", "basic", provider="sandbox", method="pm_nonsense")
    user = await a_subscriber()
    with pytest.raises(AlreadySubscribed):
        await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_ok")
    with pytest.raises(NotCancelling):
        await resume_own(user)
    await hold_invariants()


async def test_it_ends_with_its_period_unless_it_is_resumed():
    user = await a_subscriber()
    await cancel_own(user)
    assert (await state_of(user)).subscription.cancel_at_period_end and await status_of(user) == "active"
    await resume_own(user)
    await end_period(user)
    assert await status_of(user) == "active"
    await cancel_own(user)
    await end_period(user)
    assert await status_of(user) == "cancelled"
    assert await charges_of(user) == [("start", "paid", 1499), ("renewal", "paid", 1499)]
    await hold_invariants()


async def test_it_ends_at_once_and_a_new_one_may_begin():
    user = await a_subscriber()
    await cancel_own(user, immediately=True)
    assert await status_of(user) == "cancelled"
    await subscribe(user, "en", "basic", provider="sandbox", method="pm_card_ok")
    assert await status_of(user) == "active"
    await hold_invariants()
