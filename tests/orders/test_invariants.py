"""Each rule is shown a breach: one that never finds anything proves nothing."""

import pytest

from marketplace.core import db
from marketplace.orders.invariants import BROKEN, violations
from marketplace.orders.service import completing
from tests.factories.orders import an_order, hold_invariants

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = {
    "an order's escrow is what was paid, less what was released and given back": "UPDATE orders SET released_minor = 1",
    "orders hold what they should": "UPDATE orders SET phase = 'cancelled', status = 'cancelled'",
    "refunds of an order are never more than it counts, nor that more than was paid": (
        "INSERT INTO refunds (id, payment, order_id, amount_minor, currency) "
        "SELECT gen_random_uuid(), p.id, o.id, 1, 'USD' FROM payments p JOIN orders o ON o.checkout = p.subject"
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
RELEASED = {"no order takes from what another has pending", "the phase of an order is that of its status"}


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    order_id = await an_order(paid=True)
    if rule in RELEASED:
        await completing.complete(order_id, None, "received")
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in ("orders", "order_lines", "order_history", "ledger_entries", "payments"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) <= set(BREACHES)


class _Undo(Exception):
    pass
