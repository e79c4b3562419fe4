"""Subscriptions at the same moment in several processes: one lives, a period is paid once, one outcome."""

import pytest

from marketplace.core import db
from marketplace.ledger.states import AccountKind
from tests.factories import a_user
from tests.factories.ledger import hold_invariants
from tests.factories.orders import minor_in
from tests.factories.payments import fill_wallet, work_off
from tests.factories.subscriptions import a_subscriber, charges_of, move_to_the_end, state_of, status_of
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.subscription_deeds"


async def test_one_person_subscribes_once():
    user = (await a_user()).id
    await fill_wallet(user, 10_000)
    job = {"user": str(user), "times": 8}
    said = [one for hand in await run_together(f"{DEEDS}:begin", job, job, job) for one in hand]
    await work_off()
    paid = [charge for charge in await charges_of(user) if charge[1] == "paid"]
    assert len(said) == 24 and paid == [("start", "paid", 499)]
    assert await minor_in(AccountKind.WALLET_AVAILABLE, user) == 9_501
    assert await status_of(user) == "active"
    await hold_invariants()


async def test_a_period_is_renewed_and_paid_once():
    users = [await a_subscriber() for _ in range(4)]
    for user in users:
        await fill_wallet(user, 5_000)
    await db.execute("UPDATE subscriptions SET provider = 'wallet', method = ''")
    subscriptions = [str((await move_to_the_end(user)).id) for user in users]
    job = {"subscriptions": subscriptions, "times": 5, "charges": []}
    await run_together(f"{DEEDS}:renew", job, job, job)
    charges = [str(row["id"]) for row in await db.fetch("SELECT id FROM subscription_charges WHERE kind = 'renewal'")]
    assert len(charges) == 4
    await run_together(f"{DEEDS}:renew", *[job | {"charges": charges}] * 3)
    await work_off()
    for user in users:
        assert [charge[:2] for charge in await charges_of(user)] == [("start", "paid"), ("renewal", "paid")]
        assert await minor_in(AccountKind.WALLET_AVAILABLE, user) == 3_501
    await hold_invariants()


@pytest.mark.parametrize("turn", range(3))
async def test_upgrading_cancelling_and_renewing_come_to_one_outcome(turn):
    user = await a_subscriber("basic")
    await fill_wallet(user, 10_000)
    await db.execute("UPDATE subscriptions SET provider = 'wallet', method = ''")
    over = await move_to_the_end(user)
    deeds = [["upgrade", "renew"] * 3, ["renew", "cancel", "renew"], ["renew", "upgrade"] * 3]
    who = {"user": str(user), "subscription": str(over.id), "ended": over.current_period_end}
    said = await run_together(f"{DEEDS}:quarrel", *[who | {"deeds": deeds[(n + turn) % 3]} for n in range(3)])
    await work_off()
    state = await state_of(user)
    assert "done" in [one for hand in said for one in hand] and state.status == "cancelled"
    spent = 10_000 - await minor_in(AccountKind.WALLET_AVAILABLE, user)
    assert spent == sum(minor for kind, status, minor in await charges_of(user) if status == "paid" and kind != "start")
    await hold_invariants()
