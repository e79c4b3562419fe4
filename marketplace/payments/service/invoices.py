"""Issuing documents: numbered without gaps, once for an order or a refund, and never changed."""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import structs

from marketplace.accounts.house import HOUSE
from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from marketplace.ledger.chart import NOBODY
from marketplace.payments.documents import InvoiceDocument
from marketplace.payments.events import InvoiceIssued
from marketplace.payments.queries.invoices import find_correction, find_credit_note, find_invoice
from marketplace.payments.states import InvoiceKind

PREFIX: Final = {InvoiceKind.INVOICE: "INV", InvoiceKind.CREDIT_NOTE: "CN"}
PLATFORM_CODE: Final = "MARKET"
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing that is mistaken for something else when it is read out."""

ISSUE: Final = """
WITH counter AS (
  INSERT INTO invoice_counters (issuer, kind, year, last, last_at) VALUES ($3, $4, $5, 1, $6)
  ON CONFLICT (issuer, kind, year) DO UPDATE SET last = invoice_counters.last + 1,
    last_at = greatest(invoice_counters.last_at, EXCLUDED.last_at)
  RETURNING last, last_at)
INSERT INTO invoices (id, issuer, kind, year, seq, number, issued_at, recipient, order_id, payment, refund, corrects,
  currency, total_minor, tax_minor, document)
SELECT $1, $2, $4, $5, last, $7 || lpad(last::text, greatest(6, length(last::text)), '0'), last_at, $8, $9, $10, $11, $12, $13,
  $14, $15, $16::jsonb
FROM counter RETURNING number
"""


async def issue(
    document: InvoiceDocument,
    *,
    issuer: UUID | None,
    recipient: UUID,
    kind: InvoiceKind = InvoiceKind.INVOICE,
    order_id: UUID | None = None,
    payment_id: UUID | None = None,
    refund_id: UUID | None = None,
    corrects: UUID | None = None,
) -> UUID:
    """Give the document its number, in the caller's transaction; call it late, for the seller's series is locked from here on.

    `issuer` None, or the house, is the platform. An order is invoiced once (with `payment_id`: what that payment paid of it), a
    refund credited once, a credit note taken back once: the same again is answered with what was issued. A correction names
    the document it `corrects`.
    """
    issuer = None if issuer == HOUSE else issuer
    assert db.in_transaction(), "a number that is given belongs to the transaction that needs it"
    if (found := await _issued_before(kind, order_id, payment_id, refund_id, corrects)) is not None:
        return found
    if corrects is not None:
        number = await db.fetch_val("SELECT number FROM invoices WHERE id = $1", corrects)
        document = structs.replace(document, corrects_number=number)
    now, invoice_id = clock.now(), uuid7()
    number = await db.fetch_val(
        ISSUE,
        invoice_id, issuer, issuer or NOBODY, kind, now.year, now, f"{PREFIX[kind]}-{code_of(issuer)}-{now.year}-",
        recipient, order_id, payment_id, refund_id, corrects, document.currency, document.total_minor, document.tax_minor,
        msgspec.json.encode(document).decode(),
    )  # fmt: skip
    await outbox.emit(
        InvoiceIssued(
            invoice_id=invoice_id, kind=kind, number=number, issuer_id=issuer, recipient_id=recipient, order_id=order_id
        )
    )
    return invoice_id


async def _issued_before(
    kind: InvoiceKind, order_id: UUID | None, payment_id: UUID | None, refund_id: UUID | None, corrects: UUID | None
) -> UUID | None:
    """Whoever asks for the same document waits here until the first has it or has given it up."""
    subject = refund_id if kind is InvoiceKind.CREDIT_NOTE else order_id or corrects
    if subject is None:
        return None
    # A statement of its own: only a look that begins after the lock was taken sees what its last holder wrote.
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"invoice:{kind}:{subject}")
    if kind is InvoiceKind.CREDIT_NOTE:
        return await find_credit_note(subject)
    return await (find_correction(subject) if order_id is None else find_invoice(subject, payment_id))


def code_of(issuer: UUID | None) -> str:
    """Eight characters that tell one seller's numbers from another's, from the random end of the id."""
    if issuer is None:
        return PLATFORM_CODE
    return "".join(ALPHABET[issuer.int >> shift & 31] for shift in range(35, -1, -5))
