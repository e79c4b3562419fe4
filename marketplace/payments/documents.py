"""What an invoice or a credit note says, as it was when it was issued. Amounts are minor units of the document's currency."""

from collections.abc import Sequence

from msgspec import Struct

from marketplace.core.i18n import DEFAULT


class Party(Struct, frozen=True, kw_only=True):
    """Somebody as they were named then. `address` has the lines of an envelope."""

    name: str
    address: Sequence[str] = ()
    tax_id: str = ""
    registration_number: str = ""
    email: str = ""


class DocumentLine(Struct, frozen=True, kw_only=True):
    """`total_minor` is the truth, before discount, tax and shipping; `unit_minor` is shown where it says something."""

    title: str
    total_minor: int
    quantity: int = 1
    unit_minor: int | None = None
    detail: str = ""


class InvoiceDocument(Struct, frozen=True, kw_only=True):
    """Total = lines - discount + tax + shipping; raises ValueError where it is not. A credit note's amounts are positive.

    `corrects_number` is filled in when it is issued. `language` is the one its words are printed in.
    """

    currency: str
    seller: Party
    buyer: Party
    lines: Sequence[DocumentLine]
    total_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    shipping_minor: int = 0
    order_number: str = ""
    corrects_number: str = ""
    notes: str = ""
    language: str = DEFAULT

    def __post_init__(self) -> None:
        if min(self.total_minor, self.discount_minor, self.tax_minor, self.shipping_minor) < 0 or not self.lines:
            raise ValueError("a document has lines, and no amount below zero")
        total = self.subtotal_minor - self.discount_minor + self.tax_minor + self.shipping_minor
        if total != self.total_minor:
            raise ValueError(f"the lines make {total}, not {self.total_minor}")

    @property
    def subtotal_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)
