from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import to_text
from marketplace.core.pagination import ListQuery, Order
from marketplace.payments.documents import InvoiceDocument
from marketplace.payments.schemas.invoices import InvoiceDetail, InvoiceLineOut, InvoiceOut, InvoiceRole
from marketplace.payments.states import InvoiceKind

COLUMNS: Final = (
    "i.id, i.kind, i.number, CASE WHEN i.recipient = {} THEN 'received' ELSE 'issued' END AS role, i.issuer, "
    "i.document #>> '{seller,name}' AS issuer_name, i.recipient, i.document #>> '{buyer,name}' AS recipient_name, i.order_id, "
    "i.document ->> 'order_number' AS order_number, i.corrects, i.currency, money_text(i.tax_minor, i.currency) AS tax, "
    "money_text(i.total_minor, i.currency) AS total, i.issued_at"
)
MINE: Final = (
    # Each half is read in the order of its own index; an OR would sort all of a seller's.
    "(SELECT * FROM invoices WHERE recipient = {} UNION ALL SELECT * FROM invoices WHERE issuer = {} AND recipient <> {}) i"
)


ONE: Final = (
    "SELECT i.document::text AS document, "
    f"(SELECT row_to_json(shown)::text FROM (SELECT {COLUMNS.replace('{}', '$2')}) AS shown) AS shown "
    "FROM invoices i WHERE i.id = $1 AND $2 IN (i.issuer, i.recipient)"
)


class InvoiceFilters(Filters):
    role: InvoiceRole | None = None
    kind: InvoiceKind | None = None
    order_id: UUID | None = None


INVOICES: Final = Listing(
    "invoices", InvoiceFilters, key=Order("i.id", "uuid"), default="-issued_at",
    ordering={"issued_at": Order("i.issued_at", "timestamptz")}, search=("i.number",), date="i.issued_at",
)  # fmt: skip


class Issued(Struct, frozen=True, kw_only=True):
    """A document as it is stored: what printing needs."""

    kind: InvoiceKind
    number: str
    issued_at: datetime
    document: InvoiceDocument


async def list_invoices(viewer_id: UUID, listing: ListQuery[InvoiceFilters]) -> Envelope[Page[InvoiceOut]]:
    """What was issued to the viewer, and by them."""
    wanted = listing.filters
    found = (
        listing.rows(MINE, viewer_id, viewer_id, viewer_id)
        .columns(COLUMNS, viewer_id)
        .when("i.kind = {}", wanted.kind)
        .when("i.order_id = {}", wanted.order_id)
    )
    if wanted.role is not None:
        found.where(f"i.{'recipient' if wanted.role is InvoiceRole.RECEIVED else 'issuer'} = {{}}", viewer_id)
    return await found.page(InvoiceOut)


async def get_invoice(viewer_id: UUID, invoice_id: UUID) -> InvoiceDetail:
    """Raises NotFound to everybody but the two parties."""
    row = await db.fetch_row(ONE, invoice_id, viewer_id)
    if row is None:
        raise NotFound
    out = msgspec.json.decode(row["shown"], type=InvoiceOut)
    document = msgspec.json.decode(row["document"], type=InvoiceDocument)

    def shown(minor: int) -> str:
        return to_text(minor, document.currency)

    return InvoiceDetail(
        **msgspec.structs.asdict(out),
        seller=document.seller,
        buyer=document.buyer,
        lines=[
            InvoiceLineOut(
                title=line.title, detail=line.detail, quantity=line.quantity, total=shown(line.total_minor),
                unit_price=None if line.unit_minor is None else shown(line.unit_minor),
            )
            for line in document.lines
        ],
        subtotal=shown(document.subtotal_minor),
        discount=shown(document.discount_minor),
        shipping=shown(document.shipping_minor),
        corrects_number=document.corrects_number,
        notes=document.notes,
    )  # fmt: skip


async def get_issued(viewer_id: UUID, invoice_id: UUID) -> Issued:
    """The document for printing. Raises NotFound to everybody but the two parties."""
    return await rows.one(
        Issued,
        "SELECT kind, number, issued_at, document FROM invoices WHERE id = $1 AND $2 IN (issuer, recipient)",
        invoice_id, viewer_id,
    )  # fmt: skip


async def find_invoice(order_id: UUID, payment_id: UUID | None) -> UUID | None:
    """What the order was invoiced with, or what was paid of it with one of several payments."""
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM invoices WHERE kind = 'invoice' AND order_id = $1 AND payment IS NOT DISTINCT FROM $2",
        order_id, payment_id,
    )  # fmt: skip
    return found


async def find_credit_note(refund_id: UUID) -> UUID | None:
    """What the refund was credited with."""
    found: UUID | None = await db.fetch_val("SELECT id FROM invoices WHERE refund = $1", refund_id)
    return found


async def find_correction(invoice_id: UUID) -> UUID | None:
    """The invoice that took back a credit note."""
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM invoices WHERE kind = 'invoice' AND corrects = $1", invoice_id
    )
    return found
