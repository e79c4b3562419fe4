"""The one function that moves payouts: status, history, money and news go together, whoever has moved them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db, outbox
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move as Posted
from marketplace.ledger.schemas import Transfer
from marketplace.ledger.service.posting import post_many
from marketplace.ledger.states import AccountKind
from marketplace.payments import history
from marketplace.payments.events import (
    PayoutApproved,
    PayoutCancelled,
    PayoutFailed,
    PayoutPaid,
    PayoutRejected,
    PayoutReturned,
)
from marketplace.payments.history import Step
from marketplace.payments.queries.payouts import LockedPayout
from marketplace.payments.states import PAYOUT, PayoutSource, PayoutStatus

P = PayoutStatus
TAKEN_FROM: Final = {
    PayoutSource.EARNINGS: AccountKind.SELLER_AVAILABLE,
    PayoutSource.WALLET: AccountKind.WALLET_AVAILABLE,
}


class Move(Struct, frozen=True, kw_only=True):
    """Where a locked payout goes: through every state of `path`, which is empty where it only stays PROCESSING.

    `approved` notes the actor as who approved it, `sent_at` and `check_at` when the provider was or will be asked. What the payee
    needs is kept while it is PROCESSING, and forgotten then.
    """

    payout: LockedPayout
    path: Sequence[PayoutStatus]
    actor: UUID | None = None
    reason: str = ""
    approved: bool = False
    sent_at: datetime | None = None
    check_at: datetime | None = None
    attempts: int = 0
    reference: str = ""
    client_secret: str = ""
    action_kind: str = ""
    failure_code: str = ""
    failure_message: str = ""

    @property
    def end(self) -> PayoutStatus:
        return self.path[-1] if self.path else self.payout.status


async def move(*moves: Move) -> None:
    """Move locked payouts, in one transaction of the caller's. Raises IllegalTransition, and then nothing has moved."""
    if not moves:
        return
    for one in moves:
        _check(one)
    now = clock.now()
    await db.execute(
        "UPDATE payouts p SET status = w.status, approved_by = coalesce(w.approved_by, p.approved_by), "
        "approved_at = CASE WHEN w.approved_by IS NULL THEN p.approved_at ELSE $11 END, sent_at = coalesce(p.sent_at, w.sent_at), "
        "check_at = w.check_at, attempts = w.attempts, reference = coalesce(nullif(w.reference, ''), p.reference), "
        "client_secret = CASE WHEN w.status = 'processing' THEN coalesce(nullif(w.client_secret, ''), p.client_secret) ELSE '' END, "
        "action_kind = CASE WHEN w.status = 'processing' THEN coalesce(nullif(w.action_kind, ''), p.action_kind) ELSE '' END, "
        "failure_code = w.failure_code, failure_message = w.failure_message, "
        "paid_at = CASE WHEN w.is_paid THEN $11 ELSE p.paid_at END, updated_at = $11 "
        "FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::text[], $8::text[], "
        "$9::text[], $10::boolean[], $12::text[], $13::text[]) AS w(id, status, approved_by, sent_at, check_at, attempts, reference, "
        "failure_code, failure_message, is_paid, client_secret, action_kind) WHERE p.id = w.id",
        [one.payout.id for one in moves], [one.end for one in moves],
        [one.actor if one.approved else None for one in moves], [one.sent_at for one in moves],
        [one.check_at for one in moves], [one.attempts or one.payout.attempts for one in moves],
        [one.reference[:128] for one in moves], [one.failure_code[:64] for one in moves],
        [one.failure_message[:500] for one in moves], [P.PAID in one.path for one in moves], now,
        [one.client_secret for one in moves], [one.action_kind[:32] for one in moves],
    )  # fmt: skip
    await history.write([step for one in moves for step in _steps(one)])
    await post_many([transfer for one in moves for transfer in _transfers(one)])
    await outbox.emit(*(event for one in moves for event in _events(one)))


def _check(one: Move) -> None:
    before = one.payout.status
    for status in one.path:
        before = PAYOUT.check(before, status)


def _steps(one: Move) -> list[Step]:
    befores = [one.payout.status, *one.path]
    return [
        Step(subject="payout", subject_id=one.payout.id, before=before, after=after, actor=one.actor, reason=one.reason)
        for before, after in zip(befores, one.path, strict=False)
    ]


def source_account(user_id: UUID, source: PayoutSource, currency: str) -> Account:
    return Account(TAKEN_FROM[source], currency, user_id)


def transit_account(provider: str, currency: str) -> Account:
    return Account(AccountKind.PAYOUT_IN_TRANSIT, currency, provider=provider)


def _transfers(one: Move) -> list[Transfer]:
    """What each state on the way does to the money."""
    payout = one.payout
    currency = payout.amount.currency
    source = source_account(payout.user_id, payout.source, currency)
    transit = transit_account(payout.provider, currency)
    bank = Account(AccountKind.BANK, currency)
    made = []
    for status in one.path:
        match status:
            case P.PAID:
                what, reason, way = "paid", "payout_paid", Posted(transit, bank, payout.amount)
            case P.FAILED | P.REJECTED | P.CANCELLED:
                what, reason, way = "return", f"payout_{status.value}", Posted(transit, source, payout.amount)
            case P.RETURNED:
                what, reason, way = "return", "payout_returned", Posted(bank, source, payout.amount)
            case _:
                continue
        made.append(
            Transfer(key=f"payout:{payout.id}:{what}", reason=reason, moves=[way], actor=one.actor, payout_id=payout.id)
        )
    return made


def _events(one: Move) -> list[Struct]:
    payout = one.payout
    id_, user, amount, currency = payout.id, payout.user_id, payout.amount.minor, payout.amount.currency
    why = one.failure_message or one.failure_code or one.reason
    match one.end if one.path else None:
        case P.PROCESSING if one.approved:
            return [PayoutApproved(payout_id=id_, user_id=user, amount=amount, currency=currency)]
        case P.PAID:
            return [PayoutPaid(payout_id=id_, user_id=user, amount=amount, currency=currency)]
        case P.FAILED:
            return [PayoutFailed(payout_id=id_, user_id=user, amount=amount, currency=currency, reason=why)]
        case P.RETURNED:
            return [PayoutReturned(payout_id=id_, user_id=user, amount=amount, currency=currency, reason=why)]
        case P.REJECTED:
            return [PayoutRejected(payout_id=id_, user_id=user, amount=amount, currency=currency, reason=one.reason)]
        case P.CANCELLED:
            return [PayoutCancelled(payout_id=id_, user_id=user, amount=amount, currency=currency)]
    return []
