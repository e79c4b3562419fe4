"""Facts that others must hear, written in the transaction that makes them true.

`emit` writes one row per listener, in the caller's transaction; a relay runs each listener in a transaction that also
deletes its row, so a listener has its effect exactly once in the database, whatever dies in between. Rows that stand for
jobs are leased in a transaction of their own and handed to the queue outside of any: Redis can be slow or away without
holding up the listeners. Several relays share the work (SKIP LOCKED); they promise no order between rows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import structlog
from msgspec import Struct

from marketplace.core import db
from marketplace.core.loops import run_for_ever

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Struct)
Listener: TypeAlias = Callable[[Any], Awaitable[None]]

JOB_PREFIX: Final = "job:"
POLL_SECONDS: Final = 0.5
LISTENER_SECONDS: Final = 25.0
"""A listener that takes longer is cancelled, undone and tried again. Less than the database allows an idle transaction."""
MAX_BACKOFF: Final = timedelta(minutes=10)
PUSH_BATCH: Final = 50
PUSH_LEASE: Final = timedelta(seconds=15)
QUEUE_AWAY: Final = timedelta(seconds=2)

JobPusher: TypeAlias = Callable[[int, str, str], Awaitable[None]]

_listeners: dict[type[Struct], dict[str, Listener]] = defaultdict(dict)
_by_name: dict[str, tuple[type[Struct], Listener]] = {}
_leases: dict[str, timedelta] = {}
_wake = asyncio.Event()
_jobs_wake = asyncio.Event()
_push_job: JobPusher | None = None


def on(*events: type[E]) -> Callable[[Callable[[E], Awaitable[None]]], Callable[[E], Awaitable[None]]]:
    """Have an async function hear an event. It runs in a transaction; its name is stored, so keep it when moving code."""

    def register(listener: Callable[[E], Awaitable[None]]) -> Callable[[E], Awaitable[None]]:
        for event in events:
            name = f"{listener.__module__.removeprefix('marketplace.')}.{listener.__qualname__}:{kind_of(event)}"
            _listeners[event][name] = listener
            _by_name[name] = (event, listener)
        return listener

    return register


def kind_of(event: type[Struct]) -> str:
    return str(event.__struct_config__.tag or event.__name__)


async def emit(*events: Struct) -> None:
    """Store events for their listeners. Belongs inside `transaction()`: a rolled back fact is never told."""
    assert db.in_transaction(), "emit() belongs inside transaction()"
    rows = [
        (kind_of(type(event)), name, msgspec.json.encode(event).decode())
        for event in events
        for name in _listeners[type(event)]
    ]
    await store(rows)


async def store(rows: Iterable[tuple[str, str, str]]) -> None:
    """Write (kind, handler, body) rows and wake the relay after commit."""
    kinds, handlers, bodies = zip(*rows, strict=True) if (rows := list(rows)) else ((), (), ())
    if not kinds:
        return
    await db.execute(
        "INSERT INTO outbox (kind, handler, body, created_at, due_at, attempts, last_error) "
        "SELECT k, h, b::jsonb, now(), now(), 0, '' FROM unnest($1::text[], $2::text[], $3::text[]) AS t(k, h, b)",
        list(kinds), list(handlers), list(bodies),
    )  # fmt: skip
    db.on_commit(wake)


async def wake() -> None:
    """Have this process's relays look now; those of other processes look within POLL_SECONDS."""
    _wake.set()
    _jobs_wake.set()


async def relay_one() -> bool:
    """Run the listener of the row that has been due longest. False when none is due.

    Only rows whose listener this process knows: during a deployment the others wait for the process that does.
    """
    taken: tuple[int, int] | None = None
    name = ""
    try:
        async with db.transaction():
            row = await db.fetch_row(
                "DELETE FROM outbox WHERE id = (SELECT id FROM outbox WHERE due_at <= now() "
                "AND handler = ANY($1::text[]) ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) "
                "RETURNING id, handler, body::text, attempts",
                list(_by_name),
            )
            if row is None:
                return False
            taken, name = (row["id"], row["attempts"]), row["handler"]
            event, listener = _by_name[name]
            async with asyncio.timeout(LISTENER_SECONDS):
                await listener(msgspec.json.decode(row["body"], type=event))
    except Exception as error:
        if taken is None:
            raise
        log.warning("outbox.failed", handler=name, outbox_id=taken[0], attempts=taken[1] + 1, exc_info=True)
        await put_off(taken[0], backoff(taken[1]), repr(error))
    return True


def backoff(attempts: int, most: timedelta = MAX_BACKOFF) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 10)), most)


async def put_off(row_id: int, delay: timedelta, error: str = "") -> None:
    """Try a row again later."""
    await db.execute(
        "UPDATE outbox SET attempts = least(attempts + 1, 30000), due_at = now() + $2, last_error = $3 WHERE id = $1",
        row_id, delay, error[:2000],
    )  # fmt: skip


def register_job(name: str, lease: timedelta) -> None:
    """Rows of this job are pushed by this process, and again when a push has had no effect after `lease`."""
    _leases[JOB_PREFIX + name] = lease


def use_job_pusher(pusher: JobPusher | None) -> None:
    """How rows that stand for jobs reach the queue. The row stays until the job has removed it."""
    global _push_job
    _push_job = pusher


async def push_jobs() -> int:
    """Hand due jobs to the queue. Returns how many were taken; 0 also while the queue is away."""
    if _push_job is None:
        return 0
    rows = await db.fetch(
        "UPDATE outbox SET due_at = now() + $2 WHERE id IN ("
        "SELECT id FROM outbox WHERE due_at <= now() AND handler = ANY($1::text[]) "
        "ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING id, handler, body::text, attempts",
        list(_leases), PUSH_LEASE, PUSH_BATCH,
    )  # fmt: skip
    rows.sort(key=lambda row: row["id"])
    for i, row in enumerate(rows):
        lease = _leases[row["handler"]] * 2 ** min(row["attempts"], 6)
        try:
            await _push_job(row["id"], row["handler"].removeprefix(JOB_PREFIX), row["body"])
        except Exception as error:
            log.warning("outbox.queue_away", error=repr(error), waiting=len(rows) - i)
            await db.execute(
                "UPDATE outbox SET due_at = now() + $2, last_error = $3 WHERE id = ANY($1::bigint[])",
                [later["id"] for later in rows[i:]], QUEUE_AWAY, repr(error)[:2000],
            )  # fmt: skip
            return 0
        await db.execute(
            "UPDATE outbox SET due_at = now() + $2, attempts = least(attempts + 1, 30000) WHERE id = $1",
            row["id"], lease,
        )  # fmt: skip
    return len(rows)


async def drain() -> int:
    """Relay until nothing is due. For tests and for commands that end."""
    total = 0
    while True:
        if await relay_one():
            total += 1
        elif pushed := await push_jobs():
            total += pushed
        else:
            return total


async def run_relay(tasks: int = 2) -> None:
    """Relay for as long as the process lives; a database that is away is waited for."""
    await run_for_ever("outbox", relay_one, _wake, POLL_SECONDS, tasks)


async def run_pusher() -> None:
    """Hand jobs to the queue for as long as the process lives."""
    await run_for_ever("jobs", push_some, _jobs_wake, POLL_SECONDS, 1)


async def push_some() -> bool:
    return await push_jobs() > 0
