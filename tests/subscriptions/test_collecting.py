"""Renewals by themselves: billed once a period, tried again for days, given up then; exact month ends."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core import clock, db
from marketplace.subscriptions.queries.locking import lock_subscription
from marketplace.subscriptions.service import billing, collecting
from marketplace.subscriptions.service.ending import cancel_own
from marketplace.subscriptions.service.methods import use_method
from marketplace.subscriptions.timers import sweep
from tests.factories.ledger import hold_invariants
from tests.factories.payments import fill_wallet, work_off
from tests.factories.subscriptions import (
    a_subscriber,
    begin_at,
    charges_of,
    end_period,
    history_of,
    id_of,
    method_is,
    move_to_the_end,
    next_try,
    state_of,
    status_of,
)

pytestmark = pytest.mark.usefixtures("tables")

PAID = ("start", "paid", 1499)


async def renewals(user):
    return [status for kind, status, _ in await charges_of(user) if kind == "renewal"]


async def test_a_period_is_renewed_where_the_last_one_ended():
    user = await a_subscriber()
    for n in range(1, 4):
        ended = await end_period(user)
        subscription = (await state_of(user)).subscription
        assert (subscription.status, subscription.current_period_start) == ("active", ended)
        assert await renewals(user) == ["paid"] * n
    await hold_invariants()


async def test_it_is_not_renewed_early_nor_twice():
    user = await a_subscriber()
    await collecting.period_ended(await id_of(user))
    assert await renewals(user) == []
    subscription = await move_to_the_end(user)
    for _ in range(3):
        await collecting.period_ended(subscription.id)
    await work_off()
    for _ in range(3):
        await collecting.period_ended(subscription.id)
    assert await renewals(user) == ["paid"]
    await hold_invariants()


async def test_month_ends_come_back_over_renewals():
    user = await a_subscriber()
    await begin_at(user, datetime(2026, 1, 31, 12, tzinfo=UTC))
    ends = []
    for _ in range(3):
        await collecting.period_ended(await id_of(user))
        await work_off()
        ends.append((await state_of(user)).subscription.current_period_end)
    # Each of them is over by now, so that the timers have gone on by themselves.
    starts = [
        row["period_start"]
        for row in await db.fetch(
            "SELECT period_start FROM subscription_charges WHERE kind = 'renewal' ORDER BY period_start"
        )
    ]
    assert [f"{start:%m-%d %H}" for start in starts[:4]] == ["02-28 12", "03-31 12", "04-30 12", "05-31 12"]
    assert ends[-1] > clock.now()
    await hold_invariants()


async def test_a_renewal_that_fails_is_tried_three_times_more_and_then_it_expires():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    for _ in range(3):
        assert await status_of(user) == "past_due" and await renewals(user) == ["open"]
        await next_try(user)
    assert await status_of(user) == "expired" and await renewals(user) == ["void"]
    assert await db.fetch_val("SELECT count(*) FROM payments WHERE payer = $1", user) == 5
    assert await history_of(user) == ["incomplete", "active", "past_due", "expired"]
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE key = $1", str(await id_of(user))) == 0
    await hold_invariants()


async def test_tries_are_days_apart():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    waits = []
    for _ in range(3):
        due = await db.fetch_val(
            "SELECT due_at FROM timers WHERE key = $1 AND kind = 'subscriptions.retry'", str(await id_of(user))
        )
        waits.append(round((due - clock.now()) / timedelta(days=1)))
        await next_try(user)
    assert waits == [1, 3, 7]


async def test_a_later_try_that_succeeds_makes_up_for_it_without_free_days():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    ended = await end_period(user)
    await method_is(user, "pm_card_ok")
    await next_try(user)
    subscription = (await state_of(user)).subscription
    assert (subscription.status, subscription.current_period_start) == ("active", ended)
    assert await history_of(user) == ["incomplete", "active", "past_due", "active"]
    await hold_invariants()


async def test_another_method_pays_at_once():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    await use_method(user, provider="sandbox", method="pm_card_ok")
    await work_off()
    assert await status_of(user) == "active" and await renewals(user) == ["paid"]
    await hold_invariants()


async def test_a_provider_that_refuses_or_an_empty_wallet_is_a_try_that_failed():
    for provider, method in (("sandbox", "pm_nonsense"), ("wallet", "")):
        user = await a_subscriber()
        await db.execute(
            'UPDATE subscriptions SET provider = $2, method = $3 WHERE "user" = $1', user, provider, method
        )
        await end_period(user)
        assert await status_of(user) == "past_due"
        codes = await db.fetch_val("SELECT failure_code FROM subscription_charges WHERE status = 'open' AND failures = 1 "
            'AND subscription = $1', await id_of(user))  # fmt: skip
        assert codes in ("provider_refused", "insufficient_funds", "unknown_method"), codes
        await fill_wallet(user, 5_000)
        await use_method(user, provider="wallet")
        assert await status_of(user) == "active"
    await hold_invariants()


async def test_one_that_is_still_being_worked_on_is_waited_for():
    user = await a_subscriber()
    await method_is(user, "pm_card_slow")
    await end_period(user)
    await next_try(user)
    assert await status_of(user) == "active" and await renewals(user) == ["open"]
    assert await db.fetch_val("SELECT attempts FROM subscription_charges WHERE status = 'open'") == 1


async def test_an_answer_that_was_lost_takes_the_money_once():
    user = await a_subscriber()
    await method_is(user, "pm_card_lost_reply")
    await end_period(user)
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind LIKE 'payments.%'")
    await work_off()
    assert await status_of(user) == "active" and await renewals(user) == ["paid"]
    assert await db.fetch_val("SELECT count(*) FROM payments WHERE payer = $1", user) == 2
    await hold_invariants()


async def test_cancelling_what_is_past_due_ends_it_and_takes_the_bill_back():
    user = await a_subscriber()
    await method_is(user, "pm_card_declined")
    await end_period(user)
    await cancel_own(user)
    assert await status_of(user) == "cancelled" and await renewals(user) == ["void"]
    assert await db.fetch_val("SELECT count(*) FROM orders WHERE buyer = $1 AND phase = 'unpaid'", user) == 0
    await hold_invariants()


async def test_a_timer_that_is_missing_is_set_again():
    user = await a_subscriber()
    await db.execute("DELETE FROM timers WHERE key = $1", str(await id_of(user)))
    await sweep()
    subscription = (await state_of(user)).subscription
    due = await db.fetch_val("SELECT due_at FROM timers WHERE key = $1", str(subscription.id))
    assert due == subscription.current_period_end


async def test_a_renewal_that_was_taken_back_is_begun_anew():
    """An upgrade voids what is open; the period that has ended is still to be renewed."""
    user = await a_subscriber()
    subscription = (await move_to_the_end(user)).id
    await collecting.period_ended(subscription)
    async with db.transaction():
        await billing.void_open(await lock_subscription(subscription), "another change was asked for")
    await collecting.period_ended(subscription)
    rows = await db.fetch(
        "SELECT status FROM subscription_charges WHERE subscription = $1 AND kind = 'renewal' ORDER BY created_at",
        subscription,
    )
    assert [row["status"] for row in rows] == ["void", "open"]
