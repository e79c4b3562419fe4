"""Work that may take long or talk to others: mail, pictures, files. Run by SAQ on Redis.

A job is asked for through the outbox, so it is never lost with Redis: its row stays until the job reports it done, and
is pushed again when the lease runs out. Jobs are therefore idempotent.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias

import msgspec
import structlog
from msgspec import Struct
from redis.asyncio import Redis
from saq import Queue
from saq.job import Job as SaqJob
from saq.queue.redis import RedisQueue
from saq.types import Context

from marketplace.core import clock, db, outbox

log = structlog.get_logger(__name__)

QUEUE = "marketplace"
GRACE = timedelta(minutes=1)

Work: TypeAlias = Callable[..., Awaitable[None]]


class Job(Struct, frozen=True):
    """A registered job. `timeout` seconds for one try, `retries` tries in all, with backoff."""

    name: str
    work: Work
    timeout: int
    retries: int

    async def defer(self, **kwargs: Any) -> None:
        """Ask for the job in the current transaction; it starts after commit. Arguments must be JSON types."""
        await outbox.store([("job", outbox.JOB_PREFIX + self.name, msgspec.json.encode(kwargs).decode())])


_jobs: dict[str, Job] = {}


def job(*, timeout: int = 60, retries: int = 8) -> Callable[[Work], Job]:
    """Register an async function as a job; ask for it with `await its_name.defer(...)`, inside `transaction()`."""

    def register(work: Work) -> Job:
        name = f"{work.__module__.removeprefix('marketplace.')}.{work.__qualname__}"
        _jobs[name] = Job(name, work, timeout, retries)
        return _jobs[name]

    return register


def make_queue(redis: Redis) -> RedisQueue:
    return RedisQueue(redis, name=QUEUE)


async def run(_: Context, *, name: str, outbox_id: int, kwargs: dict[str, Any]) -> None:
    """The one SAQ function: run a job, then take its outbox row away."""
    await _jobs[name].work(**kwargs)
    await db.execute("DELETE FROM outbox WHERE id = $1", outbox_id)


def pusher(queue: Queue) -> outbox.JobPusher:
    """Push a row's job onto the queue and keep the row until the job has removed it."""

    async def push(row_id: int, name: str, body: str) -> bool:
        wanted = _jobs[name]
        await queue.enqueue(
            SaqJob(
                "run",
                kwargs={"name": name, "outbox_id": row_id, "kwargs": msgspec.json.decode(body)},
                key=f"outbox:{row_id}",
                timeout=wanted.timeout,
                retries=wanted.retries,
                retry_delay=1.0,
                retry_backoff=60.0,
            )
        )
        await outbox.put_off(row_id, timedelta(seconds=wanted.timeout) + GRACE)
        return False

    return push


async def run_inline(row_id: int, name: str, body: str) -> bool:
    """Run the job in this process, once the relay's transaction has committed. For tests and for commands that end."""

    async def work() -> None:
        try:
            await _jobs[name].work(**msgspec.json.decode(body))
        except Exception as error:
            log.warning("job.failed", job=name, outbox_id=row_id, exc_info=True)
            await outbox.put_off(row_id, GRACE, repr(error))
        else:
            await db.execute("DELETE FROM outbox WHERE id = $1", row_id)

    await db.execute("UPDATE outbox SET due_at = $2 WHERE id = $1", row_id, clock.now() + GRACE)
    db.on_commit(work)
    return False
