"""What one side asks of the other: more days, or to call it off."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, timers
from marketplace.core.states import IllegalTransition
from marketplace.engagements.errors import OnlyItsAuthor, OnlyTheOtherSide, RequestNotFound, RequestOpen
from marketplace.engagements.service import asking, deciding, delivering
from marketplace.engagements.states import Gig, RequestKind, RequestStatus
from marketplace.orders.errors import OnlyTheSeller, OrderFrozen
from marketplace.orders.service import freezing
from tests.factories import a_user
from tests.factories.engagements import an_engagement, latest_of, parties, set_due, work_of
from tests.factories.orders import hold_invariants, read

pytestmark = pytest.mark.usefixtures("tables")
DAY = timedelta(days=1)
EXTENSION, CANCELLATION = RequestKind.EXTENSION, RequestKind.CANCELLATION


async def status(request_id):
    return await db.fetch_val("SELECT status FROM engagement_requests WHERE id = $1", request_id)


async def silence(request_id):
    """The time to answer is over."""
    await db.execute("UPDATE engagement_requests SET answer_by = now() - interval '1 second' WHERE id = $1", request_id)
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", str(request_id))
    await timers.run_due()


async def test_an_agreed_extension_moves_the_due_date():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    due_at = (await work_of(order_id)).due_at
    request = await asking.ask_extension(order_id, seller, 3, "The printer is ill.")
    with pytest.raises(RequestOpen) as refused:
        await asking.ask_extension(order_id, seller, 4, "Still ill.")
    assert refused.value.details["request_id"] == str(request)
    with pytest.raises(OnlyTheOtherSide):
        await asking.accept(request, EXTENSION, seller)
    await asking.accept(request, EXTENSION, buyer)
    work = await work_of(order_id)
    assert (work.due_at, work.extended_days) == (due_at + 3 * DAY, 3)
    with pytest.raises(IllegalTransition):
        await asking.accept(request, EXTENSION, buyer)
    await hold_invariants()


async def test_what_is_late_is_in_time_again_with_an_agreed_extension():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    await set_due(order_id, timedelta(hours=30))
    await timers.run_due()
    assert (await work_of(order_id)).very_late_at is not None
    await asking.accept(await asking.ask_extension(order_id, seller, 2, "Sorry."), EXTENSION, buyer)
    work = await work_of(order_id)
    assert work.late_at is work.very_late_at is None and work.due_at > clock.now() + 2 * DAY - timedelta(minutes=5)
    assert await db.fetch_val("SELECT due_at FROM timers WHERE kind = 'engagements.lateness'") == work.due_at
    await hold_invariants()


async def test_only_the_seller_asks_for_days_and_a_stranger_sees_nothing():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    with pytest.raises(OnlyTheSeller):
        await asking.ask_extension(order_id, buyer, 1, "Please")
    request = await asking.ask_extension(order_id, seller, 1, "Please")
    with pytest.raises(RequestNotFound):
        await asking.accept(request, EXTENSION, (await a_user()).id)
    with pytest.raises(RequestNotFound):
        await asking.accept(request, CANCELLATION, buyer)
    with pytest.raises(OnlyItsAuthor):
        await asking.withdraw(request, EXTENSION, buyer)
    await asking.withdraw(request, EXTENSION, seller)
    again = await asking.ask_extension(order_id, seller, 1, "Please")
    await asking.decline(again, EXTENSION, buyer, "No.")
    assert [await status(request), await status(again)] == [RequestStatus.WITHDRAWN, RequestStatus.DECLINED]
    await hold_invariants()


@pytest.mark.parametrize("asker", ["buyer", "seller"])
async def test_who_agrees_to_cancel_ends_it_and_the_buyer_is_paid_back(asker):
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    one, other = (buyer, seller) if asker == "buyer" else (seller, buyer)
    request = await asking.ask_cancellation(order_id, one, "It is no use.")
    with pytest.raises(OnlyTheOtherSide):
        await asking.accept(request, CANCELLATION, one)
    await asking.accept(request, CANCELLATION, other)
    order = await read(order_id)
    assert (order.status, order.refunded_minor, await status(request)) == (Gig.CANCELLED, 10_000, "accepted")
    await hold_invariants()


async def test_silence_agrees_after_48_hours():
    order_id = await an_engagement(to=Gig.DELIVERED)
    buyer, _ = await parties(order_id)
    request = await asking.ask_cancellation(order_id, buyer, "It is no use.")
    answer_by = await db.fetch_val("SELECT answer_by FROM engagement_requests WHERE id = $1", request)
    assert timedelta(hours=47, minutes=55) < answer_by - clock.now() <= timedelta(hours=48)
    await timers.run_due()
    assert (await read(order_id)).status == Gig.DELIVERED
    await silence(request)
    assert (await read(order_id)).status == Gig.CANCELLED
    row = await db.fetch_row("SELECT status, answered_by FROM engagement_requests WHERE id = $1", request)
    assert (row["status"], row["answered_by"]) == ("accepted", None)
    await hold_invariants()


@pytest.mark.parametrize("answered", ["declined", "withdrawn"])
async def test_what_was_answered_is_not_agreed_to_by_silence(answered):
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    request = await asking.ask_cancellation(order_id, buyer, "It is no use.")
    if answered == "declined":
        await asking.decline(request, CANCELLATION, seller)
    else:
        await asking.withdraw(request, CANCELLATION, buyer)
    await silence(request)
    assert (await status(request), (await read(order_id)).status) == (answered, Gig.IN_PROGRESS)
    await hold_invariants()


async def test_nobody_is_silent_during_a_dispute():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    request = await asking.ask_cancellation(order_id, buyer, "It is no use.")
    answer_by = await db.fetch_val("SELECT answer_by FROM engagement_requests WHERE id = $1", request)
    await freezing.freeze(order_id, freezing.DISPUTE, None, "They do not agree")
    await asking.agree_by_silence(request)
    with pytest.raises(OrderFrozen):
        await asking.accept(request, CANCELLATION, seller)
    await db.execute("UPDATE engagement_requests SET paused_at = paused_at - interval '1 day' WHERE id = $1", request)
    await freezing.unfreeze(order_id, None, "They agree")
    row = await db.fetch_row("SELECT status, answer_by, paused_at FROM engagement_requests WHERE id = $1", request)
    assert row["status"] == "open" and row["paused_at"] is None and row["answer_by"] >= answer_by + DAY
    assert await db.fetch_val("SELECT due_at FROM timers WHERE key = $1", str(request)) == row["answer_by"]
    await hold_invariants()


async def test_who_goes_on_with_the_work_has_answered():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    days = await asking.ask_extension(order_id, seller, 2, "Slow paint.")
    asked = await asking.ask_cancellation(order_id, buyer, "It is no use.")
    await delivering.submit(order_id, seller, "Here it is.", [])
    assert (await status(days), await status(asked)) == ("lapsed", "declined")
    mine = await asking.ask_cancellation(order_id, buyer, "It is still no use.")
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, then.")
    assert await status(mine) == "withdrawn"
    await hold_invariants()


async def test_the_end_of_the_order_ends_what_was_asked():
    order_id = await an_engagement(to=Gig.DELIVERED)
    buyer, seller = await parties(order_id)
    request = await asking.ask_cancellation(order_id, seller, "It is no use.")
    await deciding.accept(await latest_of(order_id), buyer)
    assert await status(request) == "lapsed"
    await silence(request)
    assert (await read(order_id)).status == Gig.COMPLETED
    await hold_invariants()
