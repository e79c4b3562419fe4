"""Every verb from every status: what is not the machine's way is refused with 409 and names the states, and changes nothing."""

from itertools import pairwise

import pytest

from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import accepting, answering, asking, deciding, delivering
from marketplace.engagements.states import GIG, Gig
from marketplace.orders.service import cancelling, completing
from marketplace.orders.service.stepping import step
from tests.factories.engagements import an_engagement, latest_of, parties
from tests.factories.orders import hold_invariants, read

pytestmark = pytest.mark.usefixtures("tables")
G = Gig


async def accept(order_id, buyer, seller):
    await step(order_id, seller, "accept")


async def start(order_id, buyer, seller):
    await step(order_id, seller, "start")


async def deliver(order_id, buyer, seller):
    await delivering.submit(order_id, seller, "Here it is.", [])


async def accept_delivery(order_id, buyer, seller):
    await deciding.accept(await latest_of(order_id), buyer)


async def reject(order_id, buyer, seller):
    await deciding.reject(await latest_of(order_id), buyer, "No.")


async def revise(order_id, buyer, seller):
    await deciding.request_revision(await latest_of(order_id), buyer, "Bluer.")


async def complete(order_id, buyer, seller):
    await completing.complete_bought(order_id, buyer)


async def cancel_as_buyer(order_id, buyer, seller):
    await cancelling.cancel_own(order_id, buyer, "Sorry")


async def cancel_as_seller(order_id, buyer, seller):
    await cancelling.cancel_own(order_id, seller, "Sorry")


async def decline(order_id, buyer, seller):
    await accepting.decline(order_id, seller, "Sorry")


async def ask_extension(order_id, buyer, seller):
    await asking.ask_extension(order_id, seller, 2, "Slow paint.")


async def ask_to_cancel(order_id, buyer, seller):
    await asking.ask_cancellation(order_id, buyer, "It is no use.")


async def answer(order_id, buyer, seller):
    asked = await db.fetch_val("SELECT id FROM engagement_requirements WHERE engagement = $1", order_id)
    await answering.answer(order_id, buyer, [AnswerRequirement(requirement_id=asked, text="Fox")])


EARLY, WORK = {G.PENDING_PAYMENT, G.AWAITING_REQUIREMENTS}, {G.ACCEPTED, G.IN_PROGRESS, G.IN_REVISION}
LEGAL = {
    accept: {G.AWAITING_REQUIREMENTS},
    start: {G.ACCEPTED},
    deliver: {G.IN_PROGRESS, G.IN_REVISION},
    accept_delivery: {G.DELIVERED},
    reject: {G.DELIVERED},
    revise: {G.DELIVERED},
    complete: {G.DELIVERED},
    cancel_as_buyer: EARLY,
    cancel_as_seller: EARLY,
    decline: EARLY,
    ask_extension: WORK,
    ask_to_cancel: WORK | {G.DELIVERED},
    answer: EARLY,
}
DELIVERED_ONCE = {G.DELIVERED, G.IN_REVISION, G.COMPLETED, G.DISPUTED}
ON_A_DELIVERY = {accept_delivery, reject, revise}


def fitting(status):
    """The verbs there is something to say to."""
    return [verb for verb in LEGAL if status in DELIVERED_ONCE or verb not in ON_A_DELIVERY]


@pytest.mark.parametrize("status", Gig)
async def test_what_is_not_the_machines_way_is_refused_with_the_states_and_changes_nothing(status):
    order_id = await asked(status)
    buyer, seller = await parties(order_id)
    before = await read(order_id)
    for verb in fitting(status):
        if status not in LEGAL[verb]:
            with pytest.raises(DomainError) as refused:
                await verb(order_id, buyer, seller)
            told = refused.value
            assert (told.status_code, told.details["current"]) == (409, status), (verb, told)
            assert told.code == "order_frozen" or "target" in told.details, (verb, told)
            assert (await read(order_id)) == before
    await hold_invariants()


@pytest.mark.parametrize(
    ("verb", "status"), [(verb, status) for verb, legal in LEGAL.items() for status in sorted(legal)]
)
async def test_what_is_the_machines_way_is_done(verb, status):
    order_id = await asked(status)
    await verb(order_id, *await parties(order_id))
    await hold_invariants()


async def asked(status):
    return await an_engagement(to=status, revisions=2, questions=[Question(question="Name?", is_required=False)])


def test_the_machine_is_that_of_the_rules():
    moves = {(one.value, other.value) for one, other in GIG.moves()}
    straight = ["pending_payment", "awaiting_requirements", "accepted", "in_progress", "delivered", "completed"]
    assert set(pairwise(straight)) <= moves
    assert {("delivered", "in_revision"), ("in_revision", "delivered")} <= moves
    assert {one for one, other in moves if other == "disputed"} == {
        "accepted",
        "in_progress",
        "delivered",
        "in_revision",
    }
    assert {one for one, other in moves if other == "cancelled"} == {
        "pending_payment", "awaiting_requirements", "accepted", "in_progress", "delivered", "in_revision", "disputed",
    }  # fmt: skip
    assert not {one for one, _ in moves} & {"completed", "cancelled"}
