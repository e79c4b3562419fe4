"""The invoice of an order, in its seller's name, when it is paid; of an order in parts, one a part. What is refunded of it
payments credit.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import structs

from marketplace.core import db
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.parts import Part
from marketplace.orders.shares import between
from marketplace.payments.documents import DocumentLine, InvoiceDocument
from marketplace.payments.service.invoices import issue as issue_document
from marketplace.payments.service.parties import party_of

BOUGHT: Final = """
SELECT o.discount_minor, o.shipping_minor, o.billing_address::text AS billing_address, u.language
FROM orders o JOIN users u ON u.id = o.buyer WHERE o.id = $1
"""
LINES: Final = (
    'SELECT title, variant, quantity, unit_minor, subtotal_minor FROM order_lines WHERE "order" = $1 ORDER BY position'
)


async def issue(order: LockedOrder, part: Part | None, payment_id: UUID) -> None:
    """The invoice of an order, or of the part of it, that has just been paid. What cost nothing has none."""
    if order.total_minor == 0:
        return
    document = await _whole(order)
    if part is not None:
        document = _of_part(document, order, part)
    await issue_document(
        document, issuer=order.seller, recipient=order.buyer, order_id=order.id, payment_id=payment_id if part else None
    )


async def _whole(order: LockedOrder) -> InvoiceDocument:
    bought = await db.fetch_row(BOUGHT, order.id)
    assert bought is not None, "orders are never deleted"
    lines = [
        DocumentLine(
            title=row["title"], detail=row["variant"], quantity=row["quantity"], unit_minor=row["unit_minor"],
            total_minor=row["subtotal_minor"],
        )
        for row in await db.fetch(LINES, order.id)
    ]  # fmt: skip
    return InvoiceDocument(
        currency=order.currency, seller=await party_of(order.seller),
        buyer=await party_of(order.buyer, _decoded(bought["billing_address"])), lines=lines, total_minor=order.total_minor,
        discount_minor=bought["discount_minor"], tax_minor=order.tax_minor, shipping_minor=bought["shipping_minor"],
        order_number=order.number, language=bought["language"],
    )  # fmt: skip


def _of_part(whole: InvoiceDocument, order: LockedOrder, part: Part) -> InvoiceDocument:
    """With its share of the tax: those of all parts sum to the order's."""
    before, after = order.captured_minor - part.amount_minor, order.captured_minor
    tax = between(before, after, total=order.total_minor, fee=order.commission_minor, tax=order.tax_minor).tax
    line = DocumentLine(title=order.title, detail=part.title, total_minor=part.amount_minor - tax)
    return structs.replace(
        whole, lines=[line], total_minor=part.amount_minor, tax_minor=tax, discount_minor=0, shipping_minor=0
    )


def _decoded(address: str | None) -> dict[str, str] | None:
    return msgspec.json.decode(address) if address else None
