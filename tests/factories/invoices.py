"""Documents to issue."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.payments.documents import DocumentLine, InvoiceDocument, Party
from marketplace.payments.service import paying
from marketplace.payments.service.invoices import issue
from tests.factories import payments


def a_document(**over: Any) -> InvoiceDocument:
    """A clock at 20.00, with 2.00 tax and 5.00 shipping, unless told otherwise."""
    values: dict[str, Any] = {
        "currency": "USD",
        "seller": Party(name="Ann's Clocks", address=["1 Main St", "Berlin, 10115", "DE"], tax_id="DE136695976"),
        "buyer": Party(name="Bob Buyer", address=["2 Side St", "Paris, 75001", "FR"]),
        "lines": [DocumentLine(title="Brass ship clock", total_minor=2000)],
        "tax_minor": 200,
        "shipping_minor": 500,
        "total_minor": 2700,
        "order_number": "ORD-20261120-ABC123",
    }
    return InvoiceDocument(**(values | over))


async def an_invoice(
    issuer: UUID | None, recipient: UUID, *, document: InvoiceDocument | None = None, order_id: UUID | None = None
) -> UUID:
    async with db.transaction():
        return await issue(document or a_document(), issuer=issuer, recipient=recipient, order_id=order_id)


async def a_refund(payer: UUID, order_id: UUID, minor: int, reason: str = "Scratched") -> UUID:
    """One that has gone through, of a payment of its own."""
    stall = await payments.a_stall(payer, 10_000)
    await payments.fill_wallet(payer, 10_000)
    payment = await paying.pay_from_wallet(payer, payments.PURPOSE, stall.id)
    return await payments.a_refund(payment, minor, order_id=order_id, reason=reason)
