"""GOALS, races of the ledger: several processes on the same accounts; afterwards the invariants hold."""

import pytest

from marketplace.core import db
from marketplace.ledger.service.posting import hold
from tests.factories.ledger import (
    FEE,
    a_transfer,
    a_wallet,
    available_in,
    balance_of,
    count_transfers,
    escrow_of,
    hold_ledger,
)
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.ledger_deeds"


@pytest.mark.parametrize("held", [False, True])
async def test_50_withdrawals_of_the_whole_balance(held):
    wallet = await a_wallet(10_000)
    jobs = [
        {"wallet": str(wallet.owner), "minor": 10_000, "held": held, "keys": [f"w{i}" for i in range(p, 50, 3)]}
        for p in range(3)
    ]
    results = [said for hand in await run_together(f"{DEEDS}:withdraw", *jobs) for said in hand]
    assert len(results) == 50 and results.count("insufficient_funds") == 49
    assert (await available_in(wallet), await count_transfers()) == (0, 2)
    await hold_ledger()


async def test_one_key_in_many_places_moves_money_once():
    wallet = await a_wallet(10_000)
    job = {"wallet": str(wallet.owner), "minor": 100, "keys": ["the same"] * 20}
    results = [said for hand in await run_together(f"{DEEDS}:withdraw", job, job, job) for said in hand]
    assert len(results) == 60 and len(set(results)) == 1
    assert (await balance_of(wallet), await count_transfers()) == (9_900, 2)
    await hold_ledger()


async def test_transfers_in_opposite_order_meet_no_deadlock():
    wallets = [await a_wallet(1_000) for _ in range(5)]
    owners = [str(wallet.owner) for wallet in wallets]
    orders = [owners, owners[::-1], owners[2:] + owners[:2]]
    jobs = [{"name": f"p{i}", "wallets": order, "times": 40} for i, order in enumerate(orders)]
    assert await run_together(f"{DEEDS}:swap", *jobs) == [160, 160, 160]
    assert sum([await balance_of(wallet) for wallet in wallets]) == 5_000
    await hold_ledger()


async def test_32_writers_on_the_fee_account():
    wallets = [await a_wallet(50) for _ in range(32)]
    owners = [str(wallet.owner) for wallet in wallets]
    jobs = [{"wallets": owners[i::4], "times": 20} for i in range(4)]
    assert sum(await run_together(f"{DEEDS}:pay_fees", *jobs)) == 640
    assert await balance_of(FEE) == 640
    assert await db.fetch_val("SELECT count(*) FROM ledger_accounts WHERE kind = 'platform_fee'") > 8
    await hold_ledger()


async def test_settling_against_voiding():
    wallet, escrow = await a_wallet(1_000), escrow_of()
    holds = [str((await hold(a_transfer((wallet, escrow, 10)))).id) for _ in range(50)]
    jobs = [{"name": f"p{i}", "holds": holds, "void": i % 2 == 1} for i in range(4)]
    results = await run_together(f"{DEEDS}:resolve", *jobs)
    outcomes = [[said[i] for said in results if said[i] != "transfer_not_pending"] for i in range(50)]
    assert all(len(outcome) == 1 for outcome in outcomes)
    settled = outcomes.count(["posted"])
    assert (await available_in(wallet), await balance_of(escrow)) == (1_000 - 10 * settled, 10 * settled)
    await hold_ledger()
