"""What must be answered before a seller can accept."""

import pytest

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.engagements.errors import EngagementNotFound, RequirementsMissing
from marketplace.engagements.files import BRIEF
from marketplace.engagements.queries.requirements import list_requirements
from marketplace.engagements.schemas.requirements import AnswerRequirement
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import answering
from marketplace.engagements.states import Gig, QuestionKind
from marketplace.media.errors import UnknownFile
from marketplace.orders.errors import OnlyTheBuyer
from marketplace.orders.service.stepping import step
from tests.factories import a_user
from tests.factories.engagements import a_file_for, an_engagement, parties, work_of
from tests.factories.orders import an_order, hold_invariants, read

pytestmark = pytest.mark.usefixtures("tables")
ASKED = [
    Question(question="What is it called?"),
    Question(question="Which colour?", kind=QuestionKind.CHOICE, choices=["red", "blue"]),
    Question(question="Where will it be used?", kind=QuestionKind.MULTIPLE, choices=["print", "web", "shirts"], is_required=False),
    Question(question="What is there already?", kind=QuestionKind.FILE),
]  # fmt: skip


async def asked(to=Gig.AWAITING_REQUIREMENTS):
    order_id = await an_engagement(questions=ASKED, to=to)
    buyer, seller = await parties(order_id)
    return order_id, buyer, seller, [one.id for one in await list_requirements(order_id, buyer)]


async def say(order_id, buyer, *answers):
    await answering.answer(order_id, buyer, [AnswerRequirement(**one) for one in answers])


async def test_the_seller_accepts_once_all_that_must_be_answered_is():
    order_id, buyer, seller, (name, colour, _, files) = await asked()
    with pytest.raises(RequirementsMissing) as refused:
        await step(order_id, seller, "accept")
    assert [one["id"] for one in refused.value.details["missing"]] == [str(name), str(colour), str(files)]
    await say(order_id, buyer, {"requirement_id": name, "text": "Fox"}, {"requirement_id": colour, "choices": ["blue"]})
    assert (await work_of(order_id)).answered_at is None
    before = (await work_of(order_id)).accept_by
    file = await a_file_for(buyer, BRIEF)
    await say(order_id, buyer, {"requirement_id": files, "file_ids": [file], "text": "The old one."})
    work = await work_of(order_id)
    assert work.answered_at is not None and work.accept_by > before
    assert (await step(order_id, seller, "accept")).status == Gig.ACCEPTED
    shown = await list_requirements(order_id, seller)
    assert [(one.answer, one.chosen, len(one.files)) for one in shown] == [
        ("Fox", [], 0), (None, ["blue"], 0), (None, [], 0), ("The old one.", [], 1),
    ]  # fmt: skip
    await hold_invariants()


async def test_answers_may_be_changed_until_then_and_taken_back():
    order_id, buyer, _, (name, _, _, files) = await asked()
    old, new = await a_file_for(buyer, BRIEF), await a_file_for(buyer, BRIEF)
    await say(order_id, buyer, {"requirement_id": name, "text": "Fox"}, {"requirement_id": files, "file_ids": [old]})
    await say(order_id, buyer, {"requirement_id": name, "text": " "}, {"requirement_id": files, "file_ids": [new]})
    shown = await list_requirements(order_id, buyer)
    assert (shown[0].answer, shown[0].answered_at, [one.id for one in shown[3].files]) == (None, None, [new])


async def test_what_was_accepted_stays():
    order_id = await an_engagement(
        questions=[Question(question="What is it called?", is_required=False)], to=Gig.ACCEPTED
    )
    buyer, _ = await parties(order_id)
    (only,) = await list_requirements(order_id, buyer)
    with pytest.raises(IllegalTransition) as refused:
        await say(order_id, buyer, {"requirement_id": only.id, "text": "Fox"})
    assert refused.value.details["current"] == "accepted"
    assert refused.value.details["allowed_from"] == ["awaiting_requirements", "pending_payment"]


async def test_answers_may_come_before_the_money():
    order_id, buyer, _, (name, colour, _, files) = await asked(Gig.PENDING_PAYMENT)
    await say(
        order_id, buyer, {"requirement_id": name, "text": "Fox"}, {"requirement_id": colour, "choices": ["red"]},
        {"requirement_id": files, "file_ids": [await a_file_for(buyer, BRIEF)]},
    )  # fmt: skip
    assert (await work_of(order_id)).answered_at is not None and (await work_of(order_id)).accept_by is None
    assert (await read(order_id)).status == Gig.PENDING_PAYMENT
    await hold_invariants()


@pytest.mark.parametrize(
    ("which", "answer"),
    [
        (0, {"choices": ["red"]}),
        (1, {"choices": ["green"]}),
        (1, {"choices": ["red", "blue"]}),
        (2, {"choices": ["sky"]}),
    ],
)
async def test_a_wrong_answer_is_told_what_would_be_right(which, answer):
    order_id, buyer, _, ids = await asked()
    with pytest.raises(ValidationFailed) as refused:
        await say(order_id, buyer, {"requirement_id": ids[which], **answer})
    assert list(refused.value.fields) == ["answers"] and refused.value.details["requirement_id"] == str(ids[which])


async def test_answers_are_the_buyers():
    order_id, buyer, seller, (name, _, _, files) = await asked()
    with pytest.raises(OnlyTheBuyer):
        await say(order_id, seller, {"requirement_id": name, "text": "Fox"})
    with pytest.raises(EngagementNotFound):
        await say(order_id, (await a_user()).id, {"requirement_id": name, "text": "Fox"})
    with pytest.raises(UnknownFile):
        await say(order_id, buyer, {"requirement_id": files, "file_ids": [await a_file_for(seller, BRIEF)]})
    other, *_ = await asked()
    with pytest.raises(ValidationFailed):
        await say(other, (await parties(other))[0], {"requirement_id": name, "text": "Fox"})


async def test_an_order_of_something_else_has_no_questions():
    order_id = await an_order(paid=True)
    with pytest.raises(EngagementNotFound):
        await list_requirements(order_id, (await parties(order_id))[0])
    assert await db.fetch_val("SELECT count(*) FROM engagements") == 0
