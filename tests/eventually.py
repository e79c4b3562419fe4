"""Wait for what must come true, without a timing deciding the test."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 120.0


async def eventually(condition: Callable[[], bool | Awaitable[bool]], patience: float = PATIENCE_SECONDS) -> None:
    """Return when the condition holds; fail with its source when it never does."""
    try:
        async with asyncio.timeout(patience):
            while True:
                holds = condition()
                if await holds if inspect.isawaitable(holds) else holds:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never came true: {inspect.getsource(condition).strip()}") from None
