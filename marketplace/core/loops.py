"""The loop behind relay, timers and pusher: work while there is work, sleep until woken or until it is time to look."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from marketplace.core import db

log = structlog.get_logger(__name__)

AWAY_SECONDS: Final = 0.5


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
