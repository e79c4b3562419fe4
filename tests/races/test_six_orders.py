"""Cancel against ship against payment, in all six orders: one after the other, and by three processes at once.

Whatever came first, an order is cancelled or sent and never both, its stock is on the shelf or gone, and what was paid for an
order that is not sent is given back exactly once.
"""

from itertools import permutations
from uuid import UUID

import pytest

from marketplace.core import db
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.service import paying
from tests.factories.checkouts import order, shoppers
from tests.factories.orders import hold_invariants, read
from tests.factories.payments import look_again, standing, work_off
from tests.factories.shop import a_product, stock_of, the_variant
from tests.payments.sandbox.paying import later
from tests.races.crew import run_together
from tests.races.six_deeds import do

pytestmark = pytest.mark.usefixtures("tables")

SIX = list(permutations(("cancel", "ship", "pay")))
SEVERAL = 5
PAID_FOR = 2_700  # a kettle with tax and shipping
AFTER = {
    ("cancel", "ship", "pay"): ("ok", "illegal_transition", "ok"),
    ("cancel", "pay", "ship"): ("ok", "ok", "illegal_transition"),
    ("ship", "cancel", "pay"): ("illegal_transition", "ok", "ok"),
    ("ship", "pay", "cancel"): ("illegal_transition", "ok", "ok"),
    ("pay", "ship", "cancel"): ("ok", "ok", "illegal_transition"),
    ("pay", "cancel", "ship"): ("ok", "ok", "illegal_transition"),
}  # fmt: skip
"""What each of them is answered when they come one after the other."""


async def some_orders(many: int, kettle: UUID) -> list[dict[str, str]]:
    """Placed, with the payer's money on its way: their provider has it, and we have not heard of it."""
    made = []
    variant = await the_variant(kettle)
    for buyer, address in await shoppers(many, variant):
        order_id = await order(buyer, address)
        placed = await read(order_id)
        payment = await paying.start(buyer, PURPOSE, placed.checkout, "sandbox", method="pm_card_slow")
        made.append(
            {"order": str(order_id), "buyer": str(buyer), "seller": str(placed.seller), "payment": str(payment)}
        )  # fmt: skip
    await later()
    return made


async def is_settled(one: dict[str, str]) -> str:
    """What became of an order: everything about it says the same."""
    placed, payment = await read(UUID(one["order"])), UUID(one["payment"])
    back = await db.fetch("SELECT amount_minor, status FROM refunds WHERE payment = $1", payment)
    sent = await db.fetch_val('SELECT count(*) FROM shipments WHERE "order" = $1', placed.id)
    status, surplus = await standing(payment)
    assert status == "succeeded"
    if placed.status == "cancelled":
        assert sent == 0
        assert [(row["amount_minor"], row["status"]) for row in back] == [(PAID_FOR, "succeeded")], back
        assert placed.captured_minor == (0 if surplus else PAID_FOR) == placed.refunded_minor
    else:
        assert placed.status == "shipped" and sent == 1
        assert back == [] and not surplus and placed.held_minor == PAID_FOR
    return placed.status


async def test_in_all_six_orders_one_after_the_other():
    kettle = await a_product(quantity=100)
    orders = await some_orders(6, kettle)
    for deeds, one in zip(SIX, orders, strict=True):
        assert tuple([await do(deed, one) for deed in deeds]) == AFTER[deeds], deeds
    await work_off()
    await look_again()
    ends = [await is_settled(one) for one in orders]
    assert dict(zip(SIX, ends, strict=True)) == {
        deeds: "shipped" if deeds == ("pay", "ship", "cancel") else "cancelled" for deeds in SIX
    }
    assert await stock_of(await the_variant(kettle)) == (99, 0)
    await hold_invariants()


async def test_in_all_six_orders_by_three_processes_at_once():
    """Each process has another part of each order: with six times as many, every part meets every other in every way."""
    kettle = await a_product(quantity=100)
    orders = await some_orders(6 * SEVERAL, kettle)
    shared = [(deeds, one) for one, deeds in zip(orders, SIX * SEVERAL, strict=True)]
    jobs = [{"deeds": [(deeds[process], one) for deeds, one in shared]} for process in range(3)]
    hands = await run_together("tests.races.six_deeds:each", *jobs)
    assert {said for hand in hands for said in hand} <= {"ok", "illegal_transition"}
    await work_off()
    await look_again()
    ends = [await is_settled(one) for one in orders]
    sent = ends.count("shipped")
    assert sent + ends.count("cancelled") == len(orders)
    for i, (deeds, _) in enumerate(shared):
        said = {deed: hands[process][i] for process, deed in enumerate(deeds)}
        assert said["pay"] == "ok" and (said["ship"], said["cancel"]).count("ok") == 1, said
    assert await stock_of(await the_variant(kettle)) == (100 - sent, 0)
    await hold_invariants()
