"""Payments and refunds as services work on them, plain and read for update.

Lock order: what the payment is for (its payable), then the payment, then its refunds and chargebacks, then ledger accounts.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from marketplace.core import db
from marketplace.core.money import Money
from marketplace.payments.errors import PaymentNotFound, RefundNotFound, UnknownToUs
from marketplace.payments.states import OPEN, PaymentStatus, RefundStatus

WALLET: Final = "wallet"
"""The provider of what is paid from the wallet: nobody is called for it."""


class PaymentRow(Struct, frozen=True, kw_only=True):
    """`captured` is what came in: another amount than was asked for makes a surplus."""

    id: UUID
    payer: UUID
    payer_email: str
    purpose: str
    subject: UUID
    provider: str
    amount: Money
    status: PaymentStatus
    surplus: bool
    captured: Money
    refunded: Money
    method: str
    description: str
    return_url: str
    payer_ip: str
    reference: str
    capture: str
    failure_code: str
    failure_message: str
    created_at: datetime

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def refundable(self) -> Money:
        """What is left of it to give back. A surplus is given back by itself."""
        return self.captured - self.refunded if not self.surplus else Money(0, self.captured.currency)


class RefundRow(Struct, frozen=True, kw_only=True):
    id: UUID
    payment: UUID
    order_id: UUID | None
    amount: Money
    status: RefundStatus
    reason: str
    reference: str
    attempts: int


PAYMENT: Final = (
    "SELECT p.*, u.email AS payer_email FROM payments p JOIN users u ON u.id = p.payer WHERE {} FOR UPDATE OF p"
)
PLAIN: Final = PAYMENT.removesuffix(" FOR UPDATE OF p")
REFUND: Final = "SELECT id, payment, order_id, amount_minor, currency, status, reason, reference, attempts FROM refunds WHERE id = $1"
OPEN_OF: Final = (
    "SELECT id FROM payments WHERE purpose = $1 AND subject = $2 "
    "AND status IN ('created', 'requires_payment_method', 'requires_action', 'processing') AND id <> $3 ORDER BY id"
)


async def get_payment(payment_id: UUID) -> PaymentRow:
    """Raises PaymentNotFound."""
    return _payment(await db.fetch_row(PLAIN.format("p.id = $1"), payment_id))


async def get_payment_of(payment_id: UUID, payer: UUID) -> PaymentRow:
    """The payer's own. Raises PaymentNotFound."""
    return _payment(await db.fetch_row(PLAIN.format("p.id = $1 AND p.payer = $2"), payment_id, payer))


async def lock_payment(payment_id: UUID) -> PaymentRow:
    """Lock what it is for before. Raises PaymentNotFound."""
    return _payment(await db.fetch_row(PAYMENT.format("p.id = $1"), payment_id))


async def get_open(purpose: str, subject: UUID, but: UUID) -> list[UUID]:
    """Open payments for the same subject, `but` one."""
    return [row["id"] for row in await db.fetch(OPEN_OF, purpose, subject, but)]


async def find_payment(provider: str, our_id: UUID | None, reference: str = "", capture: str = "") -> UUID:
    """The payment that a provider speaks of: by our id where it says that, else by its own. Raises UnknownToUs.

    Never another provider's: who may sign for one speaks of no other's money.
    """
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM payments WHERE provider = $1 AND CASE WHEN $2::uuid IS NOT NULL THEN id = $2 "
        "ELSE ($3 <> '' AND reference = $3) OR ($4 <> '' AND (capture = $4 OR reference = $4)) END LIMIT 1",
        provider, our_id, reference, capture,
    )  # fmt: skip
    if found is None:
        raise UnknownToUs(provider=provider, reference=reference or capture)
    return found


async def find_refund(provider: str, our_id: UUID | None, reference: str) -> UUID:
    """The same of a refund."""
    found: UUID | None = await db.fetch_val(
        "SELECT r.id FROM refunds r JOIN payments p ON p.id = r.payment WHERE p.provider = $1 "
        "AND CASE WHEN $2::uuid IS NOT NULL THEN r.id = $2 ELSE $3 <> '' AND r.reference = $3 END LIMIT 1",
        provider, our_id, reference,
    )  # fmt: skip
    if found is None:
        raise UnknownToUs(provider=provider, reference=reference)
    return found


async def get_refund(refund_id: UUID) -> RefundRow:
    """Raises RefundNotFound."""
    return _refund(await db.fetch_row(REFUND, refund_id))


async def lock_refund(refund_id: UUID) -> RefundRow:
    """Lock its payment before. Raises RefundNotFound."""
    return _refund(await db.fetch_row(REFUND + " FOR UPDATE", refund_id))


def _payment(row: asyncpg.Record | None) -> PaymentRow:
    if row is None:
        raise PaymentNotFound
    currency = row["currency"]
    return PaymentRow(
        id=row["id"], payer=row["payer"], payer_email=row["payer_email"], purpose=row["purpose"], subject=row["subject"],
        provider=row["provider"], amount=Money(row["amount_minor"], currency), status=PaymentStatus(row["status"]),
        surplus=row["surplus"], captured=Money(row["captured_minor"], currency),
        refunded=Money(row["refunded_minor"], currency), method=row["method"], description=row["description"],
        return_url=row["return_url"], payer_ip=row["payer_ip"], reference=row["reference"], capture=row["capture"],
        failure_code=row["failure_code"], failure_message=row["failure_message"], created_at=row["created_at"],
    )  # fmt: skip


def _refund(row: asyncpg.Record | None) -> RefundRow:
    if row is None:
        raise RefundNotFound
    return RefundRow(
        id=row["id"], payment=row["payment"], order_id=row["order_id"], amount=Money(row["amount_minor"], row["currency"]),
        status=RefundStatus(row["status"]), reason=row["reason"], reference=row["reference"], attempts=row["attempts"],
    )  # fmt: skip
