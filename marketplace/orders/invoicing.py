"""The invoice of an order, in its seller's name, when it is paid. What is refunded of it payments credit."""

from typing import Final

import msgspec

from marketplace.core import db
from marketplace.orders.fulfilment import LockedOrder
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


async def issue(order: LockedOrder) -> None:
    """The invoice of an order that has just been paid. What cost nothing has none."""
    if order.total_minor == 0:
        return
    bought = await db.fetch_row(BOUGHT, order.id)
    assert bought is not None, "orders are never deleted"
    lines = [
        DocumentLine(
            title=row["title"], detail=row["variant"], quantity=row["quantity"], unit_minor=row["unit_minor"],
            total_minor=row["subtotal_minor"],
        )
        for row in await db.fetch(LINES, order.id)
    ]  # fmt: skip
    document = InvoiceDocument(
        currency=order.currency, seller=await party_of(order.seller),
        buyer=await party_of(order.buyer, _decoded(bought["billing_address"])), lines=lines, total_minor=order.total_minor,
        discount_minor=bought["discount_minor"], tax_minor=order.tax_minor, shipping_minor=bought["shipping_minor"],
        order_number=order.number, language=bought["language"],
    )  # fmt: skip
    await issue_document(document, issuer=order.seller, recipient=order.buyer, order_id=order.id)


def _decoded(address: str | None) -> dict[str, str] | None:
    return msgspec.json.decode(address) if address else None
