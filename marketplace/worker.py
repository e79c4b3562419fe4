"""The worker: relay, timers, jobs and the clock's chores. Inside the app process, or as processes of its own.

Any number may run beside each other: what is due is shared through Postgres, jobs through SAQ on Redis.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from redis.exceptions import RedisError
from saq import Worker as SaqWorker
from saq.types import Context, PartialTimersDict

from marketplace import wiring
from marketplace.core import db, jobs, kv, live, logs, outbox, timers
from marketplace.core.channels import RedisChannels
from marketplace.core.config import settings
from marketplace.core.loops import end

log = structlog.get_logger(__name__)

JOBS_AT_ONCE: Final = 4
DEQUEUE_SECONDS: Final = 1.0
UPKEEP: Final[PartialTimersDict] = {"schedule": 1, "worker_info": 10, "sweep": 10, "abort": 1}
"""In seconds; a sweep looks for the jobs of workers that died."""


class Worker(SaqWorker[Context]):
    """SAQ's worker, with signals left to whoever runs it, and a stop that waits for jobs but not for its own naps."""

    SIGNALS: list[signal.Signals] = []  # noqa: RUF012 - SAQ's name

    def finish(self) -> None:
        """Take no more jobs; `start` returns when those that run are done or their grace is over, and tried again."""
        self.event.set()
        for task in self.tasks:
            if task.get_name() != "process":
                task.cancel()


@asynccontextmanager
async def working() -> AsyncIterator[None]:
    """Relay, run timers and jobs while inside. The database pool is open; a Redis that is away is waited for."""
    queue = jobs.make_queue()
    outbox.use_job_pusher(jobs.pusher(queue))
    worker = Worker(
        queue,
        functions=[jobs.run],
        cron_jobs=wiring.CRON,
        concurrency=JOBS_AT_ONCE,
        dequeue_timeout=DEQUEUE_SECONDS,
        timers=UPKEEP,
        shutdown_grace_period_s=settings().drain_seconds,
        cancellation_hard_deadline_s=1.0,
    )
    tasks = [
        asyncio.create_task(outbox.run_relay(), name="worker.relay"),
        asyncio.create_task(outbox.run_pusher(), name="worker.pusher"),
        asyncio.create_task(timers.run_timers(), name="worker.timers"),
        asyncio.create_task(worker.start(), name="worker.jobs"),
    ]
    log.info("worker.started")
    try:
        yield
    finally:
        # A listener or timer that is cut off is undone with its transaction, and done by the next process.
        await end(*tasks[:3])
        worker.finish()
        await asyncio.gather(tasks[3], return_exceptions=True)
        outbox.use_job_pusher(None)
        with contextlib.suppress(RedisError, OSError):
            await queue.disconnect()
        log.info("worker.stopped")


async def run(stop: asyncio.Event) -> None:
    """Be a worker process until `stop`."""
    await db.connect()
    channels = RedisChannels()
    await channels.on_startup()
    live.use(channels.say)
    try:
        async with working():
            await stop.wait()
    finally:
        live.use(None)
        await channels.on_shutdown()
        await db.disconnect()
        with contextlib.suppress(RedisError, OSError):
            await kv.close()


async def run_until_signal(was_asked: Callable[[], bool]) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if was_asked():
        stop.set()
    await run(stop)


def main(was_asked: Callable[[], bool] = lambda: False) -> int:
    """A worker process, until SIGINT, SIGTERM or SIGHUP. The database is migrated and both servers are known.

    `was_asked` tells of a signal that came before this could hear it.
    """
    logs.configure()
    try:
        import uvloop

        uvloop.run(run_until_signal(was_asked))
    except ImportError:
        asyncio.run(run_until_signal(was_asked))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
