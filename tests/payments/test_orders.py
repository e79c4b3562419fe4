"""What becomes of payments when their orders change."""

import pytest

from marketplace.core import db
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.errors import PaymentReturned
from marketplace.payments.service import paying
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.orders import a_checkout
from tests.factories.payments import standing, work_off

pytestmark = pytest.mark.usefixtures("tables")


async def an_open_payment(*minor):
    placed = await a_checkout((await a_user()).id, (await a_user()).id, minor=list(minor))
    buyer = await db.fetch_val("SELECT buyer FROM checkouts WHERE id = $1", placed.checkout_id)
    return placed, buyer, await paying.start(buyer, PURPOSE, placed.checkout_id, "sandbox")


@pytest.mark.parametrize("many", [1, 2])
async def test_an_open_payment_is_closed_when_an_order_of_its_checkout_is_cancelled(many):
    placed, buyer, payment_id = await an_open_payment(10_000, 5_000)
    for order in placed.orders[:many]:
        await cancelling.cancel(order.id, CancelledBy.STAFF, None, "Sold out.")
    await work_off()
    assert await standing(payment_id) == ("cancelled", False)
    if many == 1:
        again = await paying.start(buyer, PURPOSE, placed.checkout_id, "sandbox", method="pm_card_ok")
        assert await db.fetch_val("SELECT amount_minor FROM payments WHERE id = $1", again) == 5_000
        assert await standing(again) == ("succeeded", False)
    await hold_invariants()


async def test_who_pays_for_a_whole_of_which_a_part_was_cancelled_gets_it_back():
    placed, buyer, payment_id = await an_open_payment(10_000, 5_000)
    await cancelling.cancel(placed.orders[0].id, CancelledBy.STAFF, None, "Sold out.")
    with pytest.raises(PaymentReturned):
        await paying.confirm(payment_id, buyer, "pm_card_ok")
    await work_off()
    assert await db.fetch_val("SELECT status FROM refunds") == "succeeded"
    await hold_invariants()
