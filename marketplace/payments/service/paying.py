"""Paying for something: with a provider, in steps, or from the wallet, in one transaction."""

from uuid import UUID

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import NOBODY, Account
from marketplace.ledger.states import AccountKind
from marketplace.payments import history, payables, providers
from marketplace.payments.errors import (
    NotPayable,
    PaymentInProgress,
    PaymentNotCompleted,
    PaymentNotFound,
    PaymentReturned,
)
from marketplace.payments.payables import Due, NothingDue
from marketplace.payments.providers.base import Provider
from marketplace.payments.queries.locking import (
    WALLET,
    PaymentRow,
    get_open,
    get_payment,
    get_payment_of,
    lock_payment,
)
from marketplace.payments.service import charging, completing, recovery
from marketplace.payments.states import PAYMENT, PaymentStatus
from marketplace.payments.tables import Payment


async def start(
    viewer_id: UUID, purpose: str, subject: UUID, provider_name: str, *, amount: Money | None = None, method: str = "",
    return_url: str = "", request_id: UUID | None = None, payer_ip: str = "",
) -> UUID:  # fmt: skip
    """Begin to pay for a subject with a provider; outside of any transaction. Returns the payment's id.

    Started again with one `request_id` it goes on with the same payment. An older one for the subject that is still open is
    closed first. `amount` is for what has no price of its own, such as a deposit: the payment's row is there before its
    payable is locked. Raises NothingDue, NotPayable, PaymentInProgress, ValidationFailed, ProviderRefused, and
    ProviderUnknown, after which the payment is there and will be asked for.
    """
    assert not db.in_transaction(), "a provider is called here"
    provider = providers.provider(provider_name)
    payment_id = request_id or uuid7()
    begun = await _begun(request_id, viewer_id, purpose, subject) if request_id else None
    if begun is None:
        await _close_older(viewer_id, purpose, subject, payment_id)

        async def intend() -> None:
            async with db.transaction():
                await _intend(payment_id, viewer_id, purpose, subject, provider, amount, method, return_url, payer_ip)

        await db.retrying(intend)
        begun = await get_payment(payment_id)
    if begun.status is PaymentStatus.CREATED:
        await charging.create(begun)
    return payment_id


async def _begun(payment_id: UUID, viewer_id: UUID, purpose: str, subject: UUID) -> PaymentRow | None:
    try:
        payment = await get_payment(payment_id)
    except PaymentNotFound:
        return None
    if (payment.payer, payment.purpose, payment.subject) != (viewer_id, purpose, subject):
        raise PaymentNotFound
    return payment


async def _close_older(viewer_id: UUID, purpose: str, subject: UUID, but: UUID) -> None:
    for older in await get_open(purpose, subject, but):
        if (await get_payment(older)).payer == viewer_id:
            await charging.close(older, source="another payment was begun", actor=viewer_id)


async def _intend(
    payment_id: UUID, viewer_id: UUID, purpose: str, subject: UUID, provider: Provider, amount: Money | None, method: str,
    return_url: str, payer_ip: str,
) -> None:  # fmt: skip
    """Record that a payment is about to be asked for, while what it is for is locked."""
    if amount is not None:
        await _insert(payment_id, viewer_id, purpose, subject, provider.name, amount, "", method, return_url, payer_ip)
    due = await payables.payable(purpose).lock(subject)
    check_payable(due, viewer_id)
    if amount not in (None, due.amount):
        raise ValidationFailed.of("amount", f"What is due is {due.amount}.")
    if provider.currencies is not None and due.amount.currency not in provider.currencies:
        raise ValidationFailed.of("payment_method", f"{provider.name} takes no {due.amount.currency}.")
    others = await get_open(purpose, subject, payment_id)
    if others:
        raise PaymentInProgress(payment_id=str(others[0]))
    if amount is None:
        await _insert(
            payment_id, viewer_id, purpose, subject, provider.name, due.amount, due.description, method, return_url, payer_ip
        )  # fmt: skip
    else:
        await history.change("payment", payment_id, description=due.description[:200])
    await recovery.look("payment", payment_id, after=recovery.PATIENCE)


def check_payable(due: Due, viewer_id: UUID) -> None:
    """Raises NothingDue for who does not owe it, NotPayable for what is no longer owed."""
    if due.payer != viewer_id:
        raise NothingDue
    if not due.open or due.amount.minor <= 0:
        raise NotPayable


async def _insert(
    payment_id: UUID, viewer_id: UUID, purpose: str, subject: UUID, provider: str, amount: Money, description: str,
    method: str, return_url: str, payer_ip: str = "",
) -> None:  # fmt: skip
    await Payment(
        id=payment_id, payer=viewer_id, purpose=purpose, subject=subject, provider=provider, amount_minor=amount.minor,
        currency=amount.currency, description=description[:200], method=method, return_url=return_url, payer_ip=payer_ip,
    ).save()  # fmt: skip
    await history.born("payment", payment_id, PaymentStatus.CREATED, viewer_id)


async def confirm(payment_id: UUID, viewer_id: UUID, method: str = "") -> None:
    """Take the money, or make sure that it was taken. Raises PaymentNotFound, PaymentNotCompleted (with how it stands),
    PaymentReturned for what came in vain, ProviderRefused, ProviderUnknown."""
    payment = await get_payment_of(payment_id, viewer_id)
    if payment.status is PaymentStatus.CREATED:
        await charging.create(payment)
        payment = await get_payment(payment_id)
    if payment.is_open:
        await charging.confirm(payment, method, viewer_id)
        payment = await get_payment(payment_id)
    if payment.surplus:
        raise PaymentReturned(payment_id=str(payment_id))
    if payment.status is not PaymentStatus.SUCCEEDED:
        raise PaymentNotCompleted(
            payment.failure_message or None, payment_id=str(payment_id), status=payment.status.value,
            failure_code=payment.failure_code,
        )  # fmt: skip


async def cancel(payment_id: UUID, viewer_id: UUID) -> None:
    """Give an open payment up. Raises PaymentNotFound, IllegalTransition where it has ended otherwise, PaymentInProgress."""
    payment = await get_payment_of(payment_id, viewer_id)
    if payment.is_open:
        payment = await charging.close(payment_id, source="cancelled", actor=viewer_id)
    if payment.status is not PaymentStatus.CANCELLED:
        PAYMENT.check(payment.status, PaymentStatus.CANCELLED)


async def pay_from_wallet(
    viewer_id: UUID, purpose: str, subject: UUID, *, request_id: UUID | None = None, payment_id: UUID | None = None,
    held: Money | None = None,
) -> UUID:  # fmt: skip
    """Pay from the viewer's wallet, at once, in the caller's transaction or one of its own. Returns the payment's id.

    `held` of it comes from what is held for a bid. Repeated with one id it is one payment. Raises NothingDue, NotPayable,
    InsufficientFunds, and leaves the caller's transaction whole then.
    """
    the_id = payment_id or request_id or uuid7()

    async def once() -> None:
        async with db.transaction(), db.savepoint():
            due = await payables.payable(purpose).lock(subject)
            if await _begun(the_id, viewer_id, purpose, subject) is None:
                await _pay(the_id, viewer_id, purpose, subject, due, held)

    await db.retrying(once)
    return the_id


async def _pay(payment_id: UUID, viewer_id: UUID, purpose: str, subject: UUID, due: Due, held: Money | None) -> None:
    check_payable(due, viewer_id)
    currency, total = due.amount.currency, due.amount.minor
    from_hold = min(held.minor, total) if held is not None else 0
    sources = [
        (Account(AccountKind.WALLET_HELD, currency, viewer_id), Money(from_hold, currency)),
        (Account(AccountKind.WALLET_AVAILABLE, currency, viewer_id), Money(total - from_hold, currency)),
    ]
    await _insert(payment_id, viewer_id, purpose, subject, WALLET, due.amount, due.description, "", "")
    payment = await lock_payment(payment_id)
    await completing.capture(payment, due, sources, reason="payment", note="paid from the wallet", actor=viewer_id)


async def due_changed(purpose: str, subject: UUID) -> None:
    """What is due for a subject has changed, or nothing is any more: its open payments are closed if they do not fit.

    In the transaction of the change. Without it they are found a little later, and what they bring in vain goes back.
    """
    for payment_id in await get_open(purpose, subject, NOBODY):
        await recovery.look("payment", payment_id)
