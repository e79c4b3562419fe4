"""A copy of what work says of somebody, and what goes with their account."""

import pytest

from marketplace.accounts import privacy
from marketplace.core import db
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import answering, asking, delivering
from marketplace.engagements.states import Gig
from marketplace.orders.service.stepping import step
from tests.factories import a_user
from tests.factories.engagements import an_engagement, an_offer, parties
from tests.factories.orders import hold_invariants

pytestmark = pytest.mark.usefixtures("tables")


async def test_each_has_a_copy_of_what_they_said_and_it_goes_with_them():
    order_id = await an_engagement(questions=[Question(question="What is it called?")])
    buyer, seller = await parties(order_id)
    asked = await db.fetch_val("SELECT id FROM engagement_requirements")
    await answering.answer(order_id, buyer, [AnswerRequirement(requirement_id=asked, text="Fox")])
    for name in ("accept", "start"):
        await step(order_id, seller, name)
    await asking.ask_cancellation(order_id, buyer, "I move house.")
    await delivering.submit(order_id, seller, "Here it is.", [])
    assert [row["answer"] for row in await privacy.EXPORTERS["requirements"](buyer)] == ["Fox"]
    assert await privacy.EXPORTERS["requirements"](seller) == []
    said = {who: (await privacy.EXPORTERS["deliveries"](who))[0]["message"] for who in (buyer, seller)}
    assert said == {buyer: None, seller: "Here it is."}
    assert [row["reason"] for row in await privacy.EXPORTERS["engagement_requests"](buyer)] == ["I move house."]
    await privacy.ERASERS["engagements"](buyer)
    assert await db.fetch_val("SELECT answer FROM engagement_requirements") == ""
    assert await db.fetch_val("SELECT reason FROM engagement_requests") == ""
    assert await db.fetch_val("SELECT message FROM deliveries") == "Here it is."
    await hold_invariants()


async def test_who_leaves_takes_back_what_they_offered_and_declines_what_they_were_offered():
    seller, buyer = (await a_user()).id, (await a_user()).id
    made, asked = await an_offer(seller, buyer), await an_offer(seller, buyer, by="buyer")
    assert len(await privacy.EXPORTERS["custom_offers"](buyer)) == 2
    assert await privacy.ERASERS["custom_offers"](seller) == 2
    rows = await db.fetch("SELECT id, status FROM custom_offers")
    assert {row["id"]: row["status"] for row in rows} == {made: "withdrawn", asked: "declined"}
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'engagements.offer_expiry'") == 0
    await hold_invariants()


async def test_an_order_that_is_open_keeps_both_sides():
    for person in await parties(await an_engagement(to=Gig.IN_PROGRESS)):
        assert [one.kind for one in await privacy.BLOCKERS["orders"](person)] == ["open_order"]
