"""Numbers without gaps, whoever asks at once: several processes invoicing for one seller."""

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.invoice_deeds"


async def numbers() -> list[int]:
    return [row["seq"] for row in await db.fetch("SELECT seq FROM invoices ORDER BY seq")]


async def parties() -> dict[str, str]:
    return {"seller": str((await a_user()).id), "buyer": str((await a_user()).id)}


async def test_200_invoices_of_one_seller_at_once():
    orders = [str(uuid7()) for _ in range(200)]
    who = await parties()
    jobs = [who | {"orders": orders[p::4], "given_up": []} for p in range(4)]
    issued = [one for hand in await run_together(f"{DEEDS}:invoice", *jobs) for one in hand]
    assert len(set(issued)) == 200 and await numbers() == list(range(1, 201))
    await hold_invariants()


async def test_what_is_rolled_back_among_them_leaves_no_gap():
    orders = [str(uuid7()) for _ in range(120)]
    who = await parties()
    jobs = [who | {"orders": orders[p::4], "given_up": orders[::3]} for p in range(4)]
    issued = [one for hand in await run_together(f"{DEEDS}:invoice", *jobs) for one in hand]
    assert issued.count("") == 40 and await numbers() == list(range(1, 81))
    await hold_invariants()


async def test_one_order_is_invoiced_once_wherever_it_is_asked_for():
    orders = [str(uuid7()) for _ in range(10)]
    job = (await parties()) | {"orders": orders, "given_up": []}
    results = await run_together(f"{DEEDS}:invoice", job, job, job)
    assert results[0] == results[1] == results[2] and await numbers() == list(range(1, 11))
    await hold_invariants()
