"""A kind that has a word for it is `disputed` while its sides are in dispute, and then where it was before."""

import pytest

from marketplace.orders import fulfilment
from marketplace.orders.errors import OrderFrozen
from marketplace.orders.service import freezing, stepping
from tests.factories import a_user
from tests.factories.orders import an_order, hold_invariants, read, statuses
from tests.factories.work import TestWork, Work, work

pytestmark = pytest.mark.usefixtures("tables")


async def frozen(order_id, by: str = freezing.DISPUTE):
    return await freezing.freeze(order_id, by, None, "They do not agree")


@pytest.mark.parametrize("delivered", [False, True])
async def test_a_disputed_order_goes_back_to_where_it_was(delivered):
    seller = (await a_user()).id
    order_id = await work(seller=seller)
    if delivered:
        await stepping.step(order_id, seller, "deliver")
    before = (await read(order_id)).status
    assert (await frozen(order_id)).status == Work.DISPUTED
    with pytest.raises(OrderFrozen):
        await stepping.step(order_id, seller, "deliver")
    assert (await freezing.unfreeze(order_id, None, "They agree")).status == before
    await hold_invariants()


@pytest.mark.parametrize(("buyer", "seller", "ends"), [(10_000, 0, Work.CANCELLED), (4_000, 6_000, Work.DONE)])
async def test_a_disputed_order_is_resolved_by_a_split(buyer, seller, ends):
    order_id = await work()
    await frozen(order_id)
    assert (await freezing.resolve(order_id, buyer, seller, None, "Half done")).status == ends
    assert await statuses(order_id) == [Work.PENDING, Work.IN_PROGRESS, Work.DISPUTED, ends]
    await hold_invariants()


async def test_what_is_frozen_for_another_reason_keeps_its_status():
    order_id = await work()
    assert (await frozen(order_id, "staff")).status == Work.IN_PROGRESS
    await freezing.unfreeze(order_id, None, "Seen")
    goods = await an_order(paid=True)
    assert (await frozen(goods)).status == "processing"
    await freezing.unfreeze(goods, None, "They agree")
    await hold_invariants()


def test_a_dispute_moves_no_money():
    with pytest.raises(ValueError, match="leave the money"):
        fulfilment.register(TestWork(), disputed=Work.DONE)
