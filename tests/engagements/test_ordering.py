"""Ordering a package of a gig: what was offered is written down, and paid for."""

from datetime import timedelta

import pytest

from marketplace.core import db, timers
from marketplace.core.money import MAX_MINOR
from marketplace.engagements.queries.requirements import list_requirements
from marketplace.engagements.service.buying import order_package
from marketplace.engagements.states import Gig
from marketplace.gigs.errors import GigPaused, OwnGig, UnknownExtra, UnknownPackage
from marketplace.gigs.policies import Actor
from marketplace.gigs.service import publishing
from marketplace.orders.errors import TotalTooLarge
from marketplace.orders.queries.orders import get_order
from tests.factories import a_user
from tests.factories.engagements import work_of
from tests.factories.gigs import STANDARD, a_gig, extras_of, packages_of
from tests.factories.orders import hold_invariants, pay, read, set_times
from tests.factories.pictures import work_off

pytestmark = pytest.mark.usefixtures("tables")


async def test_an_order_is_what_was_offered_at_that_moment():
    buyer, gig = (await a_user()).id, await a_gig()
    package, extra = (await packages_of(gig))[STANDARD], (await extras_of(gig))[0]
    order_id = await order_package(buyer, package, [extra], 3, "For a café.")
    await db.execute(
        "UPDATE gig_packages SET price_minor = 1, delivery_days = 30, revisions = 0 WHERE id = $1", package
    )
    await db.execute("DELETE FROM gig_requirements")
    shown, work = await get_order(order_id, buyer), await work_of(order_id)
    assert [(one.product_name, one.quantity, one.subtotal) for one in shown.items] == [
        ("A logo for your shop: Standard logo", 3, "360.00"), ("Source file", 1, "15.00"),
    ]  # fmt: skip
    assert (shown.total_amount, shown.status, shown.note) == ("375.00", Gig.PENDING_PAYMENT, "For a café.")
    assert (work.gig, work.package, work.delivery_days, work.revisions_allowed) == (gig, package, 5, 3)
    assert [(one.question, one.is_required) for one in await list_requirements(order_id, buyer)] == [
        ("What is your shop called?", True), ("Which style?", False),
    ]  # fmt: skip
    await pay((await read(order_id)).checkout)
    assert (await read(order_id)).status == Gig.AWAITING_REQUIREMENTS
    await work_off()
    assert await db.fetch_val("SELECT order_count FROM gigs WHERE id = $1", gig) == 1
    await hold_invariants()


async def test_no_order_costs_more_than_can_be_paid_at_once():
    package = (await packages_of(await a_gig()))[STANDARD]
    await db.execute("UPDATE gig_packages SET price_minor = $2 WHERE id = $1", package, MAX_MINOR)
    with pytest.raises(TotalTooLarge):
        await order_package((await a_user()).id, package, quantity=2)
    assert not await db.fetch_val("SELECT count(*) FROM orders")


async def test_what_is_faster_for_money_is_due_sooner():
    gig = await a_gig()
    sooner = (await extras_of(gig))[1]
    order_id = await order_package((await a_user()).id, (await packages_of(gig))[STANDARD], [sooner])
    assert (await work_of(order_id)).delivery_days == 4
    await hold_invariants()


async def test_what_is_not_offered_is_not_ordered():
    buyer, seller = (await a_user()).id, (await a_user()).id
    gig, other = await a_gig(seller), await a_gig(seller)
    package = (await packages_of(gig))[STANDARD]
    with pytest.raises(UnknownPackage):
        await order_package(buyer, buyer)
    with pytest.raises(UnknownExtra):
        await order_package(buyer, package, (await extras_of(other))[:1])
    with pytest.raises(OwnGig):
        await order_package(seller, package)
    await publishing.pause(gig, Actor(seller))
    with pytest.raises(GigPaused):
        await order_package(buyer, package)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0


async def test_an_unpaid_order_expires():
    order_id = await order_package((await a_user()).id, (await packages_of(await a_gig()))[STANDARD])
    await set_times(order_id, expires_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).status == Gig.CANCELLED
    await hold_invariants()
