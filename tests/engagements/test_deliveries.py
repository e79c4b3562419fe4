"""Deliveries: numbered, decided about one at a time, accepted by the buyer or by their silence."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, timers
from marketplace.core.errors import DomainError
from marketplace.core.states import IllegalTransition
from marketplace.engagements.errors import DeliveryNotFound, DeliverySeen, DeliverySuperseded, RevisionsUsedUp
from marketplace.engagements.files import DELIVERY
from marketplace.engagements.queries.deliveries import get_delivery
from marketplace.engagements.service import deciding, delivering
from marketplace.engagements.states import DeliveryStatus, Gig
from marketplace.ledger.states import AccountKind
from marketplace.orders.errors import OnlyTheBuyer, OnlyTheSeller
from marketplace.orders.service import freezing, refunding
from tests.factories import a_user
from tests.factories.engagements import a_file_for, an_engagement, latest_of, parties, set_due, work_of
from tests.factories.orders import hold_invariants, minor_in, notes, read, set_times, statuses

pytestmark = pytest.mark.usefixtures("tables")
DAY = timedelta(days=1)


async def deliver(order_id, message="Here it is.", files=()):
    _, seller = await parties(order_id)
    return await delivering.submit(order_id, seller, message, files)


async def test_accepting_the_delivery_completes_the_order_and_releases_its_money():
    order_id = await an_engagement(10_000, to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    delivery = await deliver(order_id)
    assert (await read(order_id)).status == Gig.DELIVERED
    order = await deciding.accept(delivery, buyer)
    assert (order.status, order.released_minor) == (Gig.COMPLETED, 10_000)
    assert await minor_in(AccountKind.SELLER_PENDING, seller) == 9_000
    shown = await get_delivery(delivery, buyer)
    assert shown.status is DeliveryStatus.ACCEPTED and shown.answered_at is not None
    with pytest.raises(IllegalTransition):
        await deciding.accept(delivery, buyer)
    await hold_invariants()


async def test_silence_accepts_it_after_three_days():
    order_id = await an_engagement(to=Gig.DELIVERED)
    await timers.run_due()
    assert (await read(order_id)).status == Gig.DELIVERED
    due = (await read(order_id)).auto_complete_at
    assert 3 * DAY - timedelta(minutes=5) < due - clock.now() <= 3 * DAY
    await set_times(order_id, auto_complete_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).status == Gig.COMPLETED
    assert (await notes(order_id))[-1] == "No objection in time"
    await hold_invariants()


async def test_a_revision_starts_the_work_again_and_stops_the_silence():
    order_id = await an_engagement(to=Gig.DELIVERED, revisions=2)
    buyer, _ = await parties(order_id)
    first = await latest_of(order_id)
    await deciding.request_revision(first, buyer, "Bluer, please.")
    order = await read(order_id)
    assert (order.status, order.auto_complete_at) == (Gig.IN_REVISION, None)
    assert (await work_of(order_id)).revisions_used == 1
    second = await deliver(order_id, "Bluer.")
    with pytest.raises(DeliverySuperseded) as refused:
        await deciding.accept(first, buyer)
    assert refused.value.details == {"latest": str(second), "version": 2}
    shown = await get_delivery(first, buyer)
    assert (shown.status, shown.answer, shown.is_latest) == (
        DeliveryStatus.REVISION_REQUESTED, "Bluer, please.", False,
    )  # fmt: skip
    await deciding.accept(second, buyer)
    assert await statuses(order_id) == [
        "pending_payment", "awaiting_requirements", "accepted", "in_progress", "delivered", "in_revision", "delivered", "completed",
    ]  # fmt: skip
    await hold_invariants()


@pytest.mark.parametrize("limit", [0, 1])
async def test_revisions_are_limited_by_the_package(limit):
    order_id = await an_engagement(to=Gig.DELIVERED, revisions=limit)
    buyer, _ = await parties(order_id)
    for _ in range(limit):
        await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
        await deliver(order_id)
    with pytest.raises(RevisionsUsedUp) as refused:
        await deciding.request_revision(await latest_of(order_id), buyer, "Redder, please.")
    assert refused.value.details == {"limit": limit, "used": limit}
    assert (await read(order_id)).status == Gig.DELIVERED
    await hold_invariants()


async def test_without_a_limit_there_is_none():
    order_id = await an_engagement(to=Gig.DELIVERED, revisions=None)
    buyer, _ = await parties(order_id)
    for _ in range(4):
        await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
        await deliver(order_id)
    assert (await work_of(order_id)).revisions_used == 4
    await hold_invariants()


async def test_a_rejection_uses_no_revision_and_goes_back_to_where_it_was():
    order_id = await an_engagement(to=Gig.DELIVERED, revisions=1)
    buyer, _ = await parties(order_id)
    await deciding.reject(await latest_of(order_id), buyer, "An empty file.")
    assert (await read(order_id)).status == Gig.IN_PROGRESS
    await deliver(order_id)
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
    await deliver(order_id)
    await deciding.reject(await latest_of(order_id), buyer, "It is the old one.")
    assert (await read(order_id)).status == Gig.IN_REVISION
    assert (await work_of(order_id)).revisions_used == 1
    await hold_invariants()


async def test_the_clock_stands_while_the_buyer_looks():
    order_id = await an_engagement(to=Gig.DELIVERED)
    buyer, _ = await parties(order_id)
    due_at = (await work_of(order_id)).due_at
    await db.execute(
        "UPDATE engagements SET clock_stopped_at = clock_stopped_at - interval '2 days' WHERE id = $1", order_id
    )
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer, please.")
    work = await work_of(order_id)
    assert 2 * DAY <= work.due_at - due_at < 3 * DAY and work.clock_stopped_at is None
    await hold_invariants()


async def test_what_is_delivered_late_is_late_though_no_timer_has_fired():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    await set_due(order_id, timedelta(minutes=5))
    await deliver(order_id)
    assert (await work_of(order_id)).late_at is not None
    await hold_invariants()


async def test_files_are_handed_over_with_their_hashes_and_seen_by_both_sides_only():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    file = await a_file_for(seller, DELIVERY)
    delivery = await deliver(order_id, files=[file])
    for side in (buyer, seller):
        shown = await get_delivery(delivery, side)
        assert [one.id for one in shown.files] == [file] and shown.files[0].url
        assert shown.handed_over[0].sha256 == await db.fetch_val("SELECT sha256 FROM media WHERE id = $1", file)
    with pytest.raises(DeliveryNotFound):
        await get_delivery(delivery, (await a_user()).id)
    with pytest.raises(Exception, match=r"(?i)deliver"):
        await db.execute("UPDATE deliveries SET files = '[]' WHERE id = $1", delivery)
    await hold_invariants()


async def test_a_file_of_somebody_else_is_no_delivery():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, _ = await parties(order_id)
    foreign = await a_file_for(buyer, DELIVERY)
    with pytest.raises(DomainError) as refused:
        await deliver(order_id, files=[foreign])
    assert list(refused.value.fields) == ["file_ids"]
    assert (await read(order_id)).status == Gig.IN_PROGRESS
    assert await db.fetch_val("SELECT count(*) FROM deliveries") == 0


async def test_a_message_may_be_changed_until_the_buyer_has_seen_it():
    order_id = await an_engagement(to=Gig.DELIVERED)
    buyer, seller = await parties(order_id)
    delivery = await latest_of(order_id)
    await delivering.change_message(delivery, seller, "Here it is, really.")
    await delivering.see(delivery, seller)
    await delivering.change_message(delivery, seller, "Here it is, finally.")
    await delivering.see(delivery, buyer)
    with pytest.raises(DeliverySeen):
        await delivering.change_message(delivery, seller, "Something else.")
    assert (await get_delivery(delivery, buyer)).message == "Here it is, finally."


async def test_each_side_does_its_own():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    with pytest.raises(OnlyTheSeller):
        await delivering.submit(order_id, buyer, "Mine", [])
    delivery = await deliver(order_id)
    for deed in (deciding.accept(delivery, seller), deciding.reject(delivery, seller, "No"),
                 deciding.request_revision(delivery, seller, "No")):  # fmt: skip
        with pytest.raises(OnlyTheBuyer):
            await deed
    with pytest.raises(OnlyTheSeller):
        await delivering.change_message(delivery, buyer, "Mine")


async def test_a_dispute_that_comes_to_nothing_leaves_the_delivery_waiting():
    order_id = await an_engagement(to=Gig.DELIVERED)
    await freezing.freeze(order_id, freezing.DISPUTE, None, "They do not agree")
    assert (await work_of(order_id)).clock_stopped_at is not None
    await set_times(order_id, auto_complete_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).status == Gig.DISPUTED
    await freezing.unfreeze(order_id, None, "They agree")
    order = await read(order_id)
    assert order.status == Gig.DELIVERED and (await work_of(order_id)).clock_stopped_at is not None
    await hold_invariants()


@pytest.mark.parametrize(("buyer", "seller", "ends"), [(10_000, 0, "closed"), (4_000, 6_000, "accepted")])
async def test_a_split_closes_the_delivery(buyer, seller, ends):
    order_id = await an_engagement(to=Gig.DELIVERED)
    await freezing.freeze(order_id, freezing.DISPUTE, None, "They do not agree")
    await freezing.resolve(order_id, buyer, seller, None, "Half done")
    assert (await get_delivery(await latest_of(order_id), (await parties(order_id))[0])).status == ends
    await hold_invariants()


async def test_a_seller_may_give_it_all_back():
    order_id = await an_engagement(to=Gig.DELIVERED)
    _, seller = await parties(order_id)
    await refunding.refund_sold(order_id, seller, None, "I cannot do it")
    assert (await read(order_id)).status == Gig.CANCELLED
    await hold_invariants()
