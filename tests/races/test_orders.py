"""GOALS, races of orders: several processes on the same orders; afterwards the invariants hold."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.service import completing, releasing
from tests.factories import a_user
from tests.factories.orders import (
    a_checkout,
    an_order,
    an_order_in_parts,
    have_next_due,
    hold_invariants,
    minor_in,
    parts,
    read,
)
from tests.factories.payments import fill_wallet
from tests.factories.payouts import a_method
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.order_deeds"


@pytest.mark.parametrize("released", [False, True])
async def test_50_refunds_of_30_percent_are_three(released):
    buyer = (await a_user()).id
    order_id = await an_order(10_000, buyer=buyer, paid="wallet")
    if released:
        await completing.complete(order_id, None, "received")
    jobs = [{"order": str(order_id), "minor": 3_000, "times": times} for times in (17, 17, 16)]
    said = [one for hand in await run_together(f"{DEEDS}:refund", *jobs) for one in hand]
    assert (said.count("done"), said.count("refund_exceeds_payment")) == (3, 47)
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 9_000
    assert await db.fetch_val("SELECT count(*) FROM refunds") == 3
    await hold_invariants()


async def test_refunds_against_payouts_are_never_refused_but_owed():
    seller = (await a_user()).id
    orders = [await an_order(10_000, seller=seller, paid="wallet") for _ in range(3)]
    for order_id in orders:
        await completing.complete(order_id, None, "received")
        await releasing.clear(order_id, 10_000)
    assert await minor_in(K.SELLER_AVAILABLE, seller) == 27_000
    refunds = [{"order": str(order_id), "minor": 1_000, "times": 10} for order_id in orders]
    await a_method(seller)
    payouts = {"seller": str(seller), "minor": 300, "times": 60}
    *refunded, taken = await run_together(f"{DEEDS}:refund_or_take_out", *refunds, payouts)
    assert [said.count("done") for said in refunded] == [10, 10, 10]
    assert set(taken) <= {"done", "insufficient_funds", "nothing_to_pay_out"}
    out = 300 * taken.count("done")
    balances = [await minor_in(kind, seller) for kind in (K.SELLER_PENDING, K.SELLER_AVAILABLE, K.SELLER_NEGATIVE)]
    assert balances[0] == 0 and sum(balances) == -out, "what was paid out is owed, and nothing else"
    await hold_invariants()


async def test_50_receipts_against_50_disputes_have_one_outcome():
    orders = [str(await an_order(10_000, paid="wallet")) for _ in range(6)]
    jobs = [{"orders": orders, "times": 25, "received": i % 2 == 0} for i in range(4)]
    results = await run_together(f"{DEEDS}:judge", *jobs)
    for i, order_id in enumerate(orders):
        said = [one for hand in results for one in hand[i]]
        assert (len(said), said.count("done")) == (100, 1), said
        order = await read(order_id)
        assert (order.phase == "completed") != order.frozen
        assert order.held_minor == (10_000 if order.frozen else 0)
    await hold_invariants()


async def some_unpaid(many: int) -> list[tuple[str, str, str]]:
    """(checkout, order, buyer), each buyer with just enough in their wallet."""
    made = []
    for _ in range(many):
        buyer = (await a_user()).id
        placed = await a_checkout((await a_user()).id, buyer=buyer)
        await fill_wallet(buyer, 10_000)
        made.append((str(placed.checkout_id), str(placed.orders[0].id), str(buyer)))
    return made


async def test_cancelling_against_paying():
    orders = await some_unpaid(20)
    jobs = [{"orders": orders, "deed": deed} for deed in ("pay", "cancel", "pay", "cancel")]
    results = await run_together(f"{DEEDS}:end", *jobs)
    for i, (_, order_id, buyer) in enumerate(orders):
        said = [hand[i] for hand in results]
        order = await read(order_id)
        assert order.phase == "cancelled" and [said[1], said[3]].count("done") == 1, said
        assert await minor_in(K.WALLET_AVAILABLE, buyer) == 10_000
    await hold_invariants()


async def test_expiry_against_paying():
    orders = await some_unpaid(20)
    for _, order_id, _ in orders:
        await db.execute(
            "UPDATE orders SET expires_at = $2 WHERE id = $1", order_id, clock.now() - timedelta(seconds=1)
        )
    jobs = [{"orders": orders, "deed": deed} for deed in ("pay", "expire", "pay", "expire")]
    results = await run_together(f"{DEEDS}:end", *jobs)
    for i, (_, order_id, buyer) in enumerate(orders):
        paid = [results[hand][i] for hand in (0, 2)].count("done")
        phase = (await read(order_id)).phase
        assert (paid, phase) in ((1, "open"), (0, "cancelled"))
        assert await minor_in(K.WALLET_AVAILABLE, buyer) == (0 if paid else 10_000)
    await hold_invariants()


async def some_with_a_part_due(many: int) -> list[tuple[str, str, str]]:
    """(checkout of the part, order, buyer), with enough in the wallet to pay it twice."""
    made = []
    for _ in range(many):
        buyer = (await a_user()).id
        order_id = await an_order_in_parts(2_000, 8_000, buyer=buyer, paid=1, provider="wallet")
        part = await have_next_due(order_id)
        assert part is not None
        await fill_wallet(buyer, 16_000)
        made.append((str(part.checkout), str(order_id), str(buyer)))
    return made


async def test_one_part_paid_twice_is_paid_once_and_all_of_it_goes_back():
    orders = await some_with_a_part_due(12)
    jobs = [{"orders": orders, "deed": deed} for deed in ("pay", "pay", "cancel", "pay")]
    results = await run_together(f"{DEEDS}:end", *jobs)
    for i, (_, order_id, buyer) in enumerate(orders):
        said = [hand[i] for hand in results]
        paid = [said[n] for n in (0, 1, 3)].count("done")
        order = await read(order_id)
        assert said[2] == "done" and order.phase == "cancelled" and paid <= 1, said
        assert (order.captured_minor, order.refunded_minor) == ((10_000, 10_000) if paid else (2_000, 2_000))
        assert await minor_in(K.WALLET_AVAILABLE, buyer) == 18_000
    await hold_invariants()


async def test_one_part_paid_twice_against_a_freeze():
    orders = await some_with_a_part_due(12)
    jobs = [{"orders": orders, "deed": deed} for deed in ("pay", "freeze", "pay", "freeze")]
    results = await run_together(f"{DEEDS}:end", *jobs)
    for i, (_, order_id, buyer) in enumerate(orders):
        said = [hand[i] for hand in results]
        paid = [said[0], said[2]].count("done")
        order = await read(order_id)
        assert [said[1], said[3]].count("done") == 1 and order.frozen and paid <= 1, said
        assert order.held_minor == (10_000 if paid else 2_000)
        assert await minor_in(K.WALLET_AVAILABLE, buyer) == (8_000 if paid else 16_000)
    await hold_invariants()


async def test_refunds_over_several_payments_never_pass_what_was_paid():
    buyer = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, buyer=buyer, paid=3, provider="wallet")
    jobs = [{"order": str(order_id), "minor": 3_000, "times": times} for times in (7, 7, 6)]
    said = [one for hand in await run_together(f"{DEEDS}:refund", *jobs) for one in hand]
    assert (said.count("done"), said.count("refund_exceeds_payment")) == (3, 17)
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 9_000
    assert [part.refunded_minor for part in await parts(order_id)] == [1_000, 3_000, 5_000]
    await hold_invariants()
