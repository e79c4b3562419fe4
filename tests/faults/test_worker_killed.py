"""A worker that is killed in the middle of anything: its work is done by another, with one effect."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, outbox, timers
from marketplace.core.tables import Outbox, Timer
from tests.eventually import eventually
from tests.faults.deeds import TABLES, Happened, did, long_work, work

LONG, SHORT = 600.0, 0.0


@pytest.fixture(autouse=True)
async def notes(database: str) -> None:
    for statement in TABLES:
        await db.execute(statement)


async def began(name: str, times: int = 1) -> bool:
    return bool(await db.fetch_val("SELECT count(*) >= $2 FROM tries WHERE name = $1", name, times))


async def all_done() -> bool:
    return await Outbox.count() == 0 and await Timer.count().where(Timer.kind == "test.fault") == 0


async def test_killed_in_a_listener_its_effect_is_undone_and_then_done_once(start):
    async with db.transaction():
        await outbox.emit(Happened("a", 20.0))
    first = start(worker=True)
    await eventually(lambda: began("a"))
    first.kill()
    assert await did() == []
    await db.execute("UPDATE outbox SET body = jsonb_set(body, '{seconds}', '0')")
    start(worker=True)
    await eventually(all_done)
    assert await did() == ["a"] and await did("tries") == ["a", "a"]


async def test_killed_in_a_timer_its_effect_is_undone_and_then_done_once(start):
    await timers.schedule("test.fault", "t", clock.now(), {"seconds": 20.0})
    first = start(worker=True)
    await eventually(lambda: began("t"))
    first.kill()
    assert await did() == []
    await timers.schedule("test.fault", "t", clock.now(), {"seconds": SHORT})
    start(worker=True)
    await eventually(all_done)
    assert await did() == ["t"]


async def test_killed_in_a_job_it_is_tried_again(start):
    async with db.transaction():
        await work.defer(name="j", seconds=1.5)
    first = start(worker=True)
    await eventually(lambda: began("j"))
    first.kill()
    assert await did("job_deeds") == []
    start(worker=True)
    await eventually(all_done)
    assert await did("job_deeds") == ["j"]


async def test_killed_in_a_job_that_may_take_an_hour_another_begins_it_when_it_has_fallen_silent(start):
    async with db.transaction():
        await long_work.defer(name="j", seconds=1.5)
    first = start(worker=True)
    await eventually(lambda: began("j"))
    first.kill()
    start(worker=True)
    await eventually(all_done)
    assert await did("job_deeds") == ["j"] and await did("tries") == ["j", "j"]


async def test_a_job_that_takes_longer_than_a_silence_is_left_alone(start):
    async with db.transaction():
        await long_work.defer(name="j", seconds=7.0)
    for _ in range(2):
        start(worker=True)
    await eventually(all_done)
    assert await did("tries") == ["j"]


async def test_a_job_whose_queue_was_emptied_is_pushed_again(start, valkey):
    valkey.kill()
    start(worker=True)
    async with db.transaction():
        await work.defer(name="j", seconds=SHORT)
        await outbox.emit(Happened("a", SHORT))
    await eventually(lambda: db.fetch_val("SELECT count(*) = 1 FROM deeds"))  # listeners go on without Redis
    assert await did("job_deeds") == []
    valkey.start()
    await eventually(all_done)
    assert await did("job_deeds") == ["j"]


async def test_a_queue_emptied_under_a_running_worker_loses_no_job(start, valkey):
    start(worker=True)
    async with db.transaction():
        for i in range(20):
            await work.defer(name=f"j{i:02}", seconds=0.2)
    await eventually(lambda: began("j00"))
    valkey.flush()
    await eventually(all_done)
    assert await did("job_deeds") == [f"j{i:02}" for i in range(20)]


async def test_three_workers_share_what_is_due_and_do_each_thing_once(start):
    names = [f"n{i:03}" for i in range(200)]
    async with db.transaction():
        await outbox.emit(*(Happened(name, SHORT) for name in names))
        for i in range(100):
            await timers.schedule("test.fault", f"t{i:03}", clock.now(), {"seconds": SHORT})
    for _ in range(3):
        start(worker=True)
    await eventually(all_done)
    assert await did() == names + [f"t{i:03}" for i in range(100)]
    assert await did("tries") == await did()


async def test_workers_killed_one_after_the_other_do_each_thing_once(start):
    names = [f"n{i:03}" for i in range(300)]
    async with db.transaction():
        await outbox.emit(*(Happened(name, 0.01) for name in names))
    for share in (50, 120, 200):
        victim = start(worker=True)
        await eventually(lambda share=share: db.fetch_val("SELECT count(*) >= $1 FROM deeds", share))
        victim.kill()
    start(worker=True)
    await eventually(all_done)
    assert await did() == names


async def test_a_worker_told_to_stop_finishes_its_job_first(start):
    async with db.transaction():
        await work.defer(name="j", seconds=1.0)
    worker = start(worker=True)
    await eventually(lambda: began("j"))
    assert worker.terminate() == 0, worker.said
    assert await did("job_deeds") == ["j"] and await did("tries") == ["j"]


async def test_a_timer_moved_while_it_runs_stays_where_it_was_moved(start):
    """A bid extends the auction while its close waits: the close must not take the new timer away."""
    await timers.schedule("test.fault", "t", clock.now(), {"seconds": 2.0})
    start(worker=True)
    await eventually(lambda: began("t"))
    later = clock.now() + timedelta(hours=1)
    await timers.schedule("test.fault", "t", later, {"seconds": SHORT})  # does not wait for the one that runs
    await eventually(lambda: db.fetch_val("SELECT count(*) = 1 FROM deeds"))
    [timer] = await Timer.select(Timer.due_at).where(Timer.kind == "test.fault")
    assert timer["due_at"] == later
