"""GOALS, races of disputes: several processes on the same disputes; each has one outcome, and the invariants hold."""

import pytest

from marketplace.core import db, platform
from marketplace.disputes.service import proposing
from tests.factories import a_user
from tests.factories.disputes import a_dispute, look, sides
from tests.factories.orders import an_order, hold_invariants, read
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.dispute_deeds"
MANY = 12


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


async def test_50_receipts_against_50_disputes_have_one_outcome():
    order_id = await an_order(10_000, paid="wallet")
    job = {"order": str(order_id), "buyer": str((await read(order_id)).buyer), "times": 25}
    said = await run_together(f"{DEEDS}:judge", *(job | {"received": i % 2 == 0} for i in range(4)))
    assert [one for hand in said for one in hand].count("done") == 1
    order, disputes = await read(order_id), await db.fetch_val("SELECT count(*) FROM disputes")
    assert (order.phase == "completed", order.frozen, disputes) in ((True, False, 0), (False, True, 1))
    await hold_invariants()


@pytest.mark.parametrize("appeal_days", [0, 3])
async def test_staff_sides_and_the_clock_settle_at_once(appeal_days):
    """Two of the staff with different splits, the seller who accepts a third, and the buyer's silence: one of them decides."""
    await platform.change({"disputes.appeal_days": appeal_days}, None)
    disputes = []
    for _ in range(MANY):
        dispute_id = await a_dispute()
        buyer, seller = await sides(dispute_id)
        proposal = await proposing.propose(dispute_id, buyer, "50", "")
        disputes.append((str(dispute_id), str(proposal), str(seller)))
    await db.execute("UPDATE disputes SET due_at = now() - interval '1 second'")
    staff = [str((await a_user()).id) for _ in range(2)]
    said = await run_together(
        f"{DEEDS}:settle",
        {"disputes": disputes, "deed": "resolve", "actor": staff[0], "buyer_amount": "10", "seller_amount": "90"},
        {"disputes": disputes[::-1], "deed": "resolve", "actor": staff[1], "buyer_amount": "90", "seller_amount": "10"},
        {"disputes": disputes, "deed": "accept"},
        {"disputes": disputes[::-1], "deed": "time"},
    )
    assert set(said[0] + said[1] + said[2]) <= {"done", "illegal_transition"}
    for dispute_id, _, _ in disputes:
        decisions = await db.fetch(
            "SELECT how, buyer_minor FROM dispute_decisions WHERE dispute::text = $1", dispute_id
        )
        assert len(decisions) == 1
        order = (await look(dispute_id)).order
        at_once = appeal_days == 0 or decisions[0]["how"] == "agreement"
        assert order.refunded_minor == (decisions[0]["buyer_minor"] if at_once else 0)
        assert order.held_minor == (0 if at_once else 10_000)
    await hold_invariants()
