"""Ordering a package of a gig: what was offered is written down, and paid for."""

from datetime import timedelta

import pytest

from marketplace.core import db, timers
from marketplace.engagements.queries.requirements import list_requirements
from marketplace.engagements.service.buying import order_package
from marketplace.engagements.states import Gig
from marketplace.gigs.errors import GigPaused, OwnGig, UnknownExtra, UnknownPackage
from marketplace.orders.queries.orders import get_order
from tests.factories import a_user
from tests.factories.engagements import a_bare_gig, a_package, a_question, an_extra, work_of
from tests.factories.orders import hold_invariants, pay, read, set_times
from tests.factories.pictures import work_off

pytestmark = pytest.mark.usefixtures("tables")


async def test_an_order_is_what_was_offered_at_that_moment():
    buyer, seller = (await a_user()).id, (await a_user()).id
    gig = await a_bare_gig(seller)
    package, extra = await a_package(gig, 5_000, days=3, revisions=2), await an_extra(gig, 1_500, days=2)
    await a_question(gig)
    order_id = await order_package(buyer, package, [extra], 3, "For a café.")
    await db.execute("UPDATE gig_packages SET price_minor = 1, delivery_days = 30, revisions = 0")
    await db.execute("DELETE FROM gig_requirements")
    shown, work = await get_order(order_id, buyer), await work_of(order_id)
    assert [(one.product_name, one.quantity, one.subtotal) for one in shown.items] == [
        ("A logo: Basic", 3, "150.00"), ("Source files", 1, "15.00"),
    ]  # fmt: skip
    assert (shown.total_amount, shown.status, shown.note) == ("165.00", Gig.PENDING_PAYMENT, "For a café.")
    assert (work.gig, work.package, work.delivery_days, work.revisions_allowed) == (gig, package, 5, 2)
    assert [one.question for one in await list_requirements(order_id, buyer)] == ["What is it called?"]
    await pay((await read(order_id)).checkout)
    assert (await read(order_id)).status == Gig.AWAITING_REQUIREMENTS
    await work_off()
    assert await db.fetch_val("SELECT order_count FROM gigs WHERE id = $1", gig) == 1
    await hold_invariants()


async def test_what_is_not_offered_is_not_ordered():
    buyer, seller = (await a_user()).id, (await a_user()).id
    gig, other = await a_bare_gig(seller), await a_bare_gig(seller)
    package = await a_package(gig)
    with pytest.raises(UnknownPackage):
        await order_package(buyer, buyer)
    with pytest.raises(UnknownExtra):
        await order_package(buyer, package, [await an_extra(other)])
    with pytest.raises(OwnGig):
        await order_package(seller, package)
    await db.execute("UPDATE gigs SET status = 'paused' WHERE id = $1", gig)
    with pytest.raises(GigPaused):
        await order_package(buyer, package)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0


async def test_an_unpaid_order_expires():
    order_id = await order_package((await a_user()).id, await a_package(await a_bare_gig((await a_user()).id)))
    await set_times(order_id, expires_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).status == Gig.CANCELLED
    await hold_invariants()
