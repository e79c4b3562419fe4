"""Several processes send the same last pieces: each piece travels once."""

from collections import Counter

import pytest

from marketplace.core import db
from tests.factories.orders import hold_invariants, read
from tests.factories.payments import work_off
from tests.factories.shipments import a_paid_order, progress
from tests.factories.shop import a_product, stock_of, the_variant
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")


async def test_the_last_piece_is_sent_by_one_of_two_processes():
    kettle = await a_product(quantity=100)
    orders = [await a_paid_order((kettle, n)) for n in (1, 1, 1, 3, 3)]
    jobs = [{"orders": [str(order) for order in orders], "times": 4} for _ in range(2)]
    hands = await run_together("tests.races.shipment_deeds:ship", *jobs)
    for i, (order, n) in enumerate(zip(orders, (1, 1, 1, 3, 3), strict=True)):
        said = Counter(one for hand in hands for one in hand[i])
        assert said["ok"] == n and set(said) <= {"ok", "illegal_transition", "ships_more_than_ordered"}
        assert await progress(order) == [(n, n, 0)]
        assert (await read(order)).status == "shipped" and (await read(order)).sent_parts == n
    await work_off()
    assert await stock_of(await the_variant(kettle)) == (91, 0)
    assert await db.fetch_val("SELECT sum(quantity) FROM shipment_lines") == 9
    await hold_invariants()
