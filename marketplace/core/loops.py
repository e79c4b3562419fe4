"""Tasks that live as long as the process: the loop behind relay, timers and pusher, and how all of them are ended."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from marketplace.core import db

log = structlog.get_logger(__name__)

AWAY_SECONDS: Final = 0.5
INSIST_SECONDS: Final = 0.5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait for them, again where a library swallowed the cancellation (redis-py does, while it connects)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=INSIST_SECONDS)


async def run_for_ever(
    name: str, one: Callable[[], Awaitable[bool]], wake: asyncio.Event, poll_seconds: float, tasks: int
) -> None:
    """Call `one` until it says that nothing is due, `tasks` at once when there is more than one thing to do."""
    away = False
    while True:
        wake.clear()
        try:
            if await one():
                await _all_at_once(one, tasks)
                continue
            if away:
                log.info(f"{name}.back")
            away = False
        except Exception as error:
            if not away or db.unavailable(error) is None:
                log.warning(f"{name}.failed", error=repr(error), exc_info=db.unavailable(error) is None)
            away = True
            await asyncio.sleep(AWAY_SECONDS)
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(poll_seconds):
                await wake.wait()


async def _all_at_once(one: Callable[[], Awaitable[bool]], tasks: int) -> None:
    async def until_idle() -> None:
        while await one():
            pass

    async with asyncio.TaskGroup() as group:
        for _ in range(tasks):
            group.create_task(until_idle())
