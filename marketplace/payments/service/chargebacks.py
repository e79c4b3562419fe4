"""A payer's bank takes money back: it is held while that is disputed, and goes back when we win, on to the provider when we lose."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Move, Transfer
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from marketplace.payments import history, payables
from marketplace.payments.errors import UnknownToUs
from marketplace.payments.events import ChargebackClosed, ChargebackOpened
from marketplace.payments.providers.base import Outcome, State
from marketplace.payments.queries.locking import PaymentRow, get_payment, lock_payment
from marketplace.payments.states import ChargebackStatus
from marketplace.payments.tables import Chargeback

CLOSED: Final = {State.WON: ChargebackStatus.WON, State.LOST: ChargebackStatus.LOST}


class _Dispute(Struct, frozen=True):
    id: UUID
    amount: Money
    status: ChargebackStatus

    @property
    def key(self) -> str:
        """Of the postings; what the payable knows it by."""
        return f"chargeback:{self.id}"

    @property
    def hold(self) -> Account:
        return Account(AccountKind.DISPUTE_HOLD, self.amount.currency, self.id)


async def apply_dispute(payment_id: UUID, outcome: Outcome, *, source: str) -> None:
    """Let the chargeback be as the provider says. Its end may be heard of before its beginning.

    Raises UnknownToUs while the payment has brought nothing that could be taken: that news may still be on its way.
    """

    async def once() -> None:
        async with db.transaction():
            seen = await get_payment(payment_id)
            await payables.payable(seen.purpose).lock(seen.subject)
            payment = await lock_payment(payment_id)
            if not payment.captured.minor or payment.surplus or outcome.amount.currency != payment.amount.currency:
                raise UnknownToUs(payment_id=str(payment_id))
            dispute = await _lock(payment_id, outcome.reference) or await _open(payment, outcome, source)
            if dispute.status is ChargebackStatus.OPEN and outcome.state in CLOSED:
                await _close(payment, dispute, CLOSED[outcome.state], source)

    await db.retrying(once)


async def _lock(payment_id: UUID, reference: str) -> _Dispute | None:
    row = await db.fetch_row(
        "SELECT id, amount_minor, currency, status FROM chargebacks WHERE payment = $1 AND reference = $2 FOR UPDATE",
        payment_id, reference,
    )  # fmt: skip
    if row is None:
        return None
    return _Dispute(row["id"], Money(row["amount_minor"], row["currency"]), ChargebackStatus(row["status"]))


async def _open(payment: PaymentRow, outcome: Outcome, source: str) -> _Dispute:
    dispute = _Dispute(uuid7(), outcome.amount, ChargebackStatus.OPEN)
    await Chargeback(
        id=dispute.id, payment=payment.id, reference=outcome.reference, amount_minor=dispute.amount.minor,
        currency=dispute.amount.currency, status=dispute.status, reason=outcome.reason[:64],
    ).save()  # fmt: skip
    await history.born("chargeback", dispute.id, dispute.status, None, source)
    await payables.payable(payment.purpose).take_back(
        payment.subject, key=dispute.key, reason="chargeback", amount=dispute.amount, to=dispute.hold
    )
    await outbox.emit(
        ChargebackOpened(
            chargeback_id=dispute.id, payment_id=payment.id, payer_id=payment.payer, purpose=payment.purpose,
            subject=payment.subject, amount=dispute.amount.minor, currency=dispute.amount.currency, reason=outcome.reason[:64],
        )
    )  # fmt: skip
    return dispute


async def _close(payment: PaymentRow, dispute: _Dispute, status: ChargebackStatus, source: str) -> None:
    payable, won = payables.payable(payment.purpose), status is ChargebackStatus.WON
    if won:
        await payable.give_back(payment.subject, key=dispute.key, reason="chargeback_won", source=dispute.hold)
    else:
        await payable.lost(payment.subject, key=dispute.key)
        clearing = Account(AccountKind.PROVIDER_CLEARING, dispute.amount.currency, provider=payment.provider)
        await post(
            Transfer(
                key=f"{dispute.key}:lost", reason="chargeback_lost", moves=[Move(dispute.hold, clearing, dispute.amount)],
                payment_id=payment.id,
            )
        )  # fmt: skip
    await history.move("chargeback", dispute.id, dispute.status, status, None, source)
    await outbox.emit(
        ChargebackClosed(
            chargeback_id=dispute.id, payment_id=payment.id, payer_id=payment.payer, purpose=payment.purpose,
            subject=payment.subject, amount=dispute.amount.minor, currency=dispute.amount.currency, won=won,
        )
    )  # fmt: skip
