"""Each rule is shown a breach: one that never finds anything proves nothing."""

import asyncpg
import pytest

from marketplace.core import db
from marketplace.orders.invariants import BROKEN, violations
from marketplace.orders.service import completing
from tests.factories.orders import an_order, an_order_in_parts, hold_invariants

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = {
    "an order's escrow is what was paid, less what was released and given back": "UPDATE orders SET released_minor = 1",
    "orders hold what they should": "UPDATE orders SET phase = 'cancelled', status = 'cancelled'",
    "refunds of an order are never more than it counts, nor that more than was paid": (
        "INSERT INTO refunds (id, payment, order_id, amount_minor, currency) "
        "SELECT gen_random_uuid(), p.id, o.id, 1, 'USD' FROM payments p JOIN orders o ON o.checkout = p.subject"
    ),
    "the parts of an order sum to it, and each counts what was refunded of it": (
        "UPDATE order_parts SET refunded_minor = 1 WHERE position = 2"
    ),
    "the parts of an order are due and paid one after the other": (
        "UPDATE order_parts SET paid_at = NULL WHERE position = 1"
    ),
    "no more is refunded with a payment than is counted of its part": (
        "INSERT INTO refunds (id, payment, order_id, amount_minor, currency) "
        "SELECT gen_random_uuid(), p.id, x.\"order\", 1, 'USD' FROM payments p JOIN order_parts x ON x.checkout = p.subject"
    ),
    "what was paid for a checkout is what its payment brought": "UPDATE payments SET surplus = true",
    "what was released is in the ledger": "UPDATE orders SET released_minor = 1",
    "no order takes from what another has pending": (
        "UPDATE ledger_entries e SET amount_minor = -e.amount_minor, previous_minor = e.current_minor, "
        "current_minor = e.previous_minor FROM ledger_accounts a WHERE a.id = e.account AND a.kind = 'seller_pending'"
    ),
    "the lines of an order sum to it": "UPDATE order_lines SET tax_minor = 1",
    "the commission is what was agreed": "UPDATE order_lines SET commission_minor = commission_minor + 1",
    "an order number is one": "UPDATE orders SET number = 'ORD-2026-1'",
    "the orders of a checkout are its buyer's, in its currency": "UPDATE orders SET currency = 'EUR'",
    "an unpaid order has a time to expire, a frozen one somebody who froze it": "UPDATE orders SET frozen_by = 'nobody'",
    "every history path is legal": "UPDATE order_history SET to_status = 'returned' WHERE to_status = 'processing'",
    "the phase of an order is that of its status": "UPDATE orders SET status = 'shipped'",
}
IN_PARTS = {rule for rule in BREACHES if " part" in rule}
RELEASED = {"no order takes from what another has pending", "the phase of an order is that of its status"}


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    order_id = await (an_order_in_parts(3_000, 3_000, 4_000, paid=2) if rule in IN_PARTS else an_order(paid=True))
    if rule in RELEASED:
        await completing.complete(order_id, None, "received")
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in ("orders", "order_parts", "order_lines", "order_history", "ledger_entries", "payments"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) <= set(BREACHES)


async def test_an_order_in_parts_holds_what_was_paid_of_it():
    await an_order_in_parts(3_000, 7_000, paid=1)
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            await db.execute("UPDATE orders SET captured_minor = captured_minor + 1")
            found = [breach async for breach in violations()]
            assert any(breach.startswith("orders hold what they should: ") for breach in found), found
            raise _Undo


async def test_only_what_is_in_parts_may_be_paid_in_part():
    await an_order(paid=True)
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute("UPDATE orders SET captured_minor = captured_minor - 1")


@pytest.mark.parametrize("change", ["amount_minor = 1", "paid_at = NULL", "position = 9"])
async def test_a_part_that_was_paid_stays_as_it_was_paid(change):
    await an_order_in_parts(3_000, 7_000, paid=1)
    with pytest.raises(asyncpg.PostgresError, match="order_parts"):
        await db.execute(f"UPDATE order_parts SET {change} WHERE paid_at IS NOT NULL")
    with pytest.raises(asyncpg.PostgresError, match="order_parts"):
        await db.execute("DELETE FROM order_parts WHERE paid_at IS NOT NULL")


class _Undo(Exception):
    pass
