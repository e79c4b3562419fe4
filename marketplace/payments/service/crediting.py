"""Credit notes: what was invoiced and has been given back. And the opposite, for a bank that sends a refund back."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import structs

from marketplace.core import db
from marketplace.core.i18n import pick
from marketplace.payments.documents import DocumentLine, InvoiceDocument
from marketplace.payments.queries.invoices import find_credit_note
from marketplace.payments.service.invoices import issue
from marketplace.payments.states import InvoiceKind

CREDIT: Final = {"en": "Refund for {}", "zh": "退款：{}"}
TAKEN_BACK: Final = {
    "en": "The refund of {} could not be paid out; the credit is void.",
    "zh": "{} 的退款未能支付，贷项作废。",
}
REFUND: Final = """
SELECT r.amount_minor, r.reason, i.id, i.number, i.issuer, i.recipient, i.order_id, i.document::text AS document
FROM refunds r JOIN invoices i ON i.order_id = r.order_id AND i.kind = 'invoice' AND (i.payment IS NULL OR i.payment = r.payment)
WHERE r.id = $1 FOR NO KEY UPDATE OF i
"""
CREDITED: Final = """
SELECT coalesce(sum(c.total_minor), 0)::bigint AS total, coalesce(sum(c.tax_minor), 0)::bigint AS tax FROM invoices c
WHERE c.corrects = $1 AND NOT EXISTS (SELECT FROM invoices b WHERE b.corrects = c.id)
"""


async def credit_refund(refund_id: UUID) -> UUID | None:
    """Credit a refund that has gone through, once. None where nothing had been invoiced."""
    async with db.transaction():
        row = await db.fetch_row(REFUND, refund_id)
        if row is None:
            return None
        invoice = msgspec.json.decode(row["document"], type=InvoiceDocument)
        before = await db.fetch_row(CREDITED, row["id"])
        assert before is not None, "a sum is a row"
        note = credited(invoice, row["number"], row["amount_minor"], before["total"], before["tax"], row["reason"])
        return await issue(
            note, issuer=row["issuer"], recipient=row["recipient"], kind=InvoiceKind.CREDIT_NOTE, order_id=row["order_id"],
            refund_id=refund_id, corrects=row["id"],
        )  # fmt: skip


async def take_back_credit(refund_id: UUID) -> UUID | None:
    """A refund failed after it had been credited: what it credited is invoiced again, once. None where it was not."""
    async with db.transaction():
        note_id = await find_credit_note(refund_id)
        if note_id is None:
            return None
        row = await db.fetch_row(
            "SELECT issuer, recipient, number, document::text AS document FROM invoices WHERE id = $1", note_id
        )
        assert row is not None, "it was found just now"
        note = msgspec.json.decode(row["document"], type=InvoiceDocument)
        again = structs.replace(note, notes=pick(TAKEN_BACK, note.language).format(row["number"]))
        return await issue(again, issuer=row["issuer"], recipient=row["recipient"], corrects=note_id)


def credited(
    invoice: InvoiceDocument, number: str, minor: int, before: int, tax_before: int, reason: str
) -> InvoiceDocument:
    """The credit note for `minor` more, after `before` with `tax_before` was credited of the same invoice.

    Tax goes back in proportion to all that was given back, so that parts sum to what was invoiced. The whole at once is the
    invoice's own lines again.
    """
    if minor == invoice.total_minor:
        return structs.replace(invoice, notes=reason)
    tax = invoice.tax_minor * (before + minor) // invoice.total_minor - tax_before
    tax = min(max(tax, 0), minor)  # credits that were taken back meanwhile leave it a cent beside its share
    line = DocumentLine(title=pick(CREDIT, invoice.language).format(number), total_minor=minor - tax)
    return structs.replace(
        invoice, lines=[line], discount_minor=0, shipping_minor=0, tax_minor=tax, total_minor=minor, notes=reason
    )
