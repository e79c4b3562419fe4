"""Asking a provider again, until it is known what became of something: its answer may be lost, and so may its webhook.

    @recovery.asks("refund")
    async def ask(refund_id: UUID) -> bool: ...   # whether it is still open

    await recovery.look("refund", refund_id)      # in the transaction that records the intent

A timer keeps the time, and a job does the asking, for no provider is called in a transaction. The first call itself may
be such a look: then it is made once its intent is committed, whatever process dies.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

import structlog

from marketplace.core import clock, jobs, timers
from marketplace.payments.providers.base import ProviderUnknown

log = structlog.get_logger(__name__)

Ask: TypeAlias = Callable[[UUID], Awaitable[bool]]

TIMER: Final = "payments.look"
PATIENCE: Final = timedelta(seconds=30)
"""Longer than any call of a provider may take."""
MOST: Final = timedelta(hours=1)

_asks: dict[str, Ask] = {}


def asks(kind: str) -> Callable[[Ask], Ask]:
    """Register the question how it stands with a payment, refund or payout. It says whether it is still open."""

    def register(ask: Ask) -> Ask:
        _asks[kind] = ask
        return ask

    return register


async def look(kind: str, paper_id: UUID, *, after: timedelta = timedelta(0), attempt: int = 0) -> None:
    """Have it asked for. A look that is planned already moves to the new time."""
    await timers.schedule(TIMER, f"{kind}:{paper_id}", clock.now() + after, {"attempt": attempt})


@timers.timer(TIMER)
async def due(key: str, payload: timers.Payload) -> None:
    kind, _, paper_id = key.partition(":")
    await ask.defer(kind=kind, paper_id=paper_id, attempt=payload["attempt"])


@jobs.job(timeout=90, retries=3)
async def ask(kind: str, paper_id: str, attempt: int) -> None:
    """Ask, and plan the next look where it is still open."""
    try:
        is_open = await _asks[kind](UUID(paper_id))
    except ProviderUnknown:
        log.warning("payments.no_answer", kind=kind, id=paper_id, attempt=attempt)
        is_open = True
    if is_open:
        await look(kind, UUID(paper_id), after=delay(attempt), attempt=attempt + 1)


def delay(attempt: int) -> timedelta:
    """30 seconds, a minute, two, ... up to an hour."""
    wait: timedelta = PATIENCE * 2.0 ** min(attempt, 10)
    return min(wait, MOST)
