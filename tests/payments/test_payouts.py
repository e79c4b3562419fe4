"""Payouts: what may go, where the money is meanwhile, and what becomes of it."""

import random

import pytest

from marketplace.core import db, platform
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.ledger.errors import InsufficientFunds
from marketplace.payments import errors
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import payouts
from marketplace.payments.states import PayoutSource
from tests.factories import a_user
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.payments import work_off as run_jobs
from tests.factories.payouts import (
    a_break,
    a_method,
    a_payout,
    an_earner,
    check_now,
    cleared_of,
    debt_of,
    owe,
    path_of,
    pay_in,
    status_of,
    usd,
    where_it_is,
    work_off,
)
from tests.payments import hooks
from tests.payments.sandbox.paying import later
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _books(tables):
    await platform.forget()
    yield
    await platform.forget()
    await hold_invariants()


def said(payout_id, state, minor=10_000, **over):
    values = {"subject": Subject.PAYOUT, "reference": f"po_{payout_id.hex}", "amount": usd(minor), "our_id": payout_id}
    return Outcome(**(values | over), state=state)


async def sent(user_id, minor=None):
    """A payout that its provider is working on: it was told of, and the answer was no answer."""
    payout_id = await a_payout(user_id, minor)
    await payouts.send_due()
    return payout_id


async def test_the_money_is_out_of_the_account_at_once_and_in_the_bank_when_it_was_sent():
    user = await an_earner(10_000)
    payout = await a_payout(user, 4_000)
    assert await where_it_is(user) == (6_000, 4_000, 0)
    assert await status_of(payout) == "requested"
    await work_off()
    assert await where_it_is(user) == (6_000, 0, 4_000)
    assert await path_of(payout) == ["requested", "processing", "paid"]


async def test_without_an_amount_everything_that_has_cleared_goes():
    user = await an_earner(12_345)
    await a_payout(user)
    assert await where_it_is(user) == (0, 12_345, 0)


async def test_the_wallet_and_earnings_are_two_sources():
    user = await an_earner(5_000)
    await pay_in(wallet_of(user), 3_000)
    await a_payout(user, 3_000, source=PayoutSource.WALLET)
    assert await balance_of(wallet_of(user)) == 0 and (await where_it_is(user))[0] == 5_000
    with pytest.raises(errors.NothingToPayOut):
        await a_payout(user, 1_000, source=PayoutSource.WALLET)


async def test_more_than_there_is_is_refused_with_what_there_is():
    user = await an_earner(1_000)
    with pytest.raises(InsufficientFunds) as refused:
        await a_payout(user, 1_001)
    assert refused.value.details == {"available": "10.00", "owed": "0.00", "currency": "USD"}
    assert await where_it_is(user) == (1_000, 0, 0)


@pytest.mark.parametrize(
    ("owed", "wanted", "left", "sent", "debt"),
    [(3_000, None, 0, 7_000, 0), (3_000, 5_000, 2_000, 5_000, 0), (3_000, 7_000, 0, 7_000, 0)],
)
async def test_a_debt_is_settled_first(owed, wanted, left, sent, debt):
    user = await an_earner(10_000)
    await owe(user, owed)
    await a_payout(user, wanted)
    assert (await where_it_is(user))[:2] == (left, sent)
    assert await balance_of(debt_of(user)) == debt


@pytest.mark.parametrize(
    ("owed", "wanted", "refusal"), [(3_000, 7_001, InsufficientFunds), (10_000, None, errors.NothingToPayOut)]
)
async def test_what_a_debt_leaves_is_all_there_is(owed, wanted, refusal):
    user = await an_earner(10_000)
    await owe(user, owed)
    with pytest.raises(refusal):
        await a_payout(user, wanted)
    assert (await where_it_is(user), await balance_of(debt_of(user))) == ((10_000, 0, 0), -owed)


async def test_a_debt_is_settled_from_the_wallet_too():
    user = await an_earner(1)
    await pay_in(wallet_of(user), 5_000)
    await owe(user, 2_000)
    await a_payout(user, source=PayoutSource.WALLET)
    assert (await where_it_is(user))[1] == 3_000 and await balance_of(debt_of(user)) == 0


async def test_small_payouts_are_refused_but_for_everything():
    user = await an_earner(150)
    with pytest.raises(errors.BelowMinimum) as refused:
        await a_payout(user, 99)
    assert refused.value.details["minimum"] == "1.00" and "amount" in refused.value.fields
    await a_payout(user, 100)
    await a_payout(user)  # the rest, lest it be stuck
    assert (await where_it_is(user))[0] == 0
    with pytest.raises(errors.BelowMinimum):
        await a_payout(await an_earner(1_000), 0)


async def test_a_method_is_needed_of_ones_own():
    user = await a_user()
    await pay_in(cleared_of(user.id), 1_000)
    with pytest.raises(errors.NoPayoutMethod):
        await a_payout(user.id)
    others = await a_method((await a_user()).id)
    with pytest.raises(errors.PayoutMethodNotFound):
        await a_payout(user.id, method_id=others)


async def test_a_new_method_waits_where_staff_want_that():
    await platform.change({"payments.payout_method_cooling_hours": 24}, by=None)
    user = await an_earner()
    with pytest.raises(errors.MethodCooling) as refused:
        await a_payout(user)
    assert refused.value.details["usable_at"]
    await db.execute("UPDATE payout_methods SET created_at = now() - interval '25 hours'")
    await a_payout(user)


async def test_in_production_a_new_method_waits_a_day(configure):
    from marketplace.payments import rules

    assert (await rules.cooling()).total_seconds() == 0
    configure(
        env="production",
        secret_key="0123456789abcdefghijklmnopqrstuvwxyz",
        public_url="https://m.example",
        smtp_host="x",
    )
    assert (await rules.cooling()).total_seconds() == 24 * 3600


async def test_nothing_leaves_while_a_break_is_open():
    user = await an_earner()
    payout = await a_payout(user, 1_000)
    found = await a_break()
    await work_off()
    assert await status_of(payout) == "requested"
    with pytest.raises(errors.PayoutsPaused):
        await a_payout(user, 1_000)
    await db.execute("UPDATE reconciliation_breaks SET closed_at = now() WHERE id = $1", found)
    assert await payouts.send_due() == 1
    assert await status_of(payout) == "paid"


# Two people


async def big(minor=200_000):
    user = await an_earner(minor)
    return user, await a_payout(user)


async def test_over_the_threshold_a_second_person_decides():
    user, payout = await big()
    staff = await a_user()
    await work_off()
    assert await status_of(payout) == "awaiting_approval" and await where_it_is(user) == (0, 200_000, 0)
    await payouts.approve(payout, staff.id, "Known seller.")
    await work_off()
    assert await where_it_is(user) == (0, 0, 200_000)
    assert await path_of(payout) == ["requested", "awaiting_approval", "processing", "paid"]
    assert await db.fetch_val("SELECT approved_by FROM payouts") == staff.id
    assert await db.fetch_val("SELECT action FROM audit_log") == "payout.approved"


async def test_nobody_decides_about_their_own():
    user, payout = await big()
    with pytest.raises(errors.OwnPayout):
        await payouts.approve(payout, user)
    with pytest.raises(errors.OwnPayout):
        await payouts.reject(payout, user, "No.")
    assert await status_of(payout) == "awaiting_approval"


async def test_rejected_the_money_is_back_and_the_reason_there():
    user, payout = await big()
    staff = (await a_user()).id
    with pytest.raises(ValidationFailed):
        await payouts.reject(payout, staff, " ")
    await payouts.reject(payout, staff, "We do not know the bank.")
    assert await where_it_is(user) == (200_000, 0, 0)
    with pytest.raises(IllegalTransition):
        await payouts.approve(payout, staff)


async def test_approval_is_for_what_waits_for_it():
    payout = await a_payout(await an_earner())
    with pytest.raises(IllegalTransition):
        await payouts.approve(payout, (await a_user()).id)
    with pytest.raises(IllegalTransition):
        await payouts.reject(payout, (await a_user()).id, "No.")


async def test_nothing_is_approved_while_a_break_is_open():
    _, payout = await big()
    await a_break()
    with pytest.raises(errors.PayoutsPaused):
        await payouts.approve(payout, (await a_user()).id)


async def test_a_large_sum_in_small_parts_is_a_large_sum():
    user = await an_earner(200_000)
    parts = [await a_payout(user, 40_000) for _ in range(4)]
    assert [await status_of(one) for one in parts] == ["requested", "requested", *["awaiting_approval"] * 2]


async def test_in_a_currency_without_a_threshold_everything_waits():
    user = await an_earner(500, currency="CHF")
    payout = await a_payout(user, 500, currency="CHF")
    assert await status_of(payout) == "awaiting_approval"


# Cancelling


async def test_cancelled_before_it_is_sent_the_money_is_back():
    user = await an_earner()
    payout = await a_payout(user, 1_000)
    with pytest.raises(errors.PayoutNotFound):
        await payouts.cancel(payout, (await a_user()).id)
    await payouts.cancel(payout, user)
    assert await where_it_is(user) == (10_000, 0, 0)
    await work_off()
    assert await status_of(payout) == "cancelled" and await payouts.send_due() == 0


async def test_what_waits_for_approval_may_be_cancelled_and_what_was_sent_not():
    user, payout = await big()
    await payouts.cancel(payout, user)
    assert await where_it_is(user) == (200_000, 0, 0)
    slow = await sent(await an_earner(destination="acct_slow"))
    with pytest.raises(IllegalTransition):
        await payouts.cancel(slow, await db.fetch_val('SELECT "user" FROM payouts WHERE id = $1', slow))


# What providers do


@pytest.mark.parametrize(
    ("destination", "status", "left", "paid"),
    [
        ("acct_ok", "paid", 0, 10_000),
        ("acct_closed", "failed", 10_000, 0),
        ("acct_unheard_of", "failed", 10_000, 0),
        ("acct_slow", "processing", 0, 0),
        ("acct_lost_reply", "processing", 0, 0),
        ("acct_lost_request", "processing", 0, 0),
    ],
)
async def test_what_the_provider_says_at_once(destination, status, left, paid):
    user = await an_earner(destination=destination)
    payout = await sent(user)
    in_transit = 10_000 - left - paid
    assert (await status_of(payout), await where_it_is(user)) == (status, (left, in_transit, paid))
    failure = await db.fetch_val("SELECT failure_code FROM payouts")
    assert failure == {"acct_closed": "account_closed", "acct_unheard_of": "no_such_destination"}.get(destination, "")


@pytest.mark.parametrize(
    ("destination", "status"),
    [("acct_slow", "paid"), ("acct_slow_closed", "failed"), ("acct_lost_reply", "paid"), ("acct_lost_request", "paid")],
)
async def test_what_was_not_known_is_asked_for(destination, status):
    user = await an_earner(destination=destination)
    payout = await sent(user)
    assert await payouts.check_due() == 0  # not yet
    await later()
    assert await check_now() == 1
    assert await status_of(payout) == status
    assert (await where_it_is(user))[1] == 0
    assert await db.fetch_val("SELECT count(*) FROM sandbox_payouts") == 1
    assert await check_now() == 0


async def test_a_provider_that_still_works_on_it_is_asked_ever_less_often():
    payout = await sent(await an_earner(destination="acct_slow"))
    waits = []
    for _ in range(3):
        await check_now()
        waits.append(await db.fetch_val("SELECT check_at - now() FROM payouts WHERE id = $1", payout))
    assert waits[0] < waits[1] < waits[2]
    assert await db.fetch_val("SELECT attempts FROM payouts") == 3


async def test_a_payout_that_comes_back_puts_the_money_back():
    user = await an_earner(destination="acct_returns")
    payout = await sent(user)
    assert await status_of(payout) == "paid"
    await payouts.apply_payout(payout, said(payout, State.RETURNED, failure_code="account_closed"))
    assert await where_it_is(user) == (10_000, 0, 0)
    assert await path_of(payout) == ["requested", "processing", "paid", "returned"]


NEWS = [State.PROCESSING, State.SUCCEEDED, State.RETURNED]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (1, 0, 2, 2, 1, 0)])
async def test_news_in_any_order_and_any_number_come_to_the_same_end(order):
    user = await an_earner(destination="acct_slow")
    payout = await sent(user)
    for n in order:
        await payouts.apply_payout(payout, said(payout, NEWS[n]), source="webhook")
    assert (await status_of(payout), await where_it_is(user)) == ("returned", (10_000, 0, 0))


async def test_a_failure_after_it_was_paid_is_a_return():
    user = await an_earner()
    payout = await sent(user)
    await payouts.apply_payout(payout, said(payout, State.FAILED, failure_code="account_closed"))
    assert (await status_of(payout), await where_it_is(user)) == ("returned", (10_000, 0, 0))


async def test_news_that_contradict_the_books_change_nothing():
    user = await an_earner(destination="acct_closed")
    failed = await sent(user)
    await payouts.apply_payout(failed, said(failed, State.SUCCEEDED))
    assert (await status_of(failed), await where_it_is(user)) == ("failed", (10_000, 0, 0))
    slow = await sent(await an_earner(destination="acct_slow"))
    await payouts.apply_payout(slow, said(slow, State.SUCCEEDED, minor=9_999))
    assert await status_of(slow) == "processing"
    never = await a_payout(await an_earner())
    await payouts.apply_payout(never, said(never, State.SUCCEEDED))
    assert await status_of(never) == "requested"
    await payouts.apply_payout(uuid7(), said(uuid7(), State.SUCCEEDED))


async def test_a_provider_that_is_gone_is_waited_for(configure):
    payout = await a_payout(await an_earner())
    configure(sandbox_payments="off")
    await payouts.send_due()
    assert await status_of(payout) == "processing"
    configure(sandbox_payments="on")
    await check_now()
    assert await status_of(payout) == "paid"


async def test_a_batch_takes_as_many_statements_as_one():
    counts = []
    for many in (1, 5):
        for _ in range(many):
            await a_payout(await an_earner())
        async with statements() as made:
            assert await payouts.send_due() == many
        counts.append(len([one for one in made if "sandbox" not in one]))
    assert (
        counts[1] <= counts[0] + 4 * 2 and await db.fetch_val("SELECT count(*) FROM payouts WHERE status = 'paid'") == 6
    )


async def test_a_batch_is_no_larger_than_asked_for_and_the_oldest_go_first():
    made = [await a_payout(await an_earner()) for _ in range(3)]
    assert await payouts.send_due(2) == 2
    assert [await status_of(one) for one in made] == ["paid", "paid", "requested"]


async def test_one_that_is_refused_leaves_the_others_of_the_batch_alone():
    good, bad = await a_payout(await an_earner()), await a_payout(await an_earner(destination="acct_nonsense"))
    await payouts.send_due()
    assert (await status_of(good), await status_of(bad)) == ("paid", "failed")


async def test_what_was_left_over_is_found():
    from marketplace.payments.payout_jobs import send_what_is_left

    payout = await a_payout(await an_earner())
    await db.execute("DELETE FROM outbox")  # as if everything but the payout had been lost
    async with db.transaction():
        await send_what_is_left()
    await work_off()
    assert await status_of(payout) == "paid"
    async with db.transaction():
        await send_what_is_left()
    assert await db.fetch_val("SELECT count(*) FROM outbox") == 0


# Webhooks


@pytest.mark.parametrize(
    ("destination", "end"), [("acct_slow", "paid"), ("acct_slow_closed", "failed"), ("acct_returns", "returned")]
)
@pytest.mark.parametrize("seed", range(3))
async def test_webhooks_five_times_over_and_in_any_order_come_to_the_same_end(client, destination, end, seed):
    user = await an_earner(destination=destination)
    payout = await sent(user)
    await later()
    await hooks.deliver(client, times=5, dice=random.Random(seed))
    await run_jobs()
    assert await status_of(payout) == end
    assert {row["status"] for row in await hooks.stored()} == {"processed"}
    assert (await where_it_is(user))[1] == 0


async def test_a_webhook_may_name_a_payout_by_the_providers_own_id(client):
    payout = await sent(await an_earner(destination="acct_slow"))
    reference = await db.fetch_val("SELECT reference FROM payouts")
    assert reference
    await hooks.post(client, hooks.an_event(said(payout, State.SUCCEEDED, our_id=None, reference=reference)))
    await run_jobs()
    assert await status_of(payout) == "paid"


async def test_a_webhook_of_no_payout_of_ours_waits(client):
    await hooks.post(client, hooks.an_event(said(uuid7(), State.SUCCEEDED)))
    await run_jobs()
    [row] = await hooks.stored()
    assert row["status"] == "received" and "UnknownToUs" in row["error"]
    await db.execute("DELETE FROM webhook_events")
    await db.execute("DELETE FROM timers")
