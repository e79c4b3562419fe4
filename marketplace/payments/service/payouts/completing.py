"""What a provider says of payouts, whichever way it came: a job's answer, a question, a webhook."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from marketplace.core import clock, db
from marketplace.payments.providers.base import Outcome, State
from marketplace.payments.queries.payouts import LockedPayout, lock_payouts
from marketplace.payments.service.payouts.moving import Move, move
from marketplace.payments.states import PayoutStatus

log = structlog.get_logger(__name__)

P, S = PayoutStatus, State
WAYS: Final[Mapping[tuple[PayoutStatus, State], Sequence[PayoutStatus]]] = {
    (P.PROCESSING, S.PROCESSING): (),
    (P.PROCESSING, S.SUCCEEDED): (P.PAID,),
    (P.PROCESSING, S.FAILED): (P.FAILED,),
    (P.PROCESSING, S.CANCELLED): (P.FAILED,),
    (P.PROCESSING, S.RETURNED): (P.PAID, P.RETURNED),  # we never heard that it had been paid
    (P.PAID, S.FAILED): (P.RETURNED,),  # banks refuse days after the provider has sent it
    (P.PAID, S.RETURNED): (P.RETURNED,),
}
OLD_NEWS: Final = frozenset({
    (P.PAID, S.PROCESSING), (P.PAID, S.SUCCEEDED),
    (P.FAILED, S.PROCESSING), (P.FAILED, S.FAILED), (P.FAILED, S.CANCELLED),
    (P.RETURNED, S.PROCESSING), (P.RETURNED, S.SUCCEEDED), (P.RETURNED, S.FAILED), (P.RETURNED, S.RETURNED),
})  # fmt: skip
"""Late, or twice. Anything else contradicts what we have recorded."""

ASK_FIRST: Final = timedelta(minutes=1)
ASK_LAST: Final = timedelta(hours=6)


async def apply_payout(payout_id: UUID, outcome: Outcome, *, source: str = "") -> None:
    """Record what became of a payout. Safe in any order, and any number of times; `source` says who told us."""
    await apply_payouts([(payout_id, outcome)], source=source)


async def apply_payouts(news: Sequence[tuple[UUID, Outcome]], *, source: str = "") -> None:
    """The same for many, in one transaction and one posting."""
    if news:
        await db.retrying(lambda: _apply(dict(news), source))


async def _apply(news: dict[UUID, Outcome], source: str) -> None:
    async with db.transaction():
        locked = await lock_payouts(list(news))
        now = clock.now()
        moves = [_move(payout, news[payout.id], source, now) for payout in locked.values()]
        await move(*(one for one in moves if one is not None))


def _move(payout: LockedPayout, said: Outcome, source: str, now: datetime) -> Move | None:
    news = (payout.status, said.state)
    if news in OLD_NEWS:
        return None
    if news not in WAYS or payout.sent_at is None or said.amount != payout.amount:
        # Never guessed at: reconciliation finds that the provider's books say something else, and payouts pause.
        log.error(
            "payouts.contradiction", payout=str(payout.id), status=payout.status, state=said.state,
            amount=str(payout.amount), theirs=str(said.amount), source=source,
        )  # fmt: skip
        return None
    path = WAYS[news]
    reference = "" if payout.reference else said.reference
    if not path:
        if not reference and not said.client_secret:
            return None
        return Move(
            payout=payout, path=(), reference=reference, check_at=now + ask_again(payout.attempts),
            client_secret=said.client_secret, action_kind=said.action_kind,
        )  # fmt: skip
    return Move(
        payout=payout, path=path, reason=source, reference=reference, failure_code=said.failure_code,
        failure_message=said.failure_message,
    )  # fmt: skip


def ask_again(attempts: int) -> timedelta:
    """How long to wait before the provider is asked the next time."""
    return min(ASK_FIRST * (1 << min(attempts, 16)), ASK_LAST)
