"""Sending things back: who may, how many, what is paid back, and what lies on the shelf again."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, platform
from marketplace.core.money import Money
from marketplace.core.states import IllegalTransition
from marketplace.orders.errors import OnlyTheSeller
from marketplace.orders.service import refunding
from marketplace.shop.return_errors import NotReturnable, ReturnExceedsBought, ReturnNotFound, ReturnTooLate
from marketplace.shop.returning import worth
from marketplace.shop.service import returns
from tests.factories import a_user, bearer
from tests.factories.checkouts import a_shopper, order
from tests.factories.orders import hold_invariants, pay, read, set_times, statuses
from tests.factories.payments import work_off
from tests.factories.returns import a_delivered_order, a_return, come_back, lines_of
from tests.factories.shop import a_product, stock_of, the_variant
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def the_return(return_id):
    return await db.fetch_row("SELECT * FROM order_returns WHERE id = $1", return_id)


async def refunded(return_id):
    return (await the_return(return_id))["refunded_minor"]


@pytest.mark.parametrize("total", [0, 1, 10, 9_999, 10_001])
@pytest.mark.parametrize("bought", [1, 3, 7])
def test_parts_sum_to_the_line(total, bought):
    parts = [worth(total, bought, before, 1) for before in range(bought)]
    assert sum(parts) == total and max(parts) - min(parts) <= 1


async def test_partial_returns_sum_to_what_was_paid_and_the_last_brings_the_shipping():
    kettle = await a_product(price_minor=333, quantity=5)
    placed = await a_delivered_order((kettle, 3))
    total = (await read(placed)).total_minor
    found = []
    for n in range(1, 4):
        one = await a_return(placed)
        await come_back(one)
        found.append(await refunded(one))
        assert await stock_of(await the_variant(kettle)) == (2 + n, 0)
    assert sum(found) == total and (await read(placed)).refundable_minor == 0
    assert (await the_return(one))["shipping_minor"] == 500
    assert (await statuses(placed))[-1] == "returned"


async def test_shipping_stays_paid_where_staff_say_so():
    await platform.change({"shop.refund_shipping": False}, (await a_user()).id)
    placed = await a_delivered_order((await a_product(), 1))
    one = await a_return(placed)
    await come_back(one, restock=False)
    assert await refunded(one) == 2_200 and (await read(placed)).refundable_minor == 500


async def test_what_is_broken_is_not_on_the_shelf_again():
    kettle = await a_product(quantity=3)
    placed = await a_delivered_order((kettle, 2))
    await come_back(await a_return(placed, 2), restock=False)
    assert await stock_of(await the_variant(kettle)) == (1, 0)


async def test_no_more_is_sent_back_than_was_bought_but_what_came_to_nothing_may_be_again():
    placed = await a_delivered_order((await a_product(), 3))
    first = await a_return(placed, 2)
    with pytest.raises(ReturnExceedsBought) as refused:
        await a_return(placed, 2)
    assert refused.value.details["returnable"] == 1
    await returns.cancel(first, (await read(placed)).buyer)
    second = await a_return(placed, 3)
    await returns.reject(second, (await read(placed)).seller, "It was worn.")
    await a_return(placed, 3)


async def test_only_what_was_delivered_and_not_too_long_ago():
    buyer, address = await a_shopper((await a_product(), 1))
    waiting = await order(buyer, address)
    await pay((await read(waiting)).checkout)
    with pytest.raises(NotReturnable):
        await a_return(waiting)
    late = await a_delivered_order((await a_product(), 1))
    await set_times(late, delivered_at=timedelta(days=15))
    with pytest.raises(ReturnTooLate):
        await a_return(late)


async def test_a_seller_who_is_silent_agrees():
    one = await a_return(await a_delivered_order((await a_product(), 1)))
    await returns.approve_by_silence(one)
    assert (await the_return(one))["status"] == "requested"
    await db.execute("UPDATE order_returns SET answer_by = $2 WHERE id = $1", one, clock.now() - timedelta(seconds=1))
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", str(one))
    await work_off()
    assert (await the_return(one))["status"] == "approved"
    with pytest.raises(IllegalTransition):
        await returns.reject(one, (await the_return(one))["seller"], "Too late.")


async def test_nothing_is_paid_back_twice():
    placed = await a_delivered_order((await a_product(), 1))
    one, seller = await a_return(placed), (await read(placed)).seller
    await refunding.refund(placed, Money(1_000, "USD"), seller, "A scratch")
    await come_back(one)
    assert await refunded(one) == 1_700
    with pytest.raises(IllegalTransition):
        await returns.receive(one, seller, restock=True)
    with pytest.raises(IllegalTransition):
        await returns.cancel(one, (await read(placed)).buyer)


async def test_each_side_does_its_part_only():
    placed = await a_delivered_order((await a_product(), 1))
    one, sides = await a_return(placed), await read(placed)
    with pytest.raises(OnlyTheSeller):
        await returns.approve(one, sides.buyer)
    with pytest.raises(ReturnNotFound):
        await returns.approve(one, (await a_user()).id)
    with pytest.raises(IllegalTransition):
        await returns.receive(one, sides.seller, restock=True)


async def test_over_http(client):
    placed = await a_delivered_order((await a_product(), 2))
    sides, [line] = await read(placed), await lines_of(placed)
    as_buyer, as_seller = await bearer(sides.buyer), await bearer(sides.seller)
    body = {"lines": [{"line_id": str(line), "quantity": 2}], "reason": "Too small."}
    made = await client.post(f"/api/v1/orders/{placed}/returns", json=body, headers=as_buyer)
    assert made.status_code == 201, made.text
    one = made.json()["data"]
    assert (one["status"], one["role"], one["amount"], one["lines"][0]["quantity"]) == (
        "requested",
        "buyer",
        "44.00",
        2,
    )
    again = await client.post(f"/api/v1/orders/{placed}/returns", json=body, headers=as_buyer)
    assert again.status_code == 409 and again.json()["code"] == "return_exceeds_bought"
    twice = body | {"lines": body["lines"] * 2}
    wrong = await client.post(f"/api/v1/orders/{placed}/returns", json=twice, headers=as_buyer)
    assert wrong.status_code in (400, 422) and "lines" in wrong.text
    for path in (f"/orders/{placed}/returns", "/returns?role=seller&status=requested"):
        listed = (await client.get("/api/v1" + path, headers=as_seller)).json()["data"]
        assert [each["id"] for each in listed["results"]] == [one["id"]]
    path = f"/api/v1/returns/{one['id']}"
    assert (await client.post(f"{path}/approve", json={"note": "Ring twice"}, headers=as_seller)).status_code == 200
    done = await client.post(f"{path}/receive", json={"restock": True}, headers=as_seller)
    assert done.status_code == 200, done.text
    shown = (await client.get(path, headers=as_buyer)).json()["data"]
    assert (shown["status"], shown["refunded_amount"], shown["shipping_amount"]) == ("refunded", "49.00", "5.00")
    assert [(step["status"], step["by"]) for step in shown["status_history"]] == [
        ("requested", "buyer"), ("approved", "seller"), ("received", "seller"), ("refunded", "seller"),
    ]  # fmt: skip


async def test_50_ask_at_once_to_send_7_back():
    placed = await a_delivered_order((await a_product(quantity=10), 7))
    hands = await run_together(
        "tests.races.return_deeds:request", *({"order": str(placed), "times": 25} for _ in range(2))
    )
    said = [one for hand in hands for one in hand]
    assert sorted(set(said)) == ["ok", "return_exceeds_bought"] and said.count("ok") == 7


async def test_a_return_that_is_received_and_cancelled_at_once_goes_one_way():
    kettle = await a_product(quantity=10)
    placed = await a_delivered_order((kettle, 1))
    one, seller = await a_return(placed), (await read(placed)).seller
    await returns.approve(one, seller)
    hands = await run_together("tests.races.return_deeds:end", *({"return": str(one), "times": 10} for _ in range(2)))
    said = [one for hand in hands for one in hand]
    assert sorted(set(said)) == ["illegal_transition", "ok"] and said.count("ok") == 1
    back = (await the_return(one))["status"] == "refunded"
    assert await stock_of(await the_variant(kettle)) == ((10, 0) if back else (9, 0))
