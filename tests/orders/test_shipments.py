"""Sending an order in parts: what is left to send, what its status follows from, and who hears of it."""

import asyncpg
import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.notifications.kinds import Kind
from marketplace.orders import progress as counts
from marketplace.orders import tracking
from marketplace.orders.errors import CancellationRefused, NotAllSent, SendsTooMany, ShipmentNotFound, TooManyShipments
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, completing, freezing, refunding, shipping
from marketplace.orders.service.dispatching import Carriage
from tests.factories import a_user, bearer
from tests.factories.orders import an_order, hold_invariants, notes, read, statuses
from tests.factories.payments import work_off
from tests.factories.returns import lines_of
from tests.factories.shipments import a_paid_order, progress, send
from tests.factories.shop import a_product, stock_of, the_variant
from tests.notifications.test_handlers import message, told
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def two_products():
    """Of one seller: a kettle and a pot, ten each."""
    seller = (await a_user()).id
    return [await a_product(seller, name=name, quantity=10) for name in ("A kettle", "A pot")]


async def test_an_order_is_shipped_when_nothing_is_left_to_send():
    kettle, pot = await two_products()
    placed = await a_paid_order((kettle, 3), (pot, 1))
    await send(placed, 2)
    assert await progress(placed) == [(3, 2, 0), (1, 0, 0)]
    order_ = await read(placed)
    assert (order_.status, order_.sent_parts, order_.auto_complete_at) == ("processing", 1, None)
    await send(placed, 1, 1, carrier="UPS")
    order_ = await read(placed)
    assert (order_.status, order_.sent_parts) == ("shipped", 2) and order_.auto_complete_at
    assert await statuses(placed) == ["pending", "processing", "shipped"]
    assert (await notes(placed))[2:] == [
        "Shipped in part, 2 of 4, with DHL, tracking number JD1", "Shipped with UPS, tracking number JD1",
    ]  # fmt: skip
    with pytest.raises(IllegalTransition):
        await send(placed, 1)


async def test_stock_leaves_the_shelf_with_each_shipment():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    variant = await the_variant(kettle)
    await send(placed, 2)
    assert await stock_of(variant) == (10, 3)
    await work_off()
    assert await stock_of(variant) == (8, 1)
    await send(placed)
    await work_off()
    assert await stock_of(variant) == (7, 0)


async def test_no_more_is_sent_than_was_ordered():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    await send(placed, 2)
    with pytest.raises(SendsTooMany) as refused:
        await send(placed, 2)
    assert refused.value.details["unsent"] == 1
    seller, [line] = (await read(placed)).seller, await lines_of(placed)
    for wanted in ([(line, 1), (line, 1)], [(uuid7(), 1)]):
        with pytest.raises(ValidationFailed):
            await shipping.ship_part(placed, seller, Carriage("DHL"), wanted)
    with pytest.raises(asyncpg.CheckViolationError):
        await counts.count_sent(placed, {line: 2})


async def test_each_part_is_confirmed_and_with_the_last_the_order_is_complete():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 2))
    buyer = (await read(placed)).buyer
    first, second = await send(placed, 1), await send(placed)
    await shipping.confirm_part(placed, first, buyer)
    assert (await read(placed)).status == "shipped" and (await read(placed)).delivered_at is None
    await shipping.confirm_part(placed, first, buyer)
    done = await shipping.confirm_part(placed, second, buyer)
    assert (done.status, done.phase, done.held_minor) == ("delivered", "completed", 0)
    assert await statuses(placed) == ["pending", "processing", "shipped", "delivered"]


async def test_a_part_that_arrived_before_the_rest_was_sent_counts():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 2))
    order_ = await read(placed)
    first = await send(placed, 1)
    await shipping.deliver_part(placed, first, order_.seller)
    second = await send(placed)
    assert (await read(placed)).delivered_at is None
    arrived = await shipping.deliver_part(placed, second, order_.seller)
    assert (arrived.status, arrived.phase) == ("shipped", "open") and arrived.delivered_at
    done = await completing.complete_bought(placed, order_.buyer)
    assert done.phase == "completed"


async def test_half_an_order_is_neither_received_nor_handed_over_nor_cancelled():
    placed = await a_paid_order((await a_product(), 2))
    order_ = await read(placed)
    await send(placed, 1)
    with pytest.raises(NotAllSent):
        await completing.complete_bought(placed, order_.buyer)
    with pytest.raises(NotAllSent):
        await shipping.deliver(placed, order_.seller)
    for by in CancelledBy:
        with pytest.raises(CancellationRefused):
            await cancelling.cancel(placed, by, None, "no")
    await shipping.ship(placed, order_.seller, "DHL", "2")
    assert (await read(placed)).status == "shipped"


async def test_all_of_it_refunded_after_a_part_was_sent_is_returned_and_the_rest_is_free_again():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    await send(placed, 1)
    await refunding.refund(placed, None, None, "It got lost.")
    assert await statuses(placed) == ["pending", "processing", "shipped", "returned"]
    assert await progress(placed) == [(3, 1, 2)]
    await work_off()
    assert await stock_of(await the_variant(kettle)) == (9, 0)
    assert (await read(placed)).refundable_minor == 0


async def test_what_was_not_sent_when_staff_settle_it_is_free_again():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 3))
    await send(placed, 1)
    await freezing.freeze(placed, "dispute", None, "Where is the rest?")
    held = (await read(placed)).held_minor
    await freezing.resolve(placed, 4_400, held - 4_400, None, "Two of three never came.")
    assert (await read(placed)).status == "delivered" and await progress(placed) == [(3, 1, 2)]
    await work_off()
    assert await stock_of(await the_variant(kettle)) == (9, 0)


async def test_what_was_sent_is_returned_and_never_cancelled_when_the_buyer_gets_all_of_it_back():
    lost, arrived = [await an_order(paid=True) for _ in range(2)]
    for one in (lost, arrived):
        await shipping.ship(one, (await read(one)).seller, "DHL", "1")
    await shipping.deliver(arrived, (await read(arrived)).seller)
    for one in (lost, arrived):
        await freezing.freeze(one, "dispute", None, "?")
        await freezing.resolve(one, 10_000, 0, None, "so be it")
    assert await statuses(lost) == ["pending", "processing", "shipped", "returned"]
    assert await statuses(arrived) == ["pending", "processing", "shipped", "delivered", "returned"]


async def test_an_order_handed_over_without_a_word_has_a_shipment_once_it_is_received():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 2))
    await completing.complete_bought(placed, (await read(placed)).buyer)
    assert await progress(placed) == [(2, 2, 0)] and await stock_of(await the_variant(kettle)) == (8, 0)


async def test_the_buyer_hears_of_every_part_and_the_seller_of_its_receipt():
    kettle = await a_product(quantity=10)
    placed = await a_paid_order((kettle, 2))
    order_ = await read(placed)
    first = await send(placed, 1)
    await shipping.confirm_part(placed, first, order_.buyer)
    second = await send(placed)
    await shipping.deliver_part(placed, second, order_.seller)
    await work_off()
    found = [kind for kind, _ in await told(order_.buyer)]
    assert found.count("shipment_sent") == 2 and found.count("order_delivered") == 1 and "order_shipped" not in found
    assert "https://www.dhl.com/" in await message(order_.buyer, Kind.SHIPMENT_SENT)
    assert "shipment_delivered" in {kind for kind, _ in await told(order_.seller)}


async def test_over_http(client):
    kettle, pot = await two_products()
    placed = await a_paid_order((kettle, 3), (pot, 1))
    sides, [line, other] = await read(placed), await lines_of(placed)
    buyer, seller = await bearer(sides.buyer), await bearer(sides.seller)
    path = f"/api/v1/orders/{placed}/shipments"
    body = {"carrier": "DHL Express", "tracking_number": "00 34", "lines": [{"line_id": str(line), "quantity": 2}]}
    made = await client.post(path, json=body, headers=seller)
    assert made.status_code == 201, made.text
    first = made.json()["data"]
    assert (first["number"], first["lines"][0]["quantity"], first["delivered_at"]) == (1, 2, None)
    assert first["tracking_url"] == "https://www.dhl.com/global-en/home/tracking.html?tracking-id=0034"
    many = await client.post(path, json=body, headers=seller)
    assert many.status_code == 409 and many.json()["code"] == "ships_more_than_ordered"
    assert many.json()["details"] == {"line_id": str(line), "unsent": 1}
    shown = (await client.get(f"/api/v1/orders/{placed}/", headers=buyer)).json()["data"]
    assert (shown["status"], shown["shipping_status"]) == ("processing", "partially_shipped")
    assert [(one["shipped_quantity"], one["cancelled_quantity"]) for one in shown["items"]] == [(2, 0), (0, 0)]
    early = await client.post(f"/api/v1/orders/{placed}/complete/", headers=buyer)
    assert early.json()["code"] == "not_all_sent" and early.json()["details"]["unsent"] == {str(line): 1, str(other): 1}
    rest = await client.post(path, json={"carrier": "The neighbour"}, headers=seller)
    second = rest.json()["data"]
    assert (second["number"], second["tracking_url"], len(second["lines"])) == (2, None, 2)
    fixed = await client.patch(
        f"{path}/{second['id']}", json={"carrier": "UPS", "tracking_number": "1Z"}, headers=seller
    )
    assert fixed.json()["data"]["tracking_url"] == "https://www.ups.com/track?tracknum=1Z"
    assert (await client.post(f"{path}/{first['id']}/deliver/", headers=seller)).json()["data"]["delivered_at"]
    shown = (await client.get(f"/api/v1/orders/{placed}/", headers=buyer)).json()["data"]
    assert (shown["status"], shown["shipping_status"]) == ("shipped", "partially_delivered")
    assert (shown["carrier"], shown["tracking_number"]) == ("UPS", "1Z")
    listed = (await client.get(path, params={"delivered": "false"}, headers=seller)).json()["data"]
    assert [one["id"] for one in listed["results"]] == [second["id"]] and shown["shipments"][1]["id"] == second["id"]
    for one in (first, second):
        done = await client.post(f"{path}/{one['id']}/confirm/", headers=buyer)
        assert done.status_code == 200, done.text
    data = done.json()["data"]
    assert (data["status"], data["shipping_status"], data["escrow"]) == ("delivered", "delivered", "released")
    told_of = [(step["status"], step["note"]) for step in data["status_history"]]
    assert told_of == [
        ("pending", "Order created"), ("processing", "Payment confirmed. Order processing started."),
        ("shipped", "Shipped with The neighbour"), ("delivered", "Receipt confirmed"),
    ]  # fmt: skip
    assert len(data["activity"]) > len(told_of)


async def test_reading_them_takes_a_statement(client):
    placed = await a_paid_order((await a_product(), 2))
    await send(placed, 1)
    await send(placed)
    headers = await bearer((await read(placed)).buyer)
    for more in ("", "/shipments"):
        await client.get(f"/api/v1/orders/{placed}{more}", headers=headers)
    async with statements() as made:
        await client.get(f"/api/v1/orders/{placed}", headers=headers)
    assert len(made) == 2, made  # who asks, and the order with its shipments
    async with statements() as made:
        await client.get(f"/api/v1/orders/{placed}/shipments", headers=headers)
    assert len(made) == 3, made  # who asks, whether the order is theirs, and the shipments


async def test_the_last_of_many_shipments_takes_all_that_is_left(monkeypatch):
    monkeypatch.setattr(shipping, "MOST_PARTS", 2)
    placed = await a_paid_order((await a_product(), 3))
    await send(placed, 1)
    with pytest.raises(TooManyShipments):
        await send(placed, 1)
    await send(placed, 2)
    assert (await read(placed)).status == "shipped"


async def test_a_shipment_is_one_of_its_order():
    placed, other = [await an_order(paid=True) for _ in range(2)]
    part = await send(placed)
    with pytest.raises(ShipmentNotFound):
        await shipping.confirm_part(other, part, (await read(other)).buyer)


@pytest.mark.parametrize(
    ("carrier", "number", "page"),
    [
        ("FedEx", "12 34", "https://www.fedex.com/fedextrack/?trknbr=1234"),
        ("royal mail", "a&b/c", "https://www.royalmail.com/track-your-item#/tracking-results/a%26b%2Fc"),
        ("My uncle", "1", ""), ("DHL", "", ""), ("", "", ""),
    ],
)  # fmt: skip
def test_a_parcel_is_followed_where_its_carrier_is_known(carrier, number, page):
    assert tracking.page_of(carrier, number) == page
