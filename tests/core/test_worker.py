"""Relay, timers and jobs together, on the real queue."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import Struct

from marketplace import worker
from marketplace.core import clock, db, jobs, kv, outbox, timers
from marketplace.core.tables import Outbox, Timer
from tests.eventually import eventually

pytestmark = pytest.mark.usefixtures("tables")

did: list[object] = []


class Worked(Struct, tag="test_worked", frozen=True):
    n: int


@outbox.on(Worked)
async def ask_for_work(event: Worked) -> None:
    await write_down.defer(n=event.n)


@jobs.job(timeout=5, retries=3)
async def write_down(n: int) -> None:
    did.append(n)


@jobs.job(timeout=5, retries=3)
async def fail_once(n: int) -> None:
    did.append(n)
    if len(did) == 1:
        raise RuntimeError("the first time")


@timers.timer("test.worker")
async def emit_when_due(key, payload) -> None:
    await outbox.emit(Worked(payload["n"]))


@pytest.fixture
async def working(tables):
    did.clear()
    await kv.client().delete(f"saq:{kv.namespace()}:queued")
    async with worker.working():
        yield


async def test_a_timer_emits_an_event_whose_listener_asks_for_a_job(working):
    async with db.transaction():
        await timers.schedule("test.worker", "a", clock.now() + timedelta(milliseconds=300), {"n": 7})
    assert await Timer.count().where(Timer.kind == "test.worker") == 1
    await eventually(lambda: did == [7])
    await eventually(nothing_left)


async def test_a_job_that_fails_is_tried_again(working):
    async with db.transaction():
        await fail_once.defer(n=1)
    await eventually(lambda: did == [1, 1])
    await eventually(nothing_left)


async def test_a_job_pushed_twice_runs_once(working):
    async with db.transaction():
        await write_down.defer(n=1)
    await eventually(nothing_left)
    # The queue was flushed and the lease ran out just as the job finished: it is pushed again, and finds its row gone.
    await jobs.run({}, name="tests.core.test_worker.write_down", outbox_id=1, kwargs={"n": 1})
    assert did == [1]


async def test_a_sweep_leaves_a_job_alone_that_its_worker_is_about_to_begin(tables):
    queue = jobs.make_queue()
    try:
        async with db.transaction():
            await write_down.defer(n=1)
        outbox.use_job_pusher(jobs.pusher(queue))
        assert await outbox.push_jobs() == 1
        taken = await queue.dequeue(1)
        assert taken is not None and taken.status == "queued"
        assert await queue.sweep(lock=1, abort=0.1) == []
        await kv.client().delete(f"saq:{kv.namespace()}:sweep")
        assert len(await queue.sweep(lock=1, abort=0.1)) == 1  # nobody has begun it since: its worker has died

        async def comes_again() -> bool:
            await queue.schedule(1)
            job = await queue.dequeue(0.5)
            return job is not None and job.key == taken.key

        await eventually(comes_again)
    finally:
        outbox.use_job_pusher(None)
        await queue.disconnect()


async def nothing_left() -> bool:
    return await Outbox.count() == 0 and await Timer.count().where(Timer.kind == "test.worker") == 0


async def test_stopping_waits_for_the_job_that_runs(tables):
    did.clear()
    began, go_on = asyncio.Event(), asyncio.Event()

    @jobs.job(timeout=5, retries=1)
    async def slow() -> None:
        began.set()
        await go_on.wait()
        did.append("done")

    async def stop_soon() -> None:
        async with worker.working():
            async with db.transaction():
                await slow.defer()
            await began.wait()

    stopping = asyncio.create_task(stop_soon())
    await began.wait()
    await asyncio.sleep(0.2)
    assert not stopping.done()
    go_on.set()
    await stopping
    assert did == ["done"] and await Outbox.count() == 0
