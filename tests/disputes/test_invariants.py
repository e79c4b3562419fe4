"""Each rule is shown a breach: one that never finds anything proves nothing."""

import pytest

from marketplace.core import db, platform
from marketplace.disputes.invariants import BROKEN, violations
from marketplace.disputes.service import deciding
from tests.factories import a_user
from tests.factories.disputes import a_dispute, sides, time_passes
from tests.factories.orders import hold_invariants

pytestmark = pytest.mark.usefixtures("tables")

OPEN = {
    "the money of an order in dispute is frozen": "UPDATE orders SET frozen_by = 'staff'",
    "an order is frozen for a dispute that is there": "UPDATE disputes SET status = 'withdrawn', turn = '', closed_at = now()",
    "a dispute that waits for somebody has a time": "UPDATE disputes SET due_at = NULL",
    "every history path of a dispute is legal": "UPDATE dispute_history SET to_status = 'decided'",
}
DECIDED = {
    "a resolved dispute ended as it was decided, or its money had gone": "UPDATE orders SET released_minor = 1",
    "a dispute is decided on all that was held, and for good once": "UPDATE dispute_decisions SET buyer_minor = 9999999",
    "who decides an appeal has not decided before": "UPDATE dispute_decisions SET actor = (SELECT min(actor::text)::uuid "
    "FROM dispute_decisions)",
    "no side of a dispute decides it": "UPDATE dispute_decisions SET actor = (SELECT buyer FROM orders)",
    "the evidence is what was decided on": "UPDATE dispute_decisions SET pack = pack || '{\"order\": {}}'",
}


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


@pytest.mark.parametrize("rule", OPEN | DECIDED)
async def test_a_breach_is_found(rule):
    dispute_id = await a_dispute()
    if rule in DECIDED:
        await deciding.resolve(dispute_id, (await a_user()).id, "30", "70", "A third was missing")
        await deciding.appeal(dispute_id, (await sides(dispute_id))[0], "All of it was missing")
        await deciding.resolve(dispute_id, (await a_user()).id, "40", "60", "Some was missing")
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            for table in ("orders", "disputes", "dispute_history", "dispute_decisions"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            await db.execute((OPEN | DECIDED)[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) <= set(OPEN | DECIDED)


async def test_what_was_said_and_decided_stays():
    dispute_id = await a_dispute()
    await deciding.resolve(dispute_id, (await a_user()).id, "30", "70", "A third was missing")
    await time_passes(dispute_id)
    for table in ("dispute_history", "dispute_decisions"):
        for deed in (f"DELETE FROM {table}", f"UPDATE {table} SET at = now()"):
            with pytest.raises(Exception, match="append-only"):
                await db.execute(deed)


class _Undo(Exception):
    pass
