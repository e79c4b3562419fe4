"""Milestones that several processes approve, freeze and cancel at once: one outcome, and each cent where it should be."""

import pytest

from marketplace.core import db
from tests.factories.engagements import parties
from tests.factories.ledger import hold_invariants
from tests.factories.milestones import in_milestones, statuses, submit
from tests.factories.orders import read
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")
DEEDS = "tests.races.milestone_deeds"


async def test_one_milestone_approved_frozen_and_cancelled_at_once():
    orders = []
    for n in range(12):
        order_id = await in_milestones(2_000, 3_000, 5_000, whole=n % 2 == 0)
        milestone = await submit(order_id, 1)
        await db.execute("UPDATE milestones SET approve_by = now() WHERE id = $1", milestone)
        orders.append((str(order_id), str(milestone), str((await parties(order_id))[0])))
    jobs = [{"orders": orders, "deed": deed, "times": 3} for deed in ("approve", "freeze", "cancel", "silence")]
    results = await run_together(f"{DEEDS}:end", *jobs)
    for i, (order_id, _, _) in enumerate(orders):
        approved, froze, cancelled, _ = [hand[i].count("done") for hand in results]
        order, is_approved = await read(order_id), (await statuses(order_id))[0] == "approved"
        assert max(approved, froze, cancelled) <= 1, [hand[i] for hand in results]
        assert approved <= is_approved
        assert order.released_minor == (2_000 if is_approved else 0)
        assert (order.phase == "cancelled") == bool(cancelled) and order.frozen == bool(froze)
        assert not (froze and cancelled)
        left = order.captured_minor - order.released_minor
        assert (order.refunded_minor, order.held_minor) == ((left, 0) if cancelled else (0, left))
    await hold_invariants()
