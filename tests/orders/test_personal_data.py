"""A copy of what one bought and sold, and what keeps an account from leaving."""

import pytest

from marketplace.accounts import privacy
from marketplace.orders.service import completing
from tests.factories import a_user, signed_in
from tests.factories.orders import an_order
from tests.factories.payments import work_off

pytestmark = pytest.mark.usefixtures("tables")


async def test_the_copy_has_both_sides_and_no_commission_for_the_buyer():
    buyer, seller = (await a_user()).id, (await a_user()).id
    order_id = await an_order(buyer=buyer, seller=seller, paid=True)
    for person, commission in ((buyer, None), (seller, 1_000)):
        [row] = await privacy.EXPORTERS["orders"](person)
        assert (row["id"], row["as_buyer"], row["commission_minor"]) == (str(order_id), person == buyer, commission)
        assert row["lines"] == [{"title": "A brass clock", "quantity": 1, "subtotal_minor": 10_000}]
    assert await privacy.EXPORTERS["orders"]((await a_user()).id) == []
    assert [row["note"] for row in await privacy.EXPORTERS["order_history"](buyer)] == [
        "Order created",
        "Payment confirmed. Order processing started.",
    ]
    assert len(await privacy.EXPORTERS["checkouts"](buyer)) == 1


async def test_open_orders_keep_both_sides():
    buyer, seller = (await a_user()).id, (await a_user()).id
    order_id = await an_order(buyer=buyer, seller=seller)
    for person in (buyer, seller):
        assert [one.kind for one in await privacy.BLOCKERS["orders"](person)] == ["unpaid_order"]
    order_id = await an_order(buyer=buyer, seller=seller, paid=True)
    await completing.complete(order_id, None, "received")
    kinds = {person: [one.kind for one in await privacy.BLOCKERS["orders"](person)] for person in (buyer, seller)}
    assert kinds == {buyer: ["unpaid_order"], seller: ["unpaid_order", "completed_order"]}


async def test_reputation_counts_what_was_completed(client):
    seller, headers = await signed_in()
    await completing.complete(await an_order(seller=seller.id, paid=True), None, "received")
    await work_off()
    shown = (await client.get(f"/api/v1/users/{seller.id}/reputation", headers=headers)).json()["data"]
    assert (shown["completed_orders"], shown["completion_rate"]) == (1, 1.0)
