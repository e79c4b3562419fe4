"""Facts that others must hear, written in the transaction that makes them true.

`emit` writes one row per listener, in the caller's transaction; a relay runs each listener in a transaction that also
deletes its row, so a listener has its effect exactly once in the database, whatever dies in between.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

import msgspec
import structlog
from msgspec import Struct

from marketplace.core import clock, db

log = structlog.get_logger(__name__)

E = TypeVar("E", bound=Struct)
Listener: TypeAlias = Callable[[Any], Awaitable[None]]

BATCH = 100
POLL_SECONDS = 0.5
MAX_BACKOFF = timedelta(minutes=10)

_listeners: dict[type[Struct], dict[str, Listener]] = defaultdict(dict)
_by_name: dict[str, tuple[type[Struct], Listener]] = {}
_wake = asyncio.Event()


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
    """Have this process's relay look now; another process's relay looks within POLL_SECONDS."""
    _wake.set()


async def relay_once(limit: int = BATCH) -> int:
    """Run the listeners of up to `limit` due rows. Returns how many rows were taken."""
    async with db.transaction():
        rows = await db.fetch(
            "SELECT id, handler, body::text, attempts FROM outbox WHERE due_at <= now() "
            "ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED",
            limit,
        )
        done: list[int] = []
        for row in rows:
            if await _deliver(row["id"], row["handler"], row["body"], row["attempts"]):
                done.append(row["id"])
        if done:
            await db.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", done)
    return len(rows)


async def _deliver(row_id: int, name: str, body: str, attempts: int) -> bool:
    try:
        async with db.savepoint():
            if name.startswith(JOB_PREFIX):
                return await _push_job(row_id, name.removeprefix(JOB_PREFIX), body)
            event, listener = _by_name[name]
            await listener(msgspec.json.decode(body, type=event))
            return True
    except Exception as error:
        log.warning("outbox.failed", handler=name, outbox_id=row_id, attempts=attempts + 1, exc_info=True)
        await put_off(row_id, min(timedelta(seconds=2 ** min(attempts, 10)), MAX_BACKOFF), repr(error))
        return False


async def put_off(row_id: int, delay: timedelta, error: str = "") -> None:
    """Try a row again later."""
    await db.execute(
        "UPDATE outbox SET attempts = attempts + 1, due_at = $2, last_error = $3 WHERE id = $1",
        row_id, clock.now() + delay, error[:2000],
    )  # fmt: skip


JOB_PREFIX = "job:"
JobPusher: TypeAlias = Callable[[int, str, str], Awaitable[bool]]
_push_job: JobPusher


def use_job_pusher(pusher: JobPusher) -> None:
    """How rows that stand for jobs reach the queue; `jobs` sets it."""
    global _push_job
    _push_job = pusher


async def drain() -> int:
    """Relay until nothing is due. For tests and for commands that end."""
    total = 0
    while taken := await relay_once():
        total += taken
    return total


async def run_relay() -> None:
    """Relay for as long as the process lives; a database that is away is waited for."""
    while True:
        _wake.clear()
        try:
            taken = await relay_once()
        except Exception as error:
            log.warning("outbox.relay_failed", error=repr(error))
            await asyncio.sleep(1)
            continue
        if taken < BATCH:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_wake.wait(), POLL_SECONDS)
