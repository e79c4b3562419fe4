"""Several processes, and processes that die: the sandbox does each thing once and forgets nothing."""

import asyncio

import asyncpg
import pytest

from marketplace.core import db, outbox
from marketplace.core.config import settings
from marketplace.core.ids import uuid7
from marketplace.payments.providers.base import State, Subject
from tests.eventually import eventually
from tests.payments.sandbox.paying import SANDBOX, a_charge, a_paid_charge, later, state_of, told
from tests.races.crew import Member, run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.payments.sandbox.deeds"


@pytest.mark.parametrize("method", ["pm_card_ok", "pm_card_3ds", "pm_card_slow", "pm_card_chargeback"])
async def test_two_processes_create_the_same_charges_at_once(method):
    ids = [str(uuid7()) for _ in range(10)]
    job = {"ids": ids, "times": 3, "method": method, "minor": 1_000}
    results = [said for hand in await run_together(f"{DEEDS}:create", job, {**job, "ids": ids[::-1]}) for said in hand]
    assert len(results) == 60 and len(set(results)) == 10
    assert len(await told()) == 10 == await db.fetch_val("SELECT count(*) FROM sandbox_charges")


async def test_a_request_is_lost_once_however_many_ask():
    job = {"ids": [str(uuid7())], "times": 5, "method": "pm_card_lost_request", "minor": 1_000}
    results = [said for hand in await run_together(f"{DEEDS}:create", job, job) for said in hand]
    assert results.count("provider_unavailable") == 1 and len(set(results)) == 2
    assert await told() == ["charge.succeeded"]


async def test_one_id_with_two_amounts_is_one_charge_of_one_of_them():
    job = {"ids": [str(uuid7())], "times": 5, "method": "pm_card_ok", "minor": 1_000}
    one, other = await run_together(f"{DEEDS}:create", job, {**job, "minor": 2_000})
    assert {*one, *other} >= {"provider_refused"} and {len(set(one)), len(set(other))} == {1}
    assert await db.fetch_val("SELECT count(*) FROM sandbox_charges") == 1


async def test_refunds_that_meet_never_pass_the_charge():
    charge, _ = await a_paid_charge(10_000)
    jobs = [
        {"payment": str(charge.payment_id), "minor": 3_000, "ids": [str(uuid7()) for _ in range(5)]} for _ in range(3)
    ]
    results = [said for hand in await run_together(f"{DEEDS}:refund", *jobs) for said in hand]
    assert results.count("refund_too_large") == 12
    assert await db.fetch_val("SELECT sum(amount_minor) FROM sandbox_refunds") == 9_000


async def test_one_payout_in_many_places_is_sent_once():
    job = {"id": str(uuid7()), "times": 5}
    results = [said for hand in await run_together(f"{DEEDS}:payout", job, job) for said in hand]
    assert len(results) == 10 and len(set(results)) == 1
    assert await told() == ["payout.succeeded"]


async def test_what_is_planned_happens_once_though_several_look():
    await asyncio.gather(*(SANDBOX.create(a_charge("pm_card_slow")) for _ in range(20)))
    await asyncio.gather(later(), later(), later())
    types = await told()
    assert (types.count("charge.processing"), types.count("charge.succeeded")) == (20, 20)


async def test_killed_before_the_end_nothing_was_done():
    charge = a_charge("pm_card_slow", 1_000)
    blocking = await asyncpg.connect(settings().database_url)
    try:
        transaction = blocking.transaction()
        await transaction.start()
        await blocking.execute(
            "LOCK TABLE timers IN EXCLUSIVE MODE"
        )  # the charge is written by then, and not committed
        member = await Member.start(f"{DEEDS}:create", _job(charge))
        await member.ready()
        member.go()
        await eventually(_waits_for_timers)
        await member.end()
        await transaction.rollback()
    finally:
        await blocking.close()
    await eventually(_nobody_waits)
    assert await state_of(Subject.CHARGE, charge.payment_id) == "nothing"
    assert (await SANDBOX.create(charge)).state is State.PROCESSING
    assert await told() == ["charge.processing"]


async def test_killed_before_the_answer_was_heard_everything_was_done(receiver):
    charge = a_charge("pm_card_slow", 1_000)
    member = await Member.start(f"{DEEDS}:create_and_hang", _job(charge))
    await member.ready()
    member.go()
    await eventually(lambda: _is_there(charge))
    await member.end()
    assert (await SANDBOX.create(charge)).state is State.PROCESSING
    await later()
    await outbox.drain()
    assert await state_of(Subject.CHARGE, charge.payment_id) == "succeeded"
    assert len(receiver.taken) == 2 == len(await told())


def _job(charge):
    return {"ids": [str(charge.payment_id)], "times": 1, "method": charge.method, "minor": charge.amount.minor}


async def _is_there(charge):
    return await SANDBOX.fetch(Subject.CHARGE, charge.payment_id) is not None


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def _waits_for_timers():
    return await db.fetch_val(WAITING) == 1


async def _nobody_waits():
    return await db.fetch_val(WAITING) == 0
