"""What a return means to the order's money while it is open, where it ends, and who hears of it."""

from datetime import timedelta

import pytest

from marketplace.core import db, platform
from marketplace.ledger.states import AccountKind as K
from marketplace.notifications.kinds import Kind
from marketplace.orders.service import completing, shipping
from marketplace.shop.return_errors import NotReturnable, ReturnExceedsBought, TooManyReturns
from marketplace.shop.service import returns
from tests.factories import a_user
from tests.factories.orders import hold_invariants, minor_in, read, set_times, statuses
from tests.factories.payments import work_off
from tests.factories.returns import a_delivered_order, a_return, come_back
from tests.factories.shipments import a_paid_order, send
from tests.factories.shop import a_product, stock_of, the_variant
from tests.notifications.test_handlers import message, told

pytestmark = pytest.mark.usefixtures("tables")
PAST = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def an_unconfirmed_order(quantity=1, kettle=None):
    """Delivered, its seller says; its buyer has said nothing."""
    placed = await a_paid_order((kettle or await a_product(), quantity))
    await send(placed)
    await shipping.deliver(placed, (await read(placed)).seller)
    return placed


async def test_silence_counts_for_nothing_while_a_return_is_open():
    placed = await an_unconfirmed_order(2)
    first, second = await a_return(placed), await a_return(placed)
    await set_times(placed, auto_complete_at=PAST)
    await work_off()
    assert (await read(placed)).status == "shipped"
    sides = await read(placed)
    await returns.reject(first, sides.seller, "It was worn.")
    await set_times(placed, auto_complete_at=PAST)
    await work_off()
    assert (await read(placed)).status == "shipped" and (await read(placed)).open_returns == 1
    await returns.cancel(second, sides.buyer)
    await set_times(placed, auto_complete_at=PAST)
    await work_off()
    assert (await read(placed)).status == "delivered"


async def test_the_buyer_has_as_long_to_speak_as_there_was_left():
    placed = await an_unconfirmed_order()
    before = (await read(placed)).auto_complete_at
    one = await a_return(placed)
    await set_times(placed, paused_at=timedelta(days=3))
    await returns.reject(one, (await read(placed)).seller, "It was worn.")
    after = (await read(placed)).auto_complete_at
    assert timedelta(days=3) <= after - before < timedelta(days=3, hours=1)


async def test_nothing_clears_while_a_return_is_open():
    placed = await a_delivered_order((await a_product(), 1))
    sides, one = await read(placed), await a_return(placed)
    await set_times(placed)
    await work_off()
    assert await minor_in(K.SELLER_AVAILABLE, sides.seller) == 0
    await returns.cancel(one, sides.buyer)
    await set_times(placed)
    await work_off()
    assert await minor_in(K.SELLER_AVAILABLE, sides.seller) > 0 == await minor_in(K.SELLER_PENDING, sides.seller)


async def test_all_of_an_unconfirmed_order_sent_back_is_returned():
    kettle = await a_product(quantity=10)
    placed = await an_unconfirmed_order(2, kettle)
    await come_back(await a_return(placed))
    assert (await read(placed)).status == "shipped"
    await come_back(await a_return(placed))
    assert await statuses(placed) == ["pending", "processing", "shipped", "delivered", "returned"]
    over = await read(placed)
    assert (over.phase, over.held_minor, over.refundable_minor, over.auto_complete_at) == ("completed", 0, 0, None)
    assert await stock_of(await the_variant(kettle)) == (10, 0)


async def test_what_its_seller_keeps_of_it_is_released():
    await platform.change({"shop.refund_shipping": False}, (await a_user()).id)
    placed = await an_unconfirmed_order()
    seller = (await read(placed)).seller
    await come_back(await a_return(placed))
    over = await read(placed)
    assert (over.status, over.held_minor, over.refundable_minor) == ("returned", 0, 500)
    assert await minor_in(K.SELLER_PENDING, seller) > 0


async def test_only_what_has_arrived_is_sent_back():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    seller = (await read(placed)).seller
    part = await send(placed, 2)
    with pytest.raises(NotReturnable):
        await a_return(placed)
    await shipping.deliver_part(placed, part, seller)
    with pytest.raises(ReturnExceedsBought) as refused:
        await a_return(placed, 3)
    assert refused.value.details["returnable"] == 2
    await come_back(await a_return(placed, 2))
    assert (await read(placed)).status == "processing"
    await send(placed)
    await completing.complete_bought(placed, (await read(placed)).buyer)
    await come_back(await a_return(placed))
    assert (await statuses(placed))[-1] == "returned" and (await read(placed)).refundable_minor == 0
    assert await stock_of(await the_variant(kettle)) == (10, 0)


async def test_so_many_returns_are_open_and_no_more(monkeypatch):
    monkeypatch.setattr(returns, "MOST_OPEN", 1)
    placed = await a_delivered_order((await a_product(), 3))
    one = await a_return(placed)
    with pytest.raises(TooManyReturns):
        await a_return(placed)
    await returns.cancel(one, (await read(placed)).buyer)
    await a_return(placed)


async def kinds_of(user):
    return {kind for kind, _ in await told(user)}


async def test_each_step_is_told_to_the_other_side():
    placed = await a_delivered_order((await a_product(), 3))
    sides = await read(placed)
    first = await a_return(placed)
    await returns.reject(first, sides.seller, "It was worn.")
    await returns.cancel(await a_return(placed), sides.buyer)
    await come_back(await a_return(placed))
    await work_off()
    returns_told = {kind for kind in Kind if kind.value.startswith("return_")}
    assert await kinds_of(sides.seller) & returns_told == {Kind.RETURN_REQUESTED, Kind.RETURN_CANCELLED}
    assert await kinds_of(sides.buyer) & returns_told == {
        Kind.RETURN_APPROVED, Kind.RETURN_REJECTED, Kind.RETURN_RECEIVED,
    }  # fmt: skip
    assert Kind.ORDER_REFUNDED in await kinds_of(sides.buyer)
    assert "It was worn." in await message(sides.buyer, Kind.RETURN_REJECTED)


async def test_a_silent_seller_hears_what_their_silence_meant():
    placed = await a_delivered_order((await a_product(), 1))
    sides, one = await read(placed), await a_return(placed)
    await db.execute("UPDATE order_returns SET answer_by = now() - interval '1 second' WHERE id = $1", one)
    await returns.approve_by_silence(one)
    await work_off()
    for side in (sides.buyer, sides.seller):
        assert Kind.RETURN_APPROVED in await kinds_of(side)
