"""What an order is placed on."""

import pytest

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.gigs.errors import GigArchived, GigNotFound, GigPaused, OwnGig, UnknownExtra, UnknownPackage
from marketplace.gigs.service import moving, publishing
from marketplace.gigs.service.ordering import lock_offer
from tests.factories.accounts import a_user
from tests.factories.gigs import PREMIUM, STANDARD, a_gig, extras_of, packages_of, seller_of

pytestmark = pytest.mark.usefixtures("tables")


async def offered(gig, buyer=None, package=None, extras=()):
    async with db.transaction():
        return await lock_offer(gig, buyer or (await a_user()).id, package, extras)


async def test_the_main_package_is_meant_where_none_is_named():
    gig = await a_gig()
    offer = await offered(gig)
    assert (offer.price, offer.delivery_days, offer.revisions) == (Money(5000, "USD"), 7, 0)
    assert [one.question for one in offer.requirements] == ["What is your shop called?", "Which style?"]
    assert offer.requirements[1].choices == ["Plain", "Playful"] and not offer.requirements[1].is_required
    assert offer.seller == (await seller_of(gig)).id and offer.title == "A logo for your shop"


async def test_extras_cost_and_take_their_time():
    gig = await a_gig()
    file, sooner = await extras_of(gig)
    packages = await packages_of(gig)
    offer = await offered(gig, package=packages[STANDARD], extras=[sooner, file])
    assert (offer.price, offer.delivery_days, offer.revisions) == (Money(16000, "USD"), 4, 3)
    assert [one.id for one in offer.extras] == [file, sooner]
    await db.execute("UPDATE gig_extras SET extra_days = -9 WHERE id = $1", sooner)
    offer = await offered(gig, package=packages[PREMIUM], extras=[sooner])
    assert (offer.delivery_days, offer.revisions) == (1, None)


async def test_nobody_orders_from_themselves():
    gig = await a_gig()
    with pytest.raises(OwnGig):
        await offered(gig, (await seller_of(gig)).id)


async def test_only_what_is_published_is_ordered():
    gig = await a_gig()
    seller = await seller_of(gig)
    await publishing.pause(gig, seller)
    with pytest.raises(GigPaused):
        await offered(gig)
    await publishing.archive(gig, seller)
    with pytest.raises(GigArchived):
        await offered(gig)
    await publishing.publish(gig, seller)
    await moving.hide_all_of(seller.id)
    with pytest.raises(GigNotFound):
        await offered(gig)
    with pytest.raises(GigNotFound):
        await offered(await a_gig(published=False))


async def test_what_is_named_is_of_this_gig_and_still_offered():
    gig, other = await a_gig(), await a_gig()
    with pytest.raises(UnknownPackage) as refused:
        await offered(gig, package=(await packages_of(other))[STANDARD])
    assert sorted(refused.value.details["packages"]) == sorted(str(one) for one in (await packages_of(gig)).values())
    mine, foreign = await extras_of(gig), await extras_of(other)
    for extras in ([foreign[0]], [mine[0], mine[0]]):
        with pytest.raises(UnknownExtra):
            await offered(gig, extras=extras)
    await db.execute("UPDATE gig_extras SET archived_at = now() WHERE id = $1", mine[0])
    with pytest.raises(UnknownExtra):
        await offered(gig, extras=[mine[0]])
