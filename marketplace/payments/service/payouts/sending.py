"""Sending payouts: intents recorded together, calls made outside of any transaction, results recorded together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

import structlog

from marketplace.core import clock, db
from marketplace.payments import providers
from marketplace.payments.providers.base import (
    NotSupported,
    Outcome,
    Provider,
    ProviderRefused,
    ProviderUnknown,
    State,
    Subject,
    Transfer,
)
from marketplace.payments.queries.payouts import LockedPayout, lock_due, lock_to_check
from marketplace.payments.service import pausing
from marketplace.payments.service.payouts.completing import apply_payouts, ask_again
from marketplace.payments.service.payouts.moving import Move, move
from marketplace.payments.states import PayoutStatus

log = structlog.get_logger(__name__)

BATCH: Final = 50
AT_ONCE: Final = 8


async def send_due(batch: int = BATCH) -> int:
    """Send up to `batch` payouts that are due, oldest first; any number of processes may. How many were taken.

    Whatever is not heard of now is asked about later: `check_due`.
    """
    assert not db.in_transaction()
    due = await _claim_due(batch)
    await _work(due, _send, "payout")
    return len(due)


async def check_due(batch: int = BATCH) -> int:
    """Ask providers about payouts that are still on their way. One that the provider knows nothing of is sent again."""
    assert not db.in_transaction()
    due = await _claim_checks(batch)
    await _work(due, _ask, "fetch")
    return len(due)


async def _claim_due(batch: int) -> list[LockedPayout]:
    async with db.transaction():
        if await pausing.is_paused():
            return []
        due = await lock_due(batch)
        now = clock.now()
        await move(
            *(
                Move(
                    payout=payout, sent_at=now, check_at=now + ask_again(0),
                    path=[PayoutStatus.PROCESSING] if payout.status is PayoutStatus.REQUESTED else [],
                )
                for payout in due
            )
        )  # fmt: skip
        return due


async def _claim_checks(batch: int) -> list[LockedPayout]:
    async with db.transaction():
        now = clock.now()
        due = await lock_to_check(batch, now)
        await move(
            *(
                Move(
                    payout=payout, path=(), check_at=now + ask_again(payout.attempts + 1), attempts=payout.attempts + 1
                )
                for payout in due
            )
        )
        return due


Call = Callable[[Provider, LockedPayout], Awaitable[Outcome]]


async def _work(payouts: Sequence[LockedPayout], call: Call, source: str) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(payout: LockedPayout) -> tuple[UUID, Outcome] | None:
        async with gate:
            said = await _heard(payout, call)
        return None if said is None else (payout.id, said)

    heard = await asyncio.gather(*(one(payout) for payout in payouts))
    await apply_payouts([news for news in heard if news is not None], source=source)


async def _heard(payout: LockedPayout, call: Call) -> Outcome | None:
    """What the provider says; None where that is not known."""
    try:
        return await call(providers.calling(payout.provider), payout)
    except (ProviderRefused, NotSupported) as refusal:
        return Outcome(
            subject=Subject.PAYOUT, reference="", state=State.FAILED, amount=payout.amount, our_id=payout.id,
            failure_code=str(refusal.details.get("reason", refusal.code)), failure_message=refusal.message,
        )  # fmt: skip
    except ProviderUnknown:
        log.warning("payouts.unknown", payout=str(payout.id), provider=payout.provider)
    except Exception:
        # The results of the others in the batch must be recorded; this one is asked about like any unknown one.
        log.exception("payouts.call_failed", payout=str(payout.id), provider=payout.provider)
    return None


async def _send(provider: Provider, payout: LockedPayout) -> Outcome:
    return await provider.payout(
        Transfer(
            payout_id=payout.id, amount=payout.amount, destination=payout.destination,
            description=f"Payout {payout.id.hex[-12:].upper()}", recipient_name=payout.recipient_name,
        )
    )  # fmt: skip


async def _ask(provider: Provider, payout: LockedPayout) -> Outcome:
    said = await provider.fetch(Subject.PAYOUT, payout.id, payout.reference)
    return said if said is not None else await _send(provider, payout)
