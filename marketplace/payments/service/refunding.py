"""Giving money back: recorded with the posting that takes it from somebody, sent by a job, settled when the provider says so."""

from uuid import UUID

import structlog

from marketplace.core import db, outbox
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments import history, payables, providers
from marketplace.payments.errors import RefundExceedsPayment
from marketplace.payments.events import RefundFailed, RefundSucceeded
from marketplace.payments.providers.base import (
    NotSupported,
    Outcome,
    ProviderRefused,
    Repayment,
    State,
    Subject,
)
from marketplace.payments.queries.locking import (
    WALLET,
    PaymentRow,
    RefundRow,
    get_payment,
    get_refund,
    lock_payment,
    lock_refund,
)
from marketplace.payments.service import recovery
from marketplace.payments.states import RefundStatus
from marketplace.payments.tables import Refund

log = structlog.get_logger(__name__)

SURPLUS = "surplus"


async def lock_refundable(payment_id: UUID, amount: Money) -> PaymentRow:
    """Lock the payment, under its subject's lock, before anything is posted. Raises RefundExceedsPayment."""
    payment = await lock_payment(payment_id)
    left = payment.refundable
    if not 0 < amount.minor <= left.minor or amount.currency != left.currency:
        raise RefundExceedsPayment(refundable=left.text, currency=left.currency)
    return payment


async def record(
    payment_id: UUID, amount: Money, *, refund_id: UUID, order_id: UUID | None, reason: str, actor: UUID | None
) -> None:
    """Record a refund, in the caller's transaction, and have the provider asked for it after the commit.

    The caller has moved the money to `refund_clearing` of the payment's provider; of a payment from the wallet, straight
    to the payer's wallet, and then the refund is done. Repeated with one `refund_id` it is one refund. Raises RefundExceedsPayment.
    """
    assert db.in_transaction(), "a refund belongs to the transaction that takes the money from somebody"
    payment = await lock_payment(payment_id)
    if await db.fetch_val("SELECT EXISTS (SELECT FROM refunds WHERE id = $1 AND payment = $2)", refund_id, payment_id):
        return
    await lock_refundable(payment_id, amount)
    done = payment.provider == WALLET
    status = RefundStatus.SUCCEEDED if done else RefundStatus.PENDING
    await _insert(payment, refund_id, amount, status, order_id, reason, actor)
    if done:
        await outbox.emit(_succeeded(payment, await get_refund(refund_id)))


async def give_surplus_back(payment_id: UUID, amount: Money) -> UUID:
    """The refund of what a locked payment brought in vain; it is in `refund_clearing`."""
    refund_id = uuid7()
    payment = await get_payment(payment_id)
    await _insert(payment, refund_id, amount, RefundStatus.PENDING, None, SURPLUS, None)
    return refund_id


async def _insert(
    payment: PaymentRow, refund_id: UUID, amount: Money, status: RefundStatus, order_id: UUID | None, reason: str,
    actor: UUID | None,
) -> None:  # fmt: skip
    await Refund(
        id=refund_id, payment=payment.id, order_id=order_id, amount_minor=amount.minor, currency=amount.currency,
        status=status, reason=reason, requested_by=actor,
    ).save()  # fmt: skip
    await history.born("refund", refund_id, status, actor, reason)
    await history.change("payment", payment.id, refunded_minor=payment.refunded.minor + amount.minor)
    if status is RefundStatus.PENDING:
        await recovery.look("refund", refund_id)


@recovery.asks("refund")
async def send(refund_id: UUID) -> bool:
    """Ask the provider for the refund, or how it stands with one that it knows. Whether it is still pending."""
    refund = await get_refund(refund_id)
    if refund.status is not RefundStatus.PENDING:
        return False
    payment = await get_payment(refund.payment)
    await db.execute("UPDATE refunds SET attempts = least(attempts + 1, 30000) WHERE id = $1", refund_id)
    await apply_refund(refund_id, await _ask(payment, refund), source="provider")
    return (await get_refund(refund_id)).status is RefundStatus.PENDING


async def _ask(payment: PaymentRow, refund: RefundRow) -> Outcome:
    if refund.attempts:
        known = await providers.calling(payment.provider).fetch(Subject.REFUND, refund.id, refund.reference)
        if known is not None:
            return known
    repayment = Repayment(
        refund_id=refund.id, payment_id=payment.id, reference=payment.reference, capture=payment.capture,
        amount=refund.amount, charged=Money(payment.captured.minor, refund.amount.currency), reason=refund.reason,
    )  # fmt: skip
    try:
        return await providers.calling(payment.provider).refund(repayment)
    except (ProviderRefused, NotSupported) as refusal:
        return _refused(refund, refusal)


def _refused(refund: RefundRow, refusal: DomainError) -> Outcome:
    return Outcome(
        subject=Subject.REFUND, reference=refund.reference, state=State.FAILED, amount=refund.amount, our_id=refund.id,
        failure_code="provider_error", failure_message=refusal.message,
    )  # fmt: skip


async def apply_refund(refund_id: UUID, outcome: Outcome, *, source: str) -> None:
    """Let the refund be as its provider says, in whatever order it is told. Raises RefundNotFound.

    One that had succeeded may fail still: a bank sends the money back. Then it is where it came from again.
    """

    async def once() -> None:
        async with db.transaction():
            refund = await get_refund(refund_id)
            payment = await get_payment(refund.payment)
            if outcome.state is State.FAILED:
                await _fail(payment, refund_id, outcome, source)
                return
            payment, refund = await lock_payment(refund.payment), await lock_refund(refund_id)
            if refund.status is not RefundStatus.PENDING:
                return
            if outcome.state is State.SUCCEEDED:
                await _succeed(payment, refund, outcome, source)
            else:
                await history.change("refund", refund.id, reference=outcome.reference or refund.reference)

    await db.retrying(once)


async def _succeed(payment: PaymentRow, refund: RefundRow, outcome: Outcome, source: str) -> None:
    await _post(refund, payment, "settle", _clearing(payment, refund), _provider(payment, refund))
    await history.move(
        "refund", refund.id, refund.status, RefundStatus.SUCCEEDED, None, source,
        reference=outcome.reference or refund.reference, failure_code="", failure_message="",
    )  # fmt: skip
    await outbox.emit(_succeeded(payment, refund))


async def _fail(payment: PaymentRow, refund_id: UUID, outcome: Outcome, source: str) -> None:
    payable = payables.payable(payment.purpose)
    await _lock_subject(payment)
    payment, refund = await lock_payment(payment.id), await lock_refund(refund_id)
    if refund.status is RefundStatus.FAILED:
        return
    clearing = _clearing(payment, refund)
    if refund.status is RefundStatus.SUCCEEDED:
        await _post(refund, payment, "returned", _provider(payment, refund), clearing)
    await history.move(
        "refund", refund.id, refund.status, RefundStatus.FAILED, None, source,
        reference=outcome.reference or refund.reference, failure_code=outcome.failure_code[:64],
        failure_message=outcome.failure_message,
    )  # fmt: skip
    await history.change("payment", payment.id, refunded_minor=payment.refunded.minor - refund.amount.minor)
    if payment.surplus:
        # It was never anybody's but the payer's: what the provider cannot bring back waits in the wallet.
        wallet = Account(AccountKind.WALLET_AVAILABLE, refund.amount.currency, payment.payer)
        await _post(refund, payment, "to_wallet", clearing, wallet)
    else:
        await payable.refund_failed(payment.subject, refund_id=refund.id, amount=refund.amount, source=clearing)
    await outbox.emit(
        RefundFailed(
            refund_id=refund.id, payment_id=payment.id, payer_id=payment.payer, order_id=refund.order_id,
            amount=refund.amount.minor, currency=refund.amount.currency, failure_code=outcome.failure_code,
        )
    )  # fmt: skip


async def _lock_subject(payment: PaymentRow) -> None:
    """A surplus has nothing that it was for."""
    if not payment.surplus:
        await payables.payable(payment.purpose).lock(payment.subject)


async def _post(refund: RefundRow, payment: PaymentRow, what: str, source: Account, target: Account) -> None:
    await post(
        Transfer(
            key=f"refund:{refund.id}:{what}", reason=f"refund_{what}", moves=[Move(source, target, refund.amount)],
            order_id=refund.order_id, payment_id=payment.id,
        )
    )  # fmt: skip


def _clearing(payment: PaymentRow, refund: RefundRow) -> Account:
    return Account(AccountKind.REFUND_CLEARING, refund.amount.currency, provider=payment.provider)


def _provider(payment: PaymentRow, refund: RefundRow) -> Account:
    return Account(AccountKind.PROVIDER_CLEARING, refund.amount.currency, provider=payment.provider)


def _succeeded(payment: PaymentRow, refund: RefundRow) -> RefundSucceeded:
    return RefundSucceeded(
        refund_id=refund.id, payment_id=payment.id, payer_id=payment.payer, order_id=refund.order_id,
        amount=refund.amount.minor, currency=refund.amount.currency,
    )  # fmt: skip
