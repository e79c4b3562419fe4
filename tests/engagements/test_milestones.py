"""Milestones: proposed and agreed, paid one by one, submitted and approved, with what is left of one in the next."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, timers
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money, to_minor
from marketplace.core.states import IllegalTransition
from marketplace.disputes.service import proposing as disputing
from marketplace.engagements.errors import (
    LastMilestoneWhole,
    LastTakesTheRest,
    MilestoneAmountRefused,
    MilestoneFunded,
    MilestoneNotFound,
    MilestoneNotNext,
    MilestonesAgreed,
    MilestonesIncomplete,
    MilestonesNotAgreed,
    NothingChanged,
    OnlyTheOtherSide,
    TooManyMilestones,
)
from marketplace.engagements.milestone_invariants import BROKEN, violations
from marketplace.engagements.service import deciding, delivering, milestone_plans, milestones
from marketplace.engagements.service.milestone_plans import Wanted
from marketplace.engagements.states import MILESTONE, Gig, MilestoneStatus
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.errors import OrderFrozen
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, freezing, refunding
from tests.factories import a_user, signed_in
from tests.factories.disputes import a_dispute
from tests.factories.engagements import an_engagement, latest_of, parties, work_of
from tests.factories.milestones import (
    amounts,
    approve,
    do,
    ids,
    in_milestones,
    plan_of,
    propose,
    statuses,
    submit,
)
from tests.factories.orders import hold_invariants, minor_in, notes, pay, pay_part, read
from tests.statements import statements as statements_made

pytestmark = pytest.mark.usefixtures("tables")
API = "/api/v1"


async def test_milestones_are_paid_and_released_one_by_one():
    order_id = await in_milestones(2_000, 3_000, 5_000)
    _, seller = await parties(order_id)
    assert await statuses(order_id) == ["funded", "planned", "planned"]
    for n, released in ((1, 2_000), (2, 5_000)):
        await do(order_id, n)
        assert (await read(order_id)).released_minor == released
        assert (await read(order_id)).held_minor == 0
        await hold_invariants()
        await pay_part(order_id, "wallet")
        await hold_invariants()
    assert await statuses(order_id) == ["approved", "approved", "funded"]
    await submit(order_id, 3)
    assert (await read(order_id)).status == Gig.DELIVERED
    await hold_invariants()
    await approve(order_id, 3)
    order = await read(order_id)
    assert (order.status, order.released_minor) == (Gig.COMPLETED, 10_000)
    assert await statuses(order_id) == ["approved"] * 3
    assert await minor_in(K.SELLER_PENDING, seller) == 9_000
    assert "Milestone 1 approved: 20.00 USD released" in await notes(order_id)
    await hold_invariants()


async def test_an_order_that_was_paid_whole_is_only_released_one_by_one():
    order_id = await in_milestones(2_000, 8_000, whole=True)
    assert await statuses(order_id) == ["funded", "funded"]
    await hold_invariants()
    await do(order_id, 1)
    assert (await read(order_id)).held_minor == 8_000
    await do(order_id, 2)
    assert (await read(order_id)).status == Gig.COMPLETED
    await hold_invariants()


async def test_what_is_left_of_one_rolls_to_the_next():
    order_id = await in_milestones(2_000, 3_000, 5_000)
    await do(order_id, 1, "15.00")
    assert await amounts(order_id) == [1_500, 3_500, 5_000]
    assert (await read(order_id)).held_minor == 500
    await hold_invariants()
    await pay_part(order_id, "wallet")
    order = await read(order_id)
    assert (order.captured_minor, order.held_minor) == (5_000, 3_500)
    await do(order_id, 2, "0.01")
    assert await amounts(order_id) == [1_500, 1, 8_499]
    await pay_part(order_id, "wallet")
    await submit(order_id, 3)
    with pytest.raises(LastMilestoneWhole) as refused:
        await approve(order_id, 3, "1.00")
    assert refused.value.details == {"amount": "84.99", "currency": "USD"}
    await approve(order_id, 3)
    assert (await read(order_id)).released_minor == 10_000
    await hold_invariants()


@pytest.mark.parametrize("amount", ["20.01", "0.00"])
async def test_no_more_is_approved_than_it_is_worth(amount):
    order_id = await in_milestones(2_000, 8_000)
    await submit(order_id, 1)
    with pytest.raises(MilestoneAmountRefused):
        await approve(order_id, 1, amount)
    assert (await read(order_id)).released_minor == 0


async def test_less_for_the_last_one_is_agreed_on_and_goes_back():
    order_id = await in_milestones(2_000, 8_000)
    buyer, seller = await parties(order_id)
    await do(order_id, 1)
    await pay_part(order_id, "wallet")
    last = (await ids(order_id))[1]
    await milestone_plans.update(last, buyer, Wanted(amount="50.00"))
    assert await amounts(order_id) == [2_000, 8_000]
    with pytest.raises(OnlyTheOtherSide):
        await milestone_plans.accept_change(last, buyer)
    await milestone_plans.accept_change(last, seller)
    assert await amounts(order_id) == [2_000, 5_000]
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 3_000
    await hold_invariants()
    await do(order_id, 2)
    order = await read(order_id)
    assert (order.status, order.released_minor, order.refunded_minor) == (Gig.COMPLETED, 7_000, 3_000)
    await hold_invariants()


async def test_the_other_side_agrees_to_what_one_has_proposed():
    order_id = await an_engagement(10_000, to=Gig.PENDING_PAYMENT)
    buyer, seller = await parties(order_id)
    with pytest.raises(MilestonesNotAgreed):
        await milestone_plans.agree(order_id, buyer)
    first, second = await propose(order_id, seller, 2_000, 3_000)
    with pytest.raises(MilestonesIncomplete) as refused:
        await milestone_plans.agree(order_id, buyer)
    assert refused.value.details == {"rest": "50.00", "currency": "USD"}
    with pytest.raises(MilestoneAmountRefused) as refused:
        await propose(order_id, seller, 5_001)
    assert refused.value.details == {"least": "0.01", "most": "50.00", "currency": "USD"}
    await propose(order_id, buyer, None)
    with pytest.raises(OnlyTheOtherSide):
        await milestone_plans.agree(order_id, buyer)
    await milestone_plans.update(second, buyer, Wanted(amount="10.00", title="Sketches"))
    await milestone_plans.remove(first, seller)
    assert await amounts(order_id) == [1_000, 5_000]
    await propose(order_id, seller, None)
    await milestone_plans.agree(order_id, buyer)
    assert await amounts(order_id) == [1_000, 5_000, 4_000]
    await hold_invariants()
    for deed in (
        lambda: propose(order_id, seller, 1_000),
        lambda: milestone_plans.agree(order_id, buyer),
        lambda: milestone_plans.remove(second, seller),
    ):
        with pytest.raises(MilestonesAgreed):
            await deed()
    assert (await read(order_id)).expires_at > clock.now() + timedelta(hours=71)


async def test_there_may_only_be_so_many():
    order_id = await an_engagement(10_000, to=Gig.PENDING_PAYMENT)
    buyer, _ = await parties(order_id)
    await propose(order_id, buyer, *[100] * 20)
    with pytest.raises(TooManyMilestones):
        await propose(order_id, buyer, 100)


async def test_a_change_of_what_was_agreed_moves_the_rest_and_what_is_to_be_paid():
    order_id = await in_milestones(2_000, 3_000, 5_000)
    buyer, seller = await parties(order_id)
    first, second, last = await ids(order_id)
    with pytest.raises(MilestoneFunded):
        await milestone_plans.update(first, buyer, Wanted(amount="10.00"))
    with pytest.raises(LastTakesTheRest):
        await milestone_plans.update(last, buyer, Wanted(amount="10.00"))
    with pytest.raises(MilestoneAmountRefused) as refused:
        await milestone_plans.update(second, buyer, Wanted(amount="80.00"))
    assert refused.value.details == {"least": "0.01", "most": "79.99", "currency": "USD"}
    with pytest.raises(NothingChanged):
        await milestone_plans.accept_change(second, seller)
    await milestone_plans.update(second, buyer, Wanted(amount="40.00", title="More sketches"))
    await milestone_plans.decline_change(second, seller)
    assert (await plan_of(order_id)).milestones[1].change is None
    await milestone_plans.update(second, buyer, Wanted(amount="40.00", title="More sketches"))
    await milestone_plans.accept_change(second, seller)
    plan = await plan_of(order_id)
    assert [(one.title, one.amount_minor) for one in plan.milestones] == [
        ("Step 1", 2_000), ("More sketches", 4_000), ("Step 3", 4_000),
    ]  # fmt: skip
    await hold_invariants()
    await do(order_id, 1, "10.00")
    await pay_part(order_id, "wallet")
    assert (await read(order_id)).held_minor == 5_000
    await hold_invariants()


async def test_it_is_another_ones_turn():
    order_id = await in_milestones(2_000, 3_000, 5_000, whole=True)
    _, seller = await parties(order_id)
    with pytest.raises(MilestoneNotNext) as refused:
        await submit(order_id, 2)
    assert refused.value.details == {"next": 1, "status": "funded"}
    with pytest.raises(MilestoneNotNext):
        await delivering.submit(order_id, seller, "All of it.", [])
    assert (await read(order_id)).status == Gig.IN_PROGRESS


async def test_every_illegal_move_names_its_states():
    order_id = await in_milestones(2_000, 8_000)
    buyer, _ = await parties(order_id)
    first = (await ids(order_id))[0]
    for deed in (lambda: approve(order_id, 1), lambda: milestones.reject(first, buyer, "No")):
        with pytest.raises(IllegalTransition) as refused:
            await deed()
        assert refused.value.details["current"] == "funded" and refused.value.details["allowed_from"] == ["submitted"]
    await do(order_id, 1)
    with pytest.raises(IllegalTransition):
        await submit(order_id, 1)
    with pytest.raises(IllegalTransition) as refused:
        await submit(order_id, 2)
    assert refused.value.details["current"] == "planned"
    with pytest.raises(IllegalTransition):
        await milestone_plans.update(first, buyer, Wanted(title="Other"))
    for current in MilestoneStatus:
        for target in MilestoneStatus:
            if not MILESTONE.allows(current, target):
                with pytest.raises(IllegalTransition):
                    MILESTONE.check(current, target)


async def test_nothing_is_submitted_before_the_work_has_begun():
    order_id = await in_milestones(2_000, 8_000, at_work=False)
    with pytest.raises(IllegalTransition) as refused:
        await submit(order_id, 1)
    assert refused.value.details["current"] == "awaiting_requirements"


async def test_what_was_rejected_is_worked_on_again_and_the_clock_stands_meanwhile():
    order_id = await in_milestones(2_000, 8_000)
    buyer, _ = await parties(order_id)
    first = await submit(order_id, 1)
    assert (await work_of(order_id)).clock_stopped_at is not None
    await milestones.reject(first, buyer, "It is upside down.")
    assert await statuses(order_id) == ["funded", "planned"]
    assert (await work_of(order_id)).clock_stopped_at is None
    await do(order_id, 1)
    assert (await work_of(order_id)).clock_stopped_at is not None, "the buyer is to pay the next one"
    await pay_part(order_id, "wallet")
    assert (await work_of(order_id)).clock_stopped_at is None
    last = await submit(order_id, 2)
    await milestones.reject(last, buyer, "Not that one.")
    assert (await read(order_id)).status == Gig.IN_PROGRESS and await statuses(order_id) == ["approved", "funded"]
    await submit(order_id, 2)
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer.")
    assert await statuses(order_id) == ["approved", "funded"]
    await submit(order_id, 2)
    await deciding.accept(await latest_of(order_id), buyer)
    assert await statuses(order_id) == ["approved", "approved"]
    await hold_invariants()


async def silent(milestone_id) -> None:
    await db.execute("UPDATE milestones SET approve_by = now() WHERE id = $1 AND approve_by IS NOT NULL", milestone_id)
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", str(milestone_id))
    await timers.run_due()


async def test_silence_approves_after_three_days():
    order_id = await in_milestones(2_000, 8_000)
    first = await submit(order_id, 1)
    await timers.run_due()
    assert await statuses(order_id) == ["submitted", "planned"]
    approve_by = (await plan_of(order_id)).milestones[0].approve_by
    assert timedelta(days=3) - timedelta(minutes=5) < approve_by - clock.now() <= timedelta(days=3)
    await silent(first)
    assert await statuses(order_id) == ["approved", "planned"]
    assert "Milestone 1 approved by silence: 20.00 USD released" in await notes(order_id)
    await milestones.approve_by_silence(first)
    assert (await read(order_id)).released_minor == 2_000
    await hold_invariants()


async def test_a_dispute_stops_everything_and_silence_counts_for_nothing():
    order_id = await in_milestones(2_000, 8_000)
    first = await submit(order_id, 1)
    await freezing.freeze(order_id, "chargeback", None, "?")
    with pytest.raises(OrderFrozen):
        await approve(order_id, 1)
    await silent(first)
    assert await statuses(order_id) == ["submitted", "planned"]
    await freezing.unfreeze(order_id, None, "!")
    approve_by = (await plan_of(order_id)).milestones[0].approve_by
    assert approve_by is not None and (await plan_of(order_id)).milestones[0].paused_at is None
    await approve(order_id, 1)
    await hold_invariants()


@pytest.mark.parametrize("buyers", ["0.00", "12.34", "30.00"])
async def test_a_dispute_splits_what_is_held_and_leaves_what_was_released(buyers):
    order_id = await in_milestones(2_000, 3_000, 5_000)
    buyer, seller = await parties(order_id)
    await do(order_id, 1)
    await pay_part(order_id, "wallet")
    await submit(order_id, 2)
    dispute = await a_dispute(order_id=order_id)
    with pytest.raises(OrderFrozen):
        await approve(order_id, 2)
    await disputing.accept(dispute, await disputing.propose(dispute, buyer, buyers, "Let us part."), seller)
    order, back = await read(order_id), to_minor(buyers, "USD")
    assert (order.status, order.released_minor, order.refunded_minor) == (Gig.COMPLETED, 5_000 - back, back)
    assert await statuses(order_id) == ["approved", "approved", "cancelled"]
    await hold_invariants()


async def test_cancelling_in_the_middle_gives_back_what_is_held_and_no_more():
    order_id = await in_milestones(2_000, 3_000, 5_000)
    buyer, seller = await parties(order_id)
    await do(order_id, 1, "15.00")
    await pay_part(order_id, "wallet")
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    order = await read(order_id)
    assert (order.released_minor, order.refunded_minor, order.held_minor) == (1_500, 3_500, 0)
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 3_500
    assert await minor_in(K.SELLER_PENDING, seller) == 1_350
    assert await statuses(order_id) == ["approved", "cancelled", "cancelled"]
    await hold_invariants()


async def test_an_order_that_is_not_paid_ends_with_its_plan():
    order_id = await in_milestones(2_000, 8_000, paid=False)
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    assert await statuses(order_id) == ["cancelled", "cancelled"]
    await hold_invariants()


async def test_a_plan_that_nobody_agreed_to_does_not_hinder_paying_whole():
    order_id = await an_engagement(10_000, to=Gig.PENDING_PAYMENT)
    buyer, seller = await parties(order_id)
    await propose(order_id, seller, 5_000, None)
    await pay((await read(order_id)).checkout, "wallet")
    assert (await read(order_id)).captured_minor == 10_000
    await milestone_plans.agree(order_id, buyer)
    assert await statuses(order_id) == ["funded", "funded"]
    await hold_invariants()


async def test_what_was_refunded_meanwhile_is_not_there_to_be_released():
    order_id = await in_milestones(2_000, 8_000)

    await refunding.refund(order_id, Money(500, "USD"), None, "A scratch.")
    await do(order_id, 1)
    order = await read(order_id)
    assert (order.released_minor, order.held_minor) == (1_500, 0)
    await hold_invariants()


async def test_strangers_see_and_do_nothing():
    order_id = await in_milestones(2_000, 8_000)
    stranger, (first, _) = (await a_user()).id, await ids(order_id)
    for deed in (
        lambda: milestones.complete(first, stranger, "", None),
        lambda: milestones.reject(first, stranger, "no"),
        lambda: milestone_plans.update(first, stranger, Wanted(title="Mine")),
        lambda: milestone_plans.remove(first, stranger),
        lambda: milestone_plans.accept_change(first, stranger),
        lambda: milestones.complete(uuid7(), stranger, "", None),
    ):
        with pytest.raises(MilestoneNotFound):
            await deed()
    with pytest.raises(DomainError):
        await propose(order_id, stranger, 100)


async def test_the_story_over_http(client):
    (buyer, as_buyer), (seller, as_seller) = await signed_in(), await signed_in()
    order_id = await an_engagement(10_000, buyer=buyer.id, seller=seller.id, to=Gig.PENDING_PAYMENT)
    at = f"{API}/orders/{order_id}/milestones/"
    sketch = {"title": "Sketch", "amount": "30.00"}
    for never in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        refused = await client.post(at, headers=as_seller, json=sketch | {"due_date": never})
        assert (refused.status_code, list(refused.json()["errors"])) == (400, ["due_date"])
    due_date = (clock.now() + timedelta(days=30)).isoformat()
    first = await client.post(at, headers=as_seller, json=sketch | {"due_date": due_date})
    assert (first.status_code, first.json()["data"]["status"]) == (201, "proposed")
    await client.post(at, headers=as_seller, json={"title": "Logo"})
    agreed = (await client.post(f"{at}accept/", headers=as_buyer)).json()["data"]
    assert (agreed["one_by_one"], agreed["rest"], agreed["proposed_by"]) == (True, "0.00", "seller")
    async with statements_made() as made:
        shown = (await client.get(at, headers=as_buyer)).json()["data"]
    assert len([one for one in made if "milestones" in one]) == 1
    sketch, logo = shown["milestones"]
    assert [(one["amount"], one["amount_to_pay"], one["is_due"]) for one in (sketch, logo)] == [
        ("30.00", "30.00", True), ("70.00", "70.00", False),
    ]  # fmt: skip
    paying = {"payment_method": "sandbox", "payment_method_id": "pm_card_ok"}
    early = await client.post(f"{API}/payments/create/", headers=as_buyer, json=paying | {"milestone_id": logo["id"]})
    assert (early.status_code, early.json()["code"]) == (409, "not_payable")
    paid = await client.post(f"{API}/payments/create/", headers=as_buyer, json=paying | {"milestone_id": sketch["id"]})
    assert (paid.status_code, paid.json()["data"]["amount"]) == (201, "30.00")
    for verb in ("accept", "start"):
        assert (await client.post(f"{API}/orders/{order_id}/{verb}/", headers=as_seller)).status_code == 200
    one = f"{API}/milestones/{sketch['id']}/"
    sent = (await client.post(f"{one}complete/", headers=as_seller, json={"message": "Three foxes"})).json()["data"]
    assert (sent["status"], sent["message"]) == ("submitted", "Three foxes") and sent["approved_by_silence_at"]
    refused = await client.post(f"{one}complete/", headers=as_seller, json={"amount": "1.00"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["amount"])
    back = await client.post(f"{one}reject/", headers=as_buyer, json={"reason": "Two are enough"})
    assert back.json()["data"]["answer"] == "Two are enough"
    await client.post(f"{one}complete/", headers=as_seller)
    done = await client.post(f"{one}complete/", headers=as_buyer, json={"amount": "25.00"})
    assert (done.json()["data"]["status"], done.json()["data"]["released_amount"]) == ("approved", "25.00")
    asked = await client.put(f"{API}/milestones/{logo['id']}/", headers=as_seller, json={"title": "A logo"})
    assert asked.json()["data"]["change"] == {"by": "seller", "title": "A logo"}
    got = await client.post(f"{API}/milestones/{logo['id']}/accept/", headers=as_buyer)
    assert (got.json()["data"]["title"], got.json()["data"]["change"]) == ("A logo", None)
    assert (got.json()["data"]["amount"], got.json()["data"]["carried_amount"], got.json()["data"]["is_due"]) == (
        "75.00",
        "5.00",
        True,
    )
    paid = await client.post(f"{API}/payments/create/", headers=as_buyer, json=paying | {"order_id": str(order_id)})
    assert paid.json()["data"]["amount"] == "70.00"
    last = f"{API}/milestones/{logo['id']}/complete/"
    await client.post(last, headers=as_seller, json={"message": "Done"})
    over = await client.post(last, headers=as_buyer)
    assert over.json()["data"]["status"] == "approved"
    assert (await client.get(f"{API}/orders/{order_id}/", headers=as_buyer)).json()["data"]["status"] == "completed"
    money = (await client.get(f"{API}/orders/{order_id}/money/", headers=as_seller)).json()["data"]
    assert [(part["title"], part["status"]) for part in money["parts"]] == [("Sketch", "paid"), ("A logo", "paid")]
    _, stranger = await signed_in()
    assert (await client.get(at, headers=stranger)).status_code == 404
    assert (await client.get(one, headers=stranger)).status_code == 404
    removed = await client.delete(one, headers=as_seller)
    assert (removed.status_code, removed.json()["code"]) == (409, "milestones_agreed")
    await hold_invariants()


BREACHES = {
    "milestones that were agreed divide the order's total exactly": "UPDATE milestones SET amount_minor = amount_minor + 1",
    "what was released of an order in milestones was released of them": "UPDATE milestones SET released_minor = 1",
    "no milestone is released beyond its amount, and while the order is open, all of what was approved": (
        "UPDATE milestones SET status = 'approved' WHERE position = 1"
    ),
    "milestones are paid in the parts of their order": "UPDATE milestones SET status = 'planned'",
    "milestones are done one after the other": "UPDATE milestones SET status = 'submitted' WHERE position = 2",
    "milestones are as far as their order": "UPDATE milestone_plans SET agreed_at = NULL",
    "a milestone that waits for the buyer has a time by which silence approves it": (
        "UPDATE milestones SET status = 'submitted' WHERE position = 1"
    ),
}


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    await in_milestones(2_000, 8_000)
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo


def test_every_rule_has_its_breach():
    assert set(BROKEN) == set(BREACHES)


class _Undo(Exception):
    pass
