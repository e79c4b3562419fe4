"""Work that may take long or talk to others: mail, pictures, files. Run by SAQ on Redis.

A job is asked for through the outbox, so it is never lost with Redis: its row stays until the job reports it done, and
is pushed again when the lease runs out. While a job runs its worker says so, and what falls silent is taken for dead and
begun again by another, long before the lease ends. Jobs are therefore idempotent.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, TypeAlias

import msgspec
import structlog
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq import Queue
from saq.job import Job as SaqJob
from saq.job import Status
from saq.queue.redis import RedisQueue
from saq.types import Context

from marketplace.core import db, kv, loops, outbox

log = structlog.get_logger(__name__)

GRACE = timedelta(minutes=1)
"""A job that has not reported back this long after its time is up is pushed again."""
SILENCE_SECONDS = 20
"""A job that nobody has said anything of for so long has lost its worker. Whole seconds, as SAQ counts them."""
BEATS: Final = 4
"""How often a worker says that a job lives, within that time."""
ABORT_SECONDS: Final = 2.0
"""How long a sweep waits for a worker to let go of a job; those that live look every second."""

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
        outbox.register_job(name, timedelta(seconds=timeout) + GRACE)
        return _jobs[name]

    return register


class PatientQueue(RedisQueue):
    """SAQ's queue, with two things mended: what a worker does while Redis is away, and whose jobs a sweep takes."""

    def __init__(self, redis: Redis, name: str) -> None:
        super().__init__(redis, name=name)
        self._cleanup_script = self._orphans  # type: ignore[assignment] # a coroutine function with the script's parameters
        self._not_begun: set[bytes] = set()

    async def sweep(self, lock: int = 60, abort: float = ABORT_SECONDS) -> list[str]:
        return await super().sweep(lock, abort)

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> SaqJob | None:
        """Wait while Redis is away, instead of asking as fast as possible."""
        try:
            return await super().dequeue(timeout, poll_interval)
        except (RedisError, OSError):
            await asyncio.sleep(1)
            return None

    async def _orphans(self, *, keys: list[str], args: list[Any], client: Redis) -> list[tuple[bytes, bytes | None]]:
        """The active jobs that a sweep may look at. One that has been taken but not begun is an orphan only when the next
        sweep finds it so again: its worker may be about to begin it, and the job would run twice.
        """
        lock, active = keys
        if not await client.set(lock, 1, nx=True, ex=int(args[0])):
            return []
        ids: list[bytes] = await client.lrange(active, 0, -1)  # type: ignore[misc]
        jobs = dict(zip(ids, await client.mget(ids), strict=True)) if ids else {}
        begun = {job_id: self.deserialize(body) for job_id, body in jobs.items()}
        not_begun = {job_id for job_id, job in begun.items() if job is not None and job.status == Status.QUEUED}
        left_out = not_begun - self._not_begun
        self._not_begun = not_begun
        return [(job_id, body) for job_id, body in jobs.items() if job_id not in left_out]


def make_queue() -> PatientQueue:
    """The queue of this database's jobs: two services may share a Redis."""
    # A client of its own: waiting for a job holds a connection for seconds.
    redis = kv.connect(timeout=5)
    return PatientQueue(redis, name=kv.namespace())


async def run(context: Context, *, name: str, outbox_id: int, kwargs: dict[str, Any]) -> None:
    """The one SAQ function: run a job, then take its outbox row away."""
    if not await db.fetch_val("SELECT EXISTS (SELECT FROM outbox WHERE id = $1)", outbox_id):
        return  # pushed twice, and done by the other
    async with _beating(context.get("job")):
        await _jobs[name].work(**kwargs)
    await db.execute("DELETE FROM outbox WHERE id = $1", outbox_id)


@contextlib.asynccontextmanager
async def _beating(job: SaqJob | None) -> AsyncIterator[None]:
    """Say while inside that the job lives. Also while its worker is stopping: it may take its time."""
    beat = asyncio.create_task(_beat(job)) if job is not None else None
    try:
        yield
    finally:
        if beat is not None:
            await loops.end(beat)


async def _beat(job: SaqJob) -> None:
    while True:
        await asyncio.sleep(SILENCE_SECONDS / BEATS)
        with contextlib.suppress(RedisError, OSError):
            await job.update()


def pusher(queue: Queue) -> outbox.JobPusher:
    """Push a row's job onto the queue; one that is there already stays as it is."""

    async def push(row_id: int, name: str, body: str) -> None:
        wanted = _jobs[name]
        await queue.enqueue(
            SaqJob(
                "run",
                kwargs={"name": name, "outbox_id": row_id, "kwargs": msgspec.json.decode(body)},
                key=f"outbox:{row_id}",
                timeout=wanted.timeout,
                heartbeat=SILENCE_SECONDS,
                retries=wanted.retries,
                retry_delay=1.0,
                retry_backoff=60.0,
                ttl=60,
            )
        )

    return push


async def run_inline(row_id: int, name: str, body: str) -> None:
    """Run the job in this process instead of queueing it. For tests and for commands that end."""
    try:
        await _jobs[name].work(**msgspec.json.decode(body))
    except Exception as error:
        log.warning("job.failed", job=name, outbox_id=row_id, exc_info=True)
        await db.execute("UPDATE outbox SET last_error = $2 WHERE id = $1", row_id, repr(error)[:2000])
    else:
        await db.execute("DELETE FROM outbox WHERE id = $1", row_id)
