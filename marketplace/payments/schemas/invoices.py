from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from marketplace.core.money import AmountText, Currency
from marketplace.payments.documents import Party
from marketplace.payments.states import InvoiceKind


class InvoiceRole(StrEnum):
    """ISSUED: the viewer sold; RECEIVED: the viewer bought."""

    ISSUED = "issued"
    RECEIVED = "received"


class InvoiceOut(Struct, frozen=True, kw_only=True):
    """`issuer` is null for what the platform itself issues. `corrects` is the document that this one corrects."""

    id: UUID
    kind: InvoiceKind
    number: str
    role: InvoiceRole
    issuer: UUID | None
    issuer_name: str
    recipient: UUID
    recipient_name: str
    order_id: UUID | None
    order_number: str
    corrects: UUID | None
    currency: Currency
    tax: AmountText
    total: AmountText
    issued_at: datetime


class InvoiceLineOut(Struct, frozen=True, kw_only=True):
    title: str
    detail: str
    quantity: int
    unit_price: AmountText | None
    total: AmountText


class InvoiceDetail(InvoiceOut, frozen=True, kw_only=True):
    """Everything it shows, as it was when it was issued. total = subtotal - discount + tax + shipping."""

    seller: Party
    buyer: Party
    lines: list[InvoiceLineOut]
    subtotal: AmountText
    discount: AmountText
    shipping: AmountText
    corrects_number: str
    notes: str
