"""What must happen at a time: a row in Postgres, run and deleted in one transaction.

A runner claims a timer with an advisory lock, and locks its row last. Were it to lock the row first, it would wait for the
auction while a bid that extends that auction waits for the row: a deadlock in the very second that counts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
import structlog

from marketplace.core import clock, db
from marketplace.core.loops import run_for_ever
from marketplace.core.outbox import backoff

log = structlog.get_logger(__name__)

Payload: TypeAlias = dict[str, Any]
Action: TypeAlias = Callable[[str, Payload], Awaitable[None]]

POLL_SECONDS: Final = 0.2
ACTION_SECONDS: Final = 25.0
MAX_BACKOFF: Final = timedelta(minutes=5)
LOCKS: Final = 0x71E2
"""The advisory locks' name space."""
LOOK_AT: Final = 64
"""How many due timers a runner looks at to find one that nobody runs; more than there are runners."""

_actions: dict[str, Action] = {}
_recurring: list[str] = []
_wake = asyncio.Event()


def timer(kind: str) -> Callable[[Action], Action]:
    """Have `action(key, payload)` run when a timer of `kind` is due, inside a transaction, exactly once in effect."""

    def register(action: Action) -> Action:
        _actions[kind] = action
        return action

    return register


def every(period: timedelta) -> Callable[[Callable[[], Awaitable[None]]], Callable[[], Awaitable[None]]]:
    """Have an async function run again and again, `period` apart, once for all processes. For housekeeping."""

    def register(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        kind = f"every:{work.__module__.removeprefix('marketplace.')}.{work.__qualname__}"

        @timer(kind)
        async def again(key: str, _: Payload) -> None:
            await work()
            await schedule(kind, key, clock.now() + period)

        _recurring.append(kind)
        return work

    return register


async def plant() -> None:
    """Make sure that everything recurring has its timer."""
    await db.execute(
        "INSERT INTO timers (kind, key, payload, due_at, attempts, last_error) "
        "SELECT kind, '', '{}', now(), 0, '' FROM unnest($1::text[]) AS kind ON CONFLICT (kind, key) DO NOTHING",
        _recurring,
    )


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


async def cancel_all(kind: str, keys: Iterable[str | UUID]) -> None:
    await db.execute("DELETE FROM timers WHERE kind = $1 AND key = ANY($2::text[])", kind, [str(key) for key in keys])


async def wake() -> None:
    _wake.set()


async def run_one() -> bool:
    """Run the timer that has been due longest and that nobody runs. False when there is none.

    The action finds out for itself whether it still applies: an auction's end may have moved while it waited for the lock.
    """
    timer: asyncpg.Record | None = None
    try:
        async with db.transaction():
            timer = await _claim()
            if timer is None:
                return False
            async with asyncio.timeout(ACTION_SECONDS):
                await _actions[timer["kind"]](timer["key"], msgspec.json.decode(timer["payload"]))
            # Not when it was moved meanwhile, by its own action or by another transaction.
            await db.execute("DELETE FROM timers WHERE id = $1 AND due_at = $2", timer["id"], timer["due_at"])
    except Exception as error:
        if timer is None:
            raise
        log.warning("timer.failed", kind=timer["kind"], key=timer["key"], exc_info=True)
        await _put_off(timer, repr(error))
    return True


async def _claim() -> asyncpg.Record | None:
    while True:
        candidate = await db.fetch_val(
            # The inner LIMIT keeps the planner from trying the locks of all due timers.
            "SELECT id FROM (SELECT id FROM timers WHERE due_at <= now() AND kind = ANY($1::text[]) "
            "ORDER BY due_at, id LIMIT $2) AS due WHERE pg_try_advisory_xact_lock($3, (id % 2147483647)::int) LIMIT 1",
            list(_actions), LOOK_AT, LOCKS,
        )  # fmt: skip
        if candidate is None:
            return None
        # Read again under the lock: who held it before may have run this timer, or moved it.
        timer = await db.fetch_row(
            "SELECT id, kind, key, payload::text, attempts, due_at FROM timers WHERE id = $1 AND due_at <= now()",
            candidate,
        )
        if timer is not None:
            return timer


async def _put_off(timer: asyncpg.Record, error: str) -> None:
    await db.execute(
        "UPDATE timers SET attempts = least(attempts + 1, 30000), due_at = now() + $3, last_error = $4 "
        "WHERE id = $1 AND due_at = $2",
        timer["id"], timer["due_at"], backoff(timer["attempts"], MAX_BACKOFF), error[:2000],
    )  # fmt: skip


async def run_due() -> int:
    """Run everything that is due. For tests and for commands that end."""
    ran = 0
    while await run_one():
        ran += 1
    return ran


async def run_timers(tasks: int = 4) -> None:
    """Run timers for as long as the process lives, up to `tasks` at once; a database that is away is waited for."""
    planted = False

    async def run_one_planted() -> bool:
        nonlocal planted
        if not planted:
            await plant()
            planted = True
        return await run_one()

    await run_for_ever("timers", run_one_planted, _wake, POLL_SECONDS, tasks)
