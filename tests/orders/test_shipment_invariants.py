"""Each rule of shipments is shown a breach."""

import pytest

from marketplace.core import db
from marketplace.orders.service import completing
from marketplace.orders.shipment_invariants import BROKEN, violations
from tests.factories.orders import hold_invariants, read
from tests.factories.shipments import a_paid_order, send
from tests.factories.shop import a_product

pytestmark = pytest.mark.usefixtures("tables")

OTHER_LINES = 'UPDATE shipment_lines i SET line = l.id FROM order_lines l, shipments s WHERE s.id = i.shipment AND l."order" <> s."order"'
BREACHES = {
    "no more is sent than was ordered and not called off": "UPDATE order_line_progress SET sent = sent + 9",
    "what counts as sent is in a shipment": "DELETE FROM shipment_lines",
    "lines of a shipment are lines of its order": OTHER_LINES,
    "an order counts its shipments": "UPDATE orders SET sent_parts = sent_parts + 1",
    "nothing is both cancelled and sent": "UPDATE orders SET phase = 'cancelled', status = 'cancelled'",
    "of a shipped order nothing is left to send": "UPDATE order_lines SET quantity = quantity + 1",
    "of an order that was received every part was delivered": "UPDATE shipments SET delivered_at = NULL, confirmed_at = NULL",
}


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    placed = await a_paid_order((await a_product(), 2))
    await a_paid_order((await a_product(), 1))
    await send(placed, 1)
    await send(placed)
    await completing.complete_bought(placed, (await read(placed)).buyer)
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in ("orders", "order_lines", "shipments", "shipment_lines"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute("ALTER TABLE order_line_progress DROP CONSTRAINT order_line_progress_within")
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) == set(BREACHES)


class _Undo(Exception):
    pass
