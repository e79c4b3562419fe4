"""Several processes that pay for the same thing, or give the same money back; afterwards the invariants hold."""

import pytest

from marketplace.core import db
from tests.factories.ledger import balance_of, hold_invariants, wallet_of
from tests.factories.payments import (
    a_paid_stall,
    a_payment,
    a_stall,
    clearing,
    fill_wallet,
    get_stall,
    kept_by,
    look_again,
    work_off,
)
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.payment_deeds"


@pytest.mark.parametrize("attempt", range(3))
async def test_whoever_pays_however_often_pays_once(attempt):
    stall = await a_stall(minor=1_000)
    await fill_wallet(stall.payer, 5_000)
    opened = str(await a_payment(stall, ""))
    ways = [opened, "wallet", "card", opened, "wallet", "card"]
    results = await run_together(
        f"{DEEDS}:pay", *({"stall": str(stall.id), "ways": ways[i:] + ways[:i]} for i in range(4))
    )
    await work_off()
    await look_again()
    said = {one for hand in results for one in hand}
    known = {
        "paid",
        "not_payable",
        "payment_in_progress",
        "payment_returned",
        "payment_not_completed",
        "provider_refused",
    }
    assert said <= known and "paid" in said
    assert not (await get_stall(stall.id)).open and await kept_by(stall) == 1_000
    from_wallet, by_card = 5_000 - await balance_of(wallet_of(stall.payer)), -await balance_of(clearing()) - 5_000
    assert sorted([from_wallet, by_card]) == [0, 1_000]
    captured = await db.fetch_val("SELECT count(*) FROM payments WHERE status = 'succeeded' AND NOT surplus")
    assert captured == 1
    await hold_invariants()


async def test_50_refunds_of_30_percent_are_three():
    stall, payment_id = await a_paid_stall(1_000)
    job = {"payment": str(payment_id), "minor": 300, "times": 13}
    results = [said for hand in await run_together(f"{DEEDS}:refund", job, job, job, job) for said in hand]
    assert results.count("refunded") == 3 and results.count("refund_exceeds_payment") == 49
    await work_off()
    assert (await kept_by(stall), await balance_of(clearing())) == (100, -100)
    await hold_invariants()
