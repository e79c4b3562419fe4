from datetime import timedelta

import pytest
from msgspec import Struct

from marketplace.core import clock, db, jobs, outbox, timers
from marketplace.core.tables import Outbox, Timer

pytestmark = pytest.mark.usefixtures("tables")


class Happened(Struct, tag="test_happened", frozen=True):
    what: str


heard: list[str] = []


@outbox.on(Happened)
async def hear(event: Happened) -> None:
    heard.append(event.what)
    if event.what == "bad":
        raise RuntimeError("bad")


async def test_a_rolled_back_fact_is_never_told():
    heard.clear()
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await outbox.emit(Happened("never"))
            raise RuntimeError
    async with db.transaction():
        await outbox.emit(Happened("once"))
    assert await outbox.drain() == 1
    assert heard == ["once"]
    assert await Outbox.count() == 0


async def test_a_listener_that_fails_keeps_its_row_and_stops_nobody():
    heard.clear()
    async with db.transaction():
        await outbox.emit(Happened("bad"), Happened("good"))
    await outbox.drain()
    assert heard == ["bad", "good"]
    [row] = await Outbox.select(Outbox.attempts, Outbox.last_error)
    assert row["attempts"] == 1 and "bad" in row["last_error"]


async def test_a_timer_runs_once_when_due():
    ran = []

    @timers.timer("test.ring")
    async def ring(key, payload):
        ran.append((key, payload))

    await timers.schedule("test.ring", "a", clock.now() + timedelta(hours=1))
    assert await timers.run_due() == 0
    await timers.schedule("test.ring", "a", clock.now() - timedelta(seconds=1), {"n": 1})
    assert await timers.run_due() == 1
    assert ran == [("a", {"n": 1})] and await Timer.count() == 0


ran: list[bool] = []


@jobs.job()
async def tested(fail: bool) -> None:
    ran.append(db.in_transaction())
    if fail:
        raise RuntimeError("job failed")


async def test_a_job_run_here_runs_outside_the_relays_transaction_and_keeps_its_row_if_it_fails():
    ran.clear()
    outbox.use_job_pusher(jobs.run_inline)
    async with db.transaction():
        await tested.defer(fail=False)
        await tested.defer(fail=True)
    await outbox.drain()
    assert ran == [False, False]
    [row] = await Outbox.select(Outbox.attempts, Outbox.last_error)
    assert row["attempts"] == 1 and "job failed" in row["last_error"]
