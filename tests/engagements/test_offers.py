"""Custom offers and counter-offers."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.engagements.errors import CustomOfferNotFound, OnlyItsAuthor, OnlyTheOtherSide
from marketplace.engagements.queries.offers import get_offer
from marketplace.engagements.service import offering
from marketplace.engagements.service.offering import TermsChange
from marketplace.engagements.states import Gig, OfferStatus
from marketplace.gigs.errors import GigArchived, GigNotFound
from marketplace.gigs.policies import Actor
from marketplace.gigs.service import publishing
from marketplace.orders.queries.orders import get_order
from tests.factories import a_user
from tests.factories.engagements import a_bare_gig, an_offer, work_of
from tests.factories.gigs import a_gig
from tests.factories.orders import hold_invariants, pay, read

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
async def sides(tables):
    return (await a_user()).id, (await a_user()).id


@pytest.mark.parametrize("by", ["seller", "buyer"])
async def test_who_it_was_made_to_accepts_it_and_the_buyer_pays(sides, by):
    seller, buyer = sides
    offer = await an_offer(seller, buyer, by=by)
    maker, other = (seller, buyer) if by == "seller" else (buyer, seller)
    with pytest.raises(OnlyTheOtherSide):
        await offering.accept(offer, maker)
    order_id = await offering.accept(offer, other)
    shown, work = await get_order(order_id, buyer), await work_of(order_id)
    assert (shown.total_amount, shown.buyer.id, shown.seller.id) == ("80.00", buyer, seller)
    assert (work.offer, work.package, work.delivery_days, work.revisions_allowed) == (offer, None, 4, 2)
    assert shown.expires_at > clock.now() + timedelta(days=2)
    seen = await get_offer(offer, buyer)
    assert (seen.status, seen.order_id) == (OfferStatus.ACCEPTED, order_id)
    await pay((await read(order_id)).checkout)
    assert (await read(order_id)).status == Gig.AWAITING_REQUIREMENTS
    await hold_invariants()


async def test_a_counter_offer_takes_the_place_of_what_it_answers(sides):
    seller, buyer = sides
    first = await an_offer(seller, buyer)
    second = await offering.counter(first, buyer, TermsChange(price="60.00", revisions=None))
    with pytest.raises(IllegalTransition) as refused:
        await offering.accept(first, buyer)
    assert refused.value.details["current"] == "countered"
    third = await offering.counter(second, seller, TermsChange(price="70.00"))
    order_id = await offering.accept(third, buyer)
    shown = await get_offer(third, buyer)
    assert (shown.price, shown.delivery_days, shown.revisions, shown.thread_id) == ("70.00", 4, None, first)
    assert (await get_order(order_id, buyer)).total_amount == "70.00"
    found = await db.fetch("SELECT status FROM custom_offers WHERE thread = $1 ORDER BY id", first)
    assert [row["status"] for row in found] == ["countered", "countered", "accepted"]
    await hold_invariants()


async def test_a_counter_offer_of_the_same_is_none(sides):
    seller, buyer = sides
    offer = await an_offer(seller, buyer)
    with pytest.raises(ValidationFailed):
        await offering.counter(offer, buyer, TermsChange(price="80.00"))
    with pytest.raises(OnlyTheOtherSide):
        await offering.counter(offer, seller, TermsChange(price="70.00"))


async def test_declined_withdrawn_and_expired_offers_are_over(sides):
    seller, buyer = sides
    declined, withdrawn, expired = [await an_offer(seller, buyer) for _ in range(3)]
    await offering.decline(declined, buyer, "Too dear.")
    with pytest.raises(OnlyItsAuthor):
        await offering.withdraw(withdrawn, buyer)
    await offering.withdraw(withdrawn, seller)
    await db.execute("UPDATE custom_offers SET expires_at = now() - interval '1 second' WHERE id = $1", expired)
    with pytest.raises(IllegalTransition):  # though no timer has fired
        await offering.accept(expired, buyer)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'engagements.offer_expiry'")
    await timers.run_due()
    for offer, status in ((declined, "declined"), (withdrawn, "withdrawn"), (expired, "expired")):
        assert (await get_offer(offer, seller)).status == status
        for deed in (offering.accept(offer, buyer), offering.decline(offer, buyer),
                     offering.counter(offer, buyer, TermsChange(price="1.00"))):  # fmt: skip
            with pytest.raises(IllegalTransition) as refused:
                await deed
            assert refused.value.details["current"] == status and refused.value.details["allowed"] == []
        with pytest.raises(IllegalTransition):
            await offering.withdraw(offer, seller)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0
    await hold_invariants()


async def test_offers_are_between_two(sides):
    seller, buyer = sides
    stranger = (await a_user()).id
    offer = await an_offer(seller, buyer)
    for deed in (get_offer(offer, stranger), offering.accept(offer, stranger), offering.withdraw(offer, stranger)):
        with pytest.raises(CustomOfferNotFound):
            await deed
    gig = await a_bare_gig(seller)
    with pytest.raises(ValidationFailed):
        await offering.make(buyer, gig, stranger, "5.00", 1, 1, "For somebody else")
    for nobody in (None, seller, gig):
        with pytest.raises(ValidationFailed):
            await offering.make(seller, gig, nobody, "5.00", 1, 1, "For nobody")
    with pytest.raises(ValidationFailed) as refused:
        await offering.make(seller, gig, buyer, "0.00", 1, 1, "For nothing")
    assert list(refused.value.fields) == ["price"]


async def test_a_gig_that_is_gone_is_not_agreed_on(sides):
    seller, buyer = sides
    offer = await an_offer(seller, buyer)
    gig = (await get_offer(offer, buyer)).gig.id
    await db.execute("UPDATE gigs SET status = 'archived' WHERE id = $1", gig)
    with pytest.raises(GigArchived):
        await offering.accept(offer, buyer)
    await db.execute("UPDATE gigs SET hidden_at = now() WHERE id = $1", gig)
    with pytest.raises(GigNotFound):
        await offering.accept(offer, buyer)
    await offering.decline(offer, buyer)


async def test_a_paused_gig_may_still_be_agreed_on_and_asks_its_questions(sides):
    seller, buyer = sides
    gig = await a_gig(seller)
    offer = await offering.make(buyer, gig, None, "80.00", 4, 2, "A fox, please")
    await publishing.pause(gig, Actor(seller))
    order_id = await offering.accept(offer, seller)
    assert await db.fetch_val("SELECT count(*) FROM engagement_requirements WHERE engagement = $1", order_id) == 2
    await hold_invariants()
