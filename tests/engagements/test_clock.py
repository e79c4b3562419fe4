"""Until when work is to be done: from acceptance, while it is the seller's turn."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, timers
from marketplace.engagements.errors import CancelByAgreement
from marketplace.engagements.service import asking
from marketplace.engagements.service.sweeping import set_missing_timers
from marketplace.engagements.states import Gig
from marketplace.orders.service import cancelling, freezing
from marketplace.orders.service.stepping import step
from tests.factories import a_user
from tests.factories.engagements import an_engagement, an_offer, parties, set_due, work_of
from tests.factories.orders import hold_invariants, read, statuses

pytestmark = pytest.mark.usefixtures("tables")
DAY = timedelta(days=1)


async def test_its_days_are_counted_from_acceptance():
    order_id = await an_engagement(days=5)
    assert (await work_of(order_id)).due_at is None
    _, seller = await parties(order_id)
    before = clock.now()
    await step(order_id, seller, "accept")
    work = await work_of(order_id)
    assert before + 5 * DAY <= work.due_at <= clock.now() + 5 * DAY
    assert work.accepted_at == work.due_at - 5 * DAY
    await hold_invariants()


async def test_what_is_overdue_is_late_and_a_day_later_very_late():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    await timers.run_due()
    assert (await work_of(order_id)).late_at is None
    await set_due(order_id, timedelta(hours=1))
    await timers.run_due()
    work = await work_of(order_id)
    assert work.late_at is not None and work.very_late_at is None
    await set_due(order_id, timedelta(hours=25))
    await timers.run_due()
    assert (await work_of(order_id)).very_late_at is not None
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'engagements.lateness'") == 0
    await hold_invariants()


async def test_the_clock_stands_during_a_dispute():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    due_at = (await work_of(order_id)).due_at
    await freezing.freeze(order_id, freezing.DISPUTE, None, "They do not agree")
    await set_due(order_id, timedelta(hours=1))
    await timers.run_due()
    assert (await read(order_id)).status == Gig.DISPUTED and (await work_of(order_id)).late_at is None
    await db.execute(
        "UPDATE engagements SET due_at = $2, clock_stopped_at = clock_stopped_at - interval '2 days' WHERE id = $1", order_id, due_at
    )  # fmt: skip
    await freezing.unfreeze(order_id, None, "They agree")
    work = await work_of(order_id)
    assert 2 * DAY < work.due_at - due_at < 3 * DAY and work.clock_stopped_at is None
    assert (await read(order_id)).status == Gig.IN_PROGRESS
    await hold_invariants()


async def test_an_order_that_nobody_accepts_is_given_up_and_paid_back():
    order_id = await an_engagement()
    await db.execute("UPDATE engagements SET accept_by = now() - interval '1 second' WHERE id = $1", order_id)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'engagements.give_up'")
    await timers.run_due()
    order = await read(order_id)
    assert (order.status, order.refunded_minor) == (Gig.CANCELLED, 10_000)
    await hold_invariants()


@pytest.mark.parametrize("side", ["buyer", "seller"])
async def test_either_side_may_call_it_off_until_it_is_accepted(side):
    order_id = await an_engagement()
    buyer, seller = await parties(order_id)
    await cancelling.cancel_own(order_id, buyer if side == "buyer" else seller, "Sorry")
    assert await statuses(order_id) == [Gig.PENDING_PAYMENT, Gig.AWAITING_REQUIREMENTS, Gig.CANCELLED]
    await hold_invariants()


async def test_only_a_buyer_who_has_waited_too_long_cancels_alone():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    due_at = (await work_of(order_id)).due_at
    with pytest.raises(CancelByAgreement) as refused:
        await cancelling.cancel_own(order_id, buyer, "")
    assert refused.value.details["alone_from"] == (due_at + DAY).isoformat()
    await set_due(order_id, timedelta(hours=25))
    with pytest.raises(CancelByAgreement):
        await cancelling.cancel_own(order_id, seller, "")
    order = await cancelling.cancel_own(order_id, buyer, "Too late")
    assert (order.status, order.refunded_minor) == (Gig.CANCELLED, 10_000)
    await hold_invariants()


async def test_a_timer_that_is_missing_is_set_again():
    buyer = (await a_user()).id
    working, waiting = await an_engagement(buyer=buyer, to=Gig.IN_PROGRESS), await an_engagement(buyer=buyer)
    await an_engagement(to=Gig.DELIVERED)
    late = await an_engagement(to=Gig.ACCEPTED)
    await set_due(late, timedelta(hours=1))
    await timers.run_due()
    request = await asking.ask_cancellation(working, buyer, "I move house.")
    offer = await an_offer((await a_user()).id, buyer)
    paused = await an_engagement(buyer=buyer, to=Gig.ACCEPTED)
    await asking.ask_cancellation(paused, buyer, "I move house.")
    await freezing.freeze(paused, "staff", None, "?")
    before = await ours()
    assert {key for _, key, _ in before} == {str(one) for one in (working, waiting, late, request, offer)}
    await db.execute("DELETE FROM timers WHERE kind LIKE 'engagements.%'")
    assert await set_missing_timers() == 5 and await set_missing_timers() == 0
    assert await ours() == before
    await hold_invariants()


async def ours():
    rows = await db.fetch("SELECT kind, key, due_at FROM timers WHERE kind LIKE 'engagements.%' ORDER BY kind, key")
    return [tuple(row) for row in rows]
