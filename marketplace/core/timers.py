"""What must happen at a time: a row in Postgres, claimed with SKIP LOCKED, run and deleted in one transaction."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import structlog

from marketplace.core import clock, db

log = structlog.get_logger(__name__)

Payload: TypeAlias = dict[str, Any]
Action: TypeAlias = Callable[[str, Payload], Awaitable[None]]

POLL_SECONDS = 0.2
MAX_BACKOFF = timedelta(minutes=5)

_actions: dict[str, Action] = {}
_wake = asyncio.Event()


def timer(kind: str) -> Callable[[Action], Action]:
    """Have `action(key, payload)` run when a timer of `kind` is due, inside a transaction, exactly once in effect."""

    def register(action: Action) -> Action:
        _actions[kind] = action
        return action

    return register


async def schedule(kind: str, key: str | UUID, due_at: datetime, payload: Payload | None = None) -> None:
    """Set or move the timer (kind, key). Belongs in the transaction that makes it necessary."""
    await db.execute(
        "INSERT INTO timers (kind, key, payload, due_at, attempts, last_error) VALUES ($1, $2, $3::jsonb, $4, 0, '') "
        "ON CONFLICT (kind, key) DO UPDATE SET payload = EXCLUDED.payload, due_at = EXCLUDED.due_at, attempts = 0",
        kind, str(key), msgspec.json.encode(payload or {}).decode(), due_at,
    )  # fmt: skip
    if db.in_transaction():
        db.on_commit(wake)


async def cancel(kind: str, key: str | UUID) -> None:
    await db.execute("DELETE FROM timers WHERE kind = $1 AND key = $2", kind, str(key))


async def wake() -> None:
    _wake.set()


async def run_one() -> bool:
    """Run the timer that has been due longest. False when none is due."""
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT id, kind, key, payload::text, attempts FROM timers WHERE due_at <= now() AND kind = ANY($1::text[]) "
            "ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
            list(_actions),
        )
        if row is None:
            return False
        try:
            async with db.savepoint():
                # Deleted first, so that an action may schedule its own timer again.
                await db.execute("DELETE FROM timers WHERE id = $1", row["id"])
                await _actions[row["kind"]](row["key"], msgspec.json.decode(row["payload"]))
        except Exception as error:
            log.warning("timer.failed", kind=row["kind"], key=row["key"], exc_info=True)
            delay = min(timedelta(seconds=2 ** min(row["attempts"], 10)), MAX_BACKOFF)
            await db.execute(
                "UPDATE timers SET attempts = attempts + 1, due_at = $2, last_error = $3 WHERE id = $1",
                row["id"], clock.now() + delay, repr(error)[:2000],
            )  # fmt: skip
    return True


async def run_due() -> int:
    """Run everything that is due. For tests and for commands that end."""
    ran = 0
    while await run_one():
        ran += 1
    return ran


async def run_timers() -> None:
    """Run timers for as long as the process lives; a database that is away is waited for."""
    while True:
        _wake.clear()
        try:
            busy = await run_one()
        except Exception as error:
            log.warning("timers.failed", error=repr(error))
            await asyncio.sleep(1)
            continue
        if not busy:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_wake.wait(), POLL_SECONDS)
