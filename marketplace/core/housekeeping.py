"""Rows that have served their time go away, a few at a time, so that cleaning never holds up the service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
import structlog
from saq import CronJob
from saq.types import Context

from marketplace.core import db
from marketplace.core.live import KEEP_HOURS

log = structlog.get_logger(__name__)

CHUNK: Final = 5_000
SECOND_LOOK_SECONDS = 15.0


async def delete_old(table: str, condition: str, *args: Any) -> int:
    """Delete rows in chunks, each a transaction of its own. Both texts are ours, never a caller's."""
    total = 0
    while True:
        deleted = await db.execute(
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT {CHUNK}))",  # noqa: S608
            *args,
        )
        total += deleted
        if deleted < CHUNK:
            return total


async def delete_old_live_messages() -> int:
    """Clients that were away for longer than `KEEP_HOURS` get a fresh snapshot."""
    return await delete_old("live_messages", "created_at < now() - make_interval(hours => $1)", KEEP_HOURS)


async def warn_of_stuck_work() -> int:
    """Say how much waits in vain: rows whose listener or timer keeps failing, or that nobody here knows.

    What the first look finds may only be late, because nothing ran for a while: it has a moment to go away.
    """
    if not await _stuck_work():
        return 0
    await asyncio.sleep(SECOND_LOOK_SECONDS)
    stuck = await _stuck_work()
    for row in stuck:
        log.error("work.stuck", name=row["name"], rows=row["rows"], error=row["error"])
    return len(stuck)


async def _stuck_work() -> list[asyncpg.Record]:
    return await db.fetch(
        "SELECT handler AS name, count(*) AS rows, max(last_error) AS error FROM outbox "
        "WHERE created_at < now() - interval '10 minutes' AND attempts >= 3 OR due_at < now() - interval '1 minute' "
        "GROUP BY handler UNION ALL SELECT 'timer:' || kind, count(*), max(last_error) FROM timers "
        "WHERE due_at < now() - interval '1 minute' OR attempts >= 3 GROUP BY kind"
    )


def cleaning(deed: Callable[[], Awaitable[int]]) -> Callable[[Context], Awaitable[None]]:
    """A deed as SAQ wants it: named, and with a context."""

    async def run(_: Context) -> None:
        if done := await deed():
            log.info("housekeeping", deed=deed.__name__, rows=done)

    run.__qualname__ = deed.__qualname__
    return run


CRON: list[CronJob[Context]] = [
    CronJob(cleaning(delete_old_live_messages), cron="7 * * * *", timeout=300),
    CronJob(cleaning(warn_of_stuck_work), cron="*/5 * * * *", timeout=60),
]
