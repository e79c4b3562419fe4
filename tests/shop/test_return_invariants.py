"""Each rule of returns, and of what is called off, is shown a breach."""

import pytest

from marketplace.core import db
from marketplace.orders.service import completing
from marketplace.shop.return_invariants import BROKEN, violations
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import calling_off
from tests.factories.orders import hold_invariants, read
from tests.factories.returns import a_return, come_back, lines_of
from tests.factories.shipments import a_paid_order, send
from tests.factories.shop import a_product

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = {
    "no more is sent back than was delivered": "UPDATE shipments SET delivered_at = NULL, confirmed_at = NULL",
    "what was sent back or called off of a line is worth its share of it": (
        "UPDATE order_return_lines SET amount_minor = amount_minor + 1"
    ),
    "a return is worth its lines and the shipping": "UPDATE order_returns SET amount_minor = amount_minor + 1",
    "lines of a return are lines of its order": "UPDATE order_return_lines SET variant = gen_random_uuid()",
    "the shipping of an order is given back once": (
        "UPDATE order_returns SET amount_minor = amount_minor + 5, shipping_minor = 5"
    ),
    "what a return paid back is a refund of its order": "UPDATE order_returns SET refunded_minor = refunded_minor - 1",
    "what was called off by line is not sent": "UPDATE order_line_progress SET cancelled = 0",
    "what was called off and paid back is a refund of its order": (
        "UPDATE order_line_cancellations SET refunded_minor = refunded_minor - 1"
    ),
    "what comes back of an order is on the shelf once": (
        'INSERT INTO stock_movements (variant, kind, on_hand_change, on_hand_after, allocated_after, "order", reason, at) '
        'SELECT variant, kind, on_hand_change, on_hand_after, allocated_after, "order", reason, now() '
        "FROM stock_movements WHERE kind = 'returned' LIMIT 1"
    ),
    "an order waits for the returns that are open": "UPDATE orders SET open_returns = 1, paused_at = now()",
    "a return stands where its history ends": "DELETE FROM order_return_history WHERE to_status = 'refunded'",
}
TABLES = (
    "orders",
    "order_returns",
    "order_return_lines",
    "order_return_history",
    "stock_movements",
    "shipments",
    "order_line_cancellations",
)


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(rule):
    placed = await a_paid_order((await a_product(), 4))
    sides, [line] = await read(placed), await lines_of(placed)
    await calling_off.call_off(placed, sides.seller, [WantedLine(line_id=line)], "Out of it.")
    await send(placed)
    await completing.complete_bought(placed, sides.buyer)
    for _ in range(2):
        await come_back(await a_return(placed))
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in TABLES:
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) == set(BREACHES)


class _Undo(Exception):
    pass
