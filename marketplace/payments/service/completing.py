"""What a provider says of a payment becomes our state here, whoever brought the news: an answer, a webhook, a question.

Money that came in is never lost: it is captured for what it was meant for, or it is a surplus, refunded by itself.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from marketplace.core import clock, db, outbox
from marketplace.core.errors import NotFound
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import post, post_many
from marketplace.ledger.states import AccountKind
from marketplace.payments import history, payables
from marketplace.payments.events import PaymentFailed, PaymentSucceeded, PaymentSurplus
from marketplace.payments.payables import Due, Share
from marketplace.payments.providers.base import Outcome, State
from marketplace.payments.queries.locking import PaymentRow, get_open, get_payment, lock_payment
from marketplace.payments.service import recovery, refunding
from marketplace.payments.states import OPEN, PaymentStatus

log = structlog.get_logger(__name__)

STATUSES: Final = {
    State.REQUIRES_METHOD: PaymentStatus.REQUIRES_METHOD,
    State.REQUIRES_ACTION: PaymentStatus.REQUIRES_ACTION,
    State.PROCESSING: PaymentStatus.PROCESSING,
    State.SUCCEEDED: PaymentStatus.SUCCEEDED,
    State.FAILED: PaymentStatus.FAILED,
    State.CANCELLED: PaymentStatus.CANCELLED,
}
OVER: Final[dict[str, Any]] = {"client_secret": "", "action_url": "", "action_kind": "", "payer_ip": ""}
"""Nobody needs them any more."""


async def apply(payment_id: UUID, outcome: Outcome, *, source: str, actor: UUID | None = None) -> None:
    """Let the payment be as its provider says. News may come late, twice and in any order: the end is the same.

    `source` says in the history who brought it. Raises PaymentNotFound.
    """

    async def once() -> None:
        async with db.transaction():
            if outcome.state is State.SUCCEEDED:
                await _came_in(payment_id, outcome, source, actor)
            else:
                await _moved(payment_id, outcome, source, actor)

    await db.retrying(once)


async def _moved(payment_id: UUID, outcome: Outcome, source: str, actor: UUID | None) -> None:
    """Anything but money."""
    payment, status = await lock_payment(payment_id), STATUSES[outcome.state]
    if not payment.is_open:
        if payment.status is not status:
            log.info("payments.late_news", payment_id=str(payment_id), status=payment.status, said=outcome.state)
        return
    is_open = status in OPEN
    columns = _learned(payment, outcome) | {
        "failure_code": outcome.failure_code[:64], "failure_message": outcome.failure_message,
        **(_for_the_payer(outcome) if is_open else OVER),
    }  # fmt: skip
    if status is payment.status:
        await history.change("payment", payment.id, **columns)
    else:
        await history.move("payment", payment.id, payment.status, status, actor, source, **columns)
    if status is PaymentStatus.FAILED:
        await outbox.emit(
            PaymentFailed(
                payment_id=payment.id, payer_id=payment.payer, purpose=payment.purpose, subject=payment.subject,
                amount=payment.amount.minor, currency=payment.amount.currency, failure_code=outcome.failure_code,
            )
        )  # fmt: skip


def _learned(payment: PaymentRow, outcome: Outcome) -> dict[str, Any]:
    return {"reference": outcome.reference or payment.reference, "capture": outcome.capture or payment.capture}


def _for_the_payer(outcome: Outcome) -> dict[str, Any]:
    """What a webhook leaves out does not take away what the answer told."""
    told = {
        "client_secret": outcome.client_secret,
        "action_url": outcome.action_url,
        "action_kind": outcome.action_kind,
    }
    return {name: value for name, value in told.items() if value}


async def _came_in(payment_id: UUID, outcome: Outcome, source: str, actor: UUID | None) -> None:
    seen = await get_payment(payment_id)
    due = await lock_due(seen.purpose, seen.subject)
    payment = await lock_payment(payment_id)
    if payment.captured.minor:
        if outcome.capture and not payment.capture:
            await history.change("payment", payment.id, capture=outcome.capture)
        return
    is_wanted = payment.is_open and outcome.amount == payment.amount and due is not None and is_for(due, payment)
    if is_wanted and due is not None:
        clearing = Account(AccountKind.PROVIDER_CLEARING, payment.amount.currency, provider=payment.provider)
        await capture(
            payment, due, [(clearing, payment.amount)], reason="capture", note=source, actor=actor,
            **_learned(payment, outcome),
        )  # fmt: skip
    else:
        await _surplus(payment, outcome, source)


def is_for(due: Due, payment: PaymentRow) -> bool:
    return due.open and due.amount == payment.amount and due.payer == payment.payer


async def lock_due(purpose: str, subject: UUID) -> Due | None:
    """What is due for a subject, which is locked then. None where there is no such thing any more."""
    try:
        return await payables.payable(purpose).lock(subject)
    except NotFound:
        return None


async def capture(
    payment: PaymentRow, due: Due, sources: Sequence[tuple[Account, Money]], *, reason: str, note: str, actor: UUID | None,
    **columns: Any,
) -> None:  # fmt: skip
    """Pay for a locked subject with a locked, open payment. Raises InsufficientFunds where a source is a wallet."""
    await post_many(_transfers(payment, due.shares, sources, reason, actor))
    await history.move(
        "payment", payment.id, payment.status, PaymentStatus.SUCCEEDED, actor, note,
        captured_minor=payment.amount.minor, succeeded_at=clock.now(), failure_code="", failure_message="", **OVER, **columns,
    )  # fmt: skip
    await payables.payable(payment.purpose).paid(payment.subject, payment.id)
    await outbox.emit(
        PaymentSucceeded(
            payment_id=payment.id, payer_id=payment.payer, purpose=payment.purpose, subject=payment.subject,
            provider=payment.provider, amount=payment.amount.minor, currency=payment.amount.currency,
        )
    )  # fmt: skip
    for other in await get_open(payment.purpose, payment.subject, payment.id):
        await recovery.look("payment", other)  # it finds that nothing is due any more, and closes it at the provider


def _transfers(
    payment: PaymentRow, shares: Sequence[Share], sources: Sequence[tuple[Account, Money]], reason: str, actor: UUID | None
) -> list[Transfer]:  # fmt: skip
    """One transfer a share, so that each order's statement shows its own. The first one's key is the payment's."""
    left = [(account, amount.minor) for account, amount in sources if amount.minor]
    transfers = []
    for n, share in enumerate((share for share in shares if share.amount.minor), 1):
        missing, moves = share.amount.minor, []
        while missing:
            account, minor = left.pop(0)
            part = min(missing, minor)
            moves.append(Move(account, share.account, Money(part, payment.amount.currency)))
            missing -= part
            if minor > part:
                left.insert(0, (account, minor - part))
        transfers.append(
            Transfer(
                key=f"payment:{payment.id}:capture" + (f":{n}" if n > 1 else ""), reason=reason, moves=moves, actor=actor,
                order_id=share.order_id, payment_id=payment.id,
            )
        )  # fmt: skip
    assert not left, "the shares sum to what is due"
    return transfers


async def _surplus(payment: PaymentRow, outcome: Outcome, source: str) -> None:
    """It came late, twice or in another amount: record it, and send it back."""
    amount = outcome.amount
    log.warning(
        "payments.surplus", payment_id=str(payment.id), status=payment.status, amount=str(amount), source=source
    )
    clearing = Account(AccountKind.PROVIDER_CLEARING, amount.currency, provider=payment.provider)
    back = Account(AccountKind.REFUND_CLEARING, amount.currency, provider=payment.provider)
    await post(
        Transfer(
            key=f"payment:{payment.id}:surplus", reason="surplus", moves=[Move(clearing, back, amount)], payment_id=payment.id
        )
    )  # fmt: skip
    columns = _learned(payment, outcome) | OVER | {
        "surplus": True, "captured_minor": amount.minor, "succeeded_at": clock.now(),
    }  # fmt: skip
    if payment.is_open:
        await history.move("payment", payment.id, payment.status, PaymentStatus.SUCCEEDED, None, source, **columns)
    else:
        await history.change("payment", payment.id, **columns)
    refund_id = await refunding.give_surplus_back(payment.id, amount)
    await outbox.emit(
        PaymentSurplus(
            payment_id=payment.id, payer_id=payment.payer, purpose=payment.purpose, subject=payment.subject,
            refund_id=refund_id, amount=amount.minor, currency=amount.currency,
        )
    )  # fmt: skip
