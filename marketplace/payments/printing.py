"""An invoice or credit note as a PDF, in the language of its document."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table, TableStyle

from marketplace.core.i18n import pick, say_time
from marketplace.core.money import exponent
from marketplace.core.papers import WIDTH, render, style, table, text
from marketplace.payments.documents import DocumentLine, InvoiceDocument, Party
from marketplace.payments.states import InvoiceKind

LONGEST_DETAIL: Final = 500


class Words(Struct, frozen=True):
    titles: dict[InvoiceKind, str]
    number: str
    date: str
    order: str
    corrects: str
    seller: str
    buyer: str
    tax_id: str
    registration: str
    head: tuple[str, str, str, str]
    subtotal: str
    discount: str
    tax: str
    shipping: str
    total: str
    amounts: str
    page: str


WORDS: Final = {
    "en": Words(
        {InvoiceKind.INVOICE: "Invoice", InvoiceKind.CREDIT_NOTE: "Credit note"}, "Number", "Date", "Order", "Corrects",
        "From", "To", "Tax ID", "Registration", ("Description", "Quantity", "Unit price", "Amount"), "Subtotal",
        "Discount", "Tax", "Shipping", "Total", "All amounts in {}", "Page {} of {}",
    ),
    "zh": Words(
        {InvoiceKind.INVOICE: "发票", InvoiceKind.CREDIT_NOTE: "贷项通知单"}, "编号", "日期", "订单", "更正单据",
        "卖方", "买方", "税号", "注册号", ("项目", "数量", "单价", "金额"), "小计",
        "折扣", "税额", "运费", "合计", "金额单位：{}", "第 {} 页，共 {} 页",
    ),
}  # fmt: skip


def print_invoice(kind: InvoiceKind, number: str, issued_at: datetime, document: InvoiceDocument) -> bytes:
    """The PDF; work for a thread. The same document gives the same bytes."""
    words = pick(WORDS, document.language)
    flow: list[Flowable] = [
        text(words.titles[kind], style(18, bold=True)),
        Spacer(0, 4 * mm),
        _facts(words, number, issued_at, document),
        Spacer(0, 6 * mm),
        _side_by_side(_party(words, words.seller, document.seller), _party(words, words.buyer, document.buyer)),
        Spacer(0, 8 * mm),
        text(words.amounts.format(document.currency), style(7.5, grey=True)),
        table(words.head, [_row(line, document.currency) for line in document.lines], (9, 2, 3, 3), 1),
        Spacer(0, 3 * mm),
        _sums(words, document),
    ]
    if document.notes:
        flow += [Spacer(0, 6 * mm), text(document.notes)]
    return render(number, document.seller.name, flow, words.page.format)


def figure(minor: int, currency: str) -> str:
    """For people to read: 1234567 is 12,345.67 in USD and 1,234,567 in JPY."""
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):,.{places}f}"


def _facts(words: Words, number: str, issued_at: datetime, document: InvoiceDocument) -> Table:
    facts = [
        (words.number, number),
        (words.date, say_time(issued_at, document.language)),
        (words.order, document.order_number),
        (words.corrects, document.corrects_number),
    ]
    rows = [[text(name, style(grey=True)), text(value)] for name, value in facts if value]
    return _plain(Table(rows, colWidths=[28 * mm, WIDTH - 28 * mm]))


def _party(words: Words, role: str, party: Party) -> list[Flowable]:
    numbers = [(words.tax_id, party.tax_id), (words.registration, party.registration_number)]
    lines = [*party.address, *(f"{name}: {value}" for name, value in numbers if value), party.email]
    return [
        text(role, style(7.5, grey=True)),
        text(party.name, style(bold=True)),
        *(text(line) for line in lines if line),
    ]  # fmt: skip


def _row(line: DocumentLine, currency: str) -> Sequence[str]:
    title = f"{line.title}\n{line.detail[:LONGEST_DETAIL]}" if line.detail else line.title
    unit = "" if line.unit_minor is None else figure(line.unit_minor, currency)
    return title, str(line.quantity), unit, figure(line.total_minor, currency)


def _sums(words: Words, document: InvoiceDocument) -> Table:
    def parts() -> Iterator[tuple[str, int]]:
        yield words.subtotal, document.subtotal_minor
        yield words.discount, -document.discount_minor
        yield words.shipping, document.shipping_minor
        yield words.tax, document.tax_minor

    rows = [
        [text(name, style(right=True)), text(figure(minor, document.currency), style(right=True))]
        for i, (name, minor) in enumerate(parts()) if minor or i == 0
    ]  # fmt: skip
    total = f"{figure(document.total_minor, document.currency)} {document.currency}"
    rows.append([text(words.total, style(10, bold=True, right=True)), text(total, style(10, bold=True, right=True))])
    return _plain(Table(rows, colWidths=[WIDTH - 55 * mm, 55 * mm]))


def _side_by_side(left: list[Flowable], right: list[Flowable]) -> Table:
    return _plain(Table([[left, right]], colWidths=[WIDTH / 2, WIDTH / 2]))


def _plain(made: Table) -> Table:
    made.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1)])
    )  # fmt: skip
    return made
