"""Calling off a part of an order before it is sent."""

import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.core.states import IllegalTransition
from marketplace.notifications.kinds import Kind
from marketplace.orders.errors import NotYetPaid, OrderNotFound
from marketplace.orders.service import completing, refunding, shipping
from marketplace.shop.return_errors import CancelsTooMany
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import calling_off
from tests.factories import a_user, bearer
from tests.factories.checkouts import a_shopper, order
from tests.factories.orders import hold_invariants, read, statuses
from tests.factories.payments import work_off
from tests.factories.returns import a_return, come_back, lines_of
from tests.factories.shipments import a_paid_order, progress, send
from tests.factories.shop import a_product, stock_of, the_variant
from tests.notifications.test_handlers import told
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def call_off(order_id, *quantities, by="seller"):
    wanted = [
        WantedLine(line_id=line, quantity=n) for line, n in zip(await lines_of(order_id), quantities, strict=False) if n
    ]
    await calling_off.call_off(order_id, getattr(await read(order_id), by), wanted, "Out of them.")


async def test_what_is_called_off_is_paid_back_and_free_again():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    await call_off(placed, 1)
    after = await read(placed)
    assert (after.status, after.refunded_minor, await progress(placed)) == ("processing", 2_200, [(3, 0, 1)])
    assert await stock_of(await the_variant(kettle)) == (10, 2)
    await send(placed)
    assert (await read(placed)).status == "shipped" and await progress(placed) == [(3, 2, 1)]
    await work_off()
    assert Kind.UNITS_CANCELLED in {kind for kind, _ in await told(after.buyer)}


async def test_what_was_sent_before_is_shipped_once_the_rest_is_called_off():
    kettle = await a_product(price_minor=333, quantity=10)
    placed = await a_paid_order((kettle, 3))
    buyer = (await read(placed)).buyer
    part = await send(placed, 1)
    await shipping.confirm_part(placed, part, buyer)
    await call_off(placed, 1, by="buyer")
    assert (await read(placed)).status == "processing"
    await call_off(placed, 1)
    assert await statuses(placed) == ["pending", "processing", "shipped", "delivered"], (
        "its buyer has what there is of it"
    )
    await come_back(await a_return(placed))
    assert (await read(placed)).refundable_minor == 0 and (await statuses(placed))[-1] == "returned"
    assert await stock_of(await the_variant(kettle)) == (10, 0)


async def test_calling_off_everything_is_cancelling():
    kettle = await a_product(quantity=10)
    at_once, in_parts = [await a_paid_order((kettle, 2)) for _ in range(2)]
    await call_off(at_once, 2, by="buyer")
    await call_off(in_parts, 1)
    await call_off(in_parts, 1)
    for one in (at_once, in_parts):
        assert (await read(one)).status == "cancelled" and (await read(one)).refundable_minor == 0
    assert await stock_of(await the_variant(kettle)) == (10, 0)


async def test_no_more_than_is_left_to_send_and_only_of_what_is_paid():
    kettle = await a_product(quantity=10)
    buyer, address = await a_shopper((kettle, 1))
    unpaid = await order(buyer, address)
    with pytest.raises(NotYetPaid):
        await call_off(unpaid, 1)
    placed = await a_paid_order((kettle, 2))
    await send(placed, 1)
    with pytest.raises(CancelsTooMany) as refused:
        await call_off(placed, 2)
    assert refused.value.details["unsent"] == 1
    with pytest.raises(ValidationFailed):
        await calling_off.call_off(placed, (await read(placed)).buyer, [WantedLine(line_id=uuid7())], "")
    with pytest.raises(OrderNotFound):
        await calling_off.call_off(placed, (await a_user()).id, [], "")
    await send(placed)
    with pytest.raises(IllegalTransition):
        await call_off(placed, 1)


async def test_nothing_is_paid_back_twice():
    placed = await a_paid_order((await a_product(), 2))
    await refunding.refund(placed, Money(4_000, "USD"), None, "Sorry")
    await call_off(placed, 1)
    assert (await read(placed)).refundable_minor == 0 and (await read(placed)).status == "processing"
    await send(placed)
    await completing.complete_bought(placed, (await read(placed)).buyer)


async def test_over_http(client):
    placed = await a_paid_order((await a_product(), 3))
    sides, [line] = await read(placed), await lines_of(placed)
    body = {"lines": [{"line_id": str(line), "quantity": 2}], "reason": "One is enough."}
    path, headers = f"/api/v1/orders/{placed}/cancel-items/", await bearer(sides.buyer)
    done = await client.post(path, json=body, headers=headers)
    assert done.status_code == 200, done.text
    data = done.json()["data"]
    assert (data["status"], data["refunded_amount"], data["items"][0]["cancelled_quantity"]) == (
        "processing",
        "44.00",
        2,
    )
    many = await client.post(path, json=body, headers=headers)
    assert many.status_code == 409 and many.json()["code"] == "cancels_more_than_unsent"


async def test_the_last_piece_is_sent_or_called_off_by_two_processes():
    kettle = await a_product(quantity=20)
    orders = [str(await a_paid_order((kettle, 2))) for _ in range(4)]
    jobs = [{"orders": orders, "times": 3, "deed": deed} for deed in ("ship", "call_off")]
    hands = await run_together("tests.races.shipment_deeds:ship_or_call_off", *jobs)
    for i, one in enumerate(orders):
        said = [hand[i].count("ok") for hand in hands]
        [(ordered, sent, gone)] = await progress(one)
        assert said == [sent, gone] and sent + gone == ordered == 2, said
    await work_off()
