"""Talking to a provider about one payment, and letting it be as the provider says. Nothing here runs in a transaction."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.core import clock, db
from marketplace.core.config import settings
from marketplace.core.errors import DomainError
from marketplace.payments import providers
from marketplace.payments.errors import PaymentInProgress
from marketplace.payments.providers.base import (
    Charge,
    NotSupported,
    Outcome,
    ProviderRefused,
    ProviderUnknown,
    State,
    Subject,
)
from marketplace.payments.queries.locking import PaymentRow, get_payment, lock_payment
from marketplace.payments.service import completing, recovery
from marketplace.payments.states import PaymentStatus

NEVER_BEGUN: Final = timedelta(hours=1)
"""After this long a provider that has never heard of a payment will not be asked for it again. Less than a provider keeps
idempotency keys, so that no payment is ever begun twice."""
ABANDONED: Final = timedelta(hours=24)
"""After this long a payment that waits for its payer is closed."""


def charge_of(payment: PaymentRow, method: str = "") -> Charge:
    """The same at every call for a payment, for its id is an idempotency key."""
    return Charge(
        payment_id=payment.id, amount=payment.amount, description=payment.description, method=method or payment.method,
        payer_email=payment.payer_email, payer_ip=payment.payer_ip, return_url=payment.return_url,
        notify_url=f"{settings().public_url}/api/v1/payments/webhook/{payment.provider}/",
        metadata={"payment_id": str(payment.id), "purpose": payment.purpose, "subject": str(payment.subject)},
    )  # fmt: skip


async def create(payment: PaymentRow) -> None:
    """Open it at its provider. Raises ProviderUnknown, and ProviderRefused, which is its end."""
    try:
        outcome = await providers.calling(payment.provider).create(charge_of(payment))
    except (ProviderRefused, NotSupported) as refusal:
        await completing.apply(payment.id, _refused(payment, refusal), source="provider")
        raise
    except ProviderUnknown as silence:
        silence.details["payment_id"] = str(payment.id)
        raise
    await completing.apply(payment.id, outcome, source="provider")


async def confirm(payment: PaymentRow, method: str, actor: UUID | None) -> None:
    """Take the money of an open payment, or hear why not yet. Raises ProviderUnknown, ProviderRefused."""
    try:
        outcome = await providers.calling(payment.provider).confirm(charge_of(payment, method), payment.reference)
    except ProviderRefused:
        known = await fetch(payment)
        if method or known is None:
            raise
        outcome = known
    await completing.apply(payment.id, outcome, source="confirmed", actor=actor)


async def close(payment_id: UUID, *, source: str, actor: UUID | None = None) -> PaymentRow:
    """Close an open payment at its provider, and say what became of it: it may have succeeded meanwhile.

    Raises PaymentInProgress where the provider works on it, and ProviderUnknown.
    """
    payment = await get_payment(payment_id)
    if not payment.is_open:
        return payment
    if payment.status is PaymentStatus.CREATED:
        payment = await _close_unheard_of(payment, source, actor)
    if payment.is_open:
        try:
            outcome: Outcome | None = await providers.calling(payment.provider).cancel(payment.id, payment.reference)
        except (ProviderRefused, NotSupported):
            outcome = await fetch(payment)
        if outcome is not None:
            await completing.apply(payment_id, outcome, source=source, actor=actor)
        payment = await get_payment(payment_id)
    if payment.is_open:
        raise PaymentInProgress(payment_id=str(payment_id), status=payment.status.value)
    return payment


async def _close_unheard_of(payment: PaymentRow, source: str, actor: UUID | None) -> PaymentRow:
    """One whose first call was not answered, or is being made at this moment."""
    known = await fetch(payment)
    if known is None and clock.now() - payment.created_at < recovery.PATIENCE:
        raise PaymentInProgress(payment_id=str(payment.id), status=payment.status.value, headers={"Retry-After": "30"})
    await completing.apply(payment.id, known or _ended(payment, State.CANCELLED, ""), source=source, actor=actor)
    return await get_payment(payment.id)


async def fetch(payment: PaymentRow) -> Outcome | None:
    return await providers.calling(payment.provider).fetch(Subject.CHARGE, payment.id, payment.reference)


@recovery.asks("payment")
async def ask(payment_id: UUID) -> bool:
    """Whether it is still open, after its provider was asked how it stands; what nobody waits for is closed there."""
    payment = await get_payment(payment_id)
    if not payment.is_open:
        return False
    age = clock.now() - payment.created_at
    known = await fetch(payment)
    if known is not None:
        await completing.apply(payment_id, known, source="asked")
        if waits_for_us(known):
            await _take_what_was_agreed(payment_id)
    elif payment.status is PaymentStatus.CREATED and age > NEVER_BEGUN:
        await completing.apply(payment_id, _ended(payment, State.FAILED, "expired"), source="asked")
    elif payment.status is PaymentStatus.CREATED and age > recovery.PATIENCE:
        await _create_again(payment)
    payment = await get_payment(payment_id)
    if payment.is_open and (_is_abandoned(payment) or not await _is_due(payment)):
        try:
            payment = await close(payment_id, source="nobody waits for it")
        except PaymentInProgress:
            return True
    return payment.is_open


def waits_for_us(outcome: Outcome) -> bool:
    """Whether the payer has done theirs, and only `confirm` is missing: their browser may never come back to do it."""
    return outcome.state is State.REQUIRES_ACTION and outcome.action_kind == "confirm"


async def _take_what_was_agreed(payment_id: UUID) -> None:
    payment = await get_payment(payment_id)
    if not payment.is_open or not await _is_due(payment):
        return
    try:
        await confirm(payment, "", None)
    except ProviderRefused:
        return  # it still says that it waits: the payer may choose another way to pay


async def _create_again(payment: PaymentRow) -> None:
    try:
        await create(payment)
    except (ProviderRefused, NotSupported):
        return  # and that has been recorded


def _is_abandoned(payment: PaymentRow) -> bool:
    return payment.status is not PaymentStatus.PROCESSING and clock.now() - payment.created_at > ABANDONED


async def _is_due(payment: PaymentRow) -> bool:
    async with db.transaction():
        due = await completing.lock_due(payment.purpose, payment.subject)
        return due is not None and completing.is_for(due, await lock_payment(payment.id))


def _refused(payment: PaymentRow, refusal: DomainError) -> Outcome:
    return _ended(payment, State.FAILED, "provider_error", refusal.message)


def _ended(payment: PaymentRow, state: State, failure_code: str, message: str = "") -> Outcome:
    """What we say ourselves of a payment that its provider does not have."""
    return Outcome(
        subject=Subject.CHARGE, reference=payment.reference, state=state, amount=payment.amount, our_id=payment.id,
        failure_code=failure_code, failure_message=message,
    )  # fmt: skip
