"""Who is told of work and of custom offers."""

from datetime import timedelta

import pytest

from marketplace.core import timers
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import asking, deciding, offering
from marketplace.engagements.service.offering import TermsChange
from marketplace.engagements.states import Gig, RequestKind
from marketplace.notifications import engagement_texts
from marketplace.notifications.kinds import Kind
from tests.factories import a_user
from tests.factories.engagements import an_engagement, an_offer, latest_of, parties, set_due
from tests.notifications.test_handlers import message, told

pytestmark = pytest.mark.usefixtures("tables")


async def kinds(user):
    return {kind for kind, _ in await told(user)}


async def test_both_hear_how_the_work_goes():
    order_id = await an_engagement(to=Gig.IN_REVISION, questions=[Question(question="Name?", is_required=False)])
    buyer, seller = await parties(order_id)
    assert {Kind.PAYMENT_RECEIVED, Kind.WORK_ACCEPTED, Kind.WORK_STARTED, Kind.WORK_DELIVERED} <= await kinds(buyer)
    assert {Kind.WORK_PAID, Kind.REVISION_REQUESTED} <= await kinds(seller)
    assert Kind.SALE_PAID not in await kinds(seller) and Kind.REQUIREMENTS_AWAITED not in await kinds(buyer)
    assert "Bluer, please." in await message(seller, Kind.REVISION_REQUESTED)


async def test_who_must_answer_hears_of_it():
    buyer, seller = await parties(await an_engagement(questions=[Question(question="Name?")]))
    assert Kind.REQUIREMENTS_AWAITED in await kinds(buyer) and Kind.REQUIREMENTS_AWAITED not in await kinds(seller)


async def test_a_rejection_and_lateness_are_told():
    order_id = await an_engagement(to=Gig.DELIVERED)
    buyer, seller = await parties(order_id)
    await deciding.reject(await latest_of(order_id), buyer, "An empty file.")
    await set_due(order_id, timedelta(hours=1))
    await timers.run_due()
    await set_due(order_id, timedelta(hours=25))
    await timers.run_due()
    assert {Kind.DELIVERY_REJECTED, Kind.WORK_LATE, Kind.WORK_VERY_LATE} <= await kinds(seller)
    assert {Kind.WORK_LATE, Kind.WORK_VERY_LATE} <= await kinds(buyer)


async def test_requests_are_told_to_the_other_side():
    order_id = await an_engagement(to=Gig.IN_PROGRESS)
    buyer, seller = await parties(order_id)
    days = await asking.ask_extension(order_id, seller, 2, "Slow paint.")
    await asking.decline(days, RequestKind.EXTENSION, buyer)
    wish = await asking.ask_cancellation(order_id, buyer, "I move house.")
    await asking.withdraw(wish, RequestKind.CANCELLATION, buyer)
    assert Kind.EXTENSION_REQUESTED in await kinds(buyer)
    assert {Kind.EXTENSION_ANSWERED, Kind.CANCELLATION_REQUESTED, Kind.CANCELLATION_ANSWERED} <= await kinds(seller)
    assert "2 more days" in await message(buyer, Kind.EXTENSION_REQUESTED)


async def test_offers_and_their_answers_are_told():
    seller, buyer = (await a_user()).id, (await a_user()).id
    offer = await an_offer(seller, buyer)
    other = await offering.counter(offer, buyer, TermsChange(price="60.00"))
    await offering.decline(other, seller)
    assert {Kind.CUSTOM_OFFER_RECEIVED, Kind.CUSTOM_OFFER_ANSWERED} <= await kinds(buyer)
    assert await kinds(seller) == {Kind.CUSTOM_OFFER_COUNTERED}
    assert "$60.00" in await message(seller, Kind.CUSTOM_OFFER_COUNTERED)


def test_every_text_is_in_both_languages():
    assert all(set(words) == {"en", "zh"} for words in engagement_texts.TEXTS.values())
