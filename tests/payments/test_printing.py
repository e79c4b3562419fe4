"""Invoices on paper, read back: every script, long lines, many pages, every currency, the same bytes."""

import asyncio
import io
import os
import subprocess
import sys
from datetime import UTC, datetime

from pypdf import PdfReader

from marketplace.core.ids import digest
from marketplace.payments.documents import DocumentLine, Party
from marketplace.payments.printing import print_invoice
from marketplace.payments.states import InvoiceKind
from tests.factories.invoices import a_document

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def printed(kind=InvoiceKind.INVOICE, **over):
    return print_invoice(kind, "INV-X-2026-000001", AT, a_document(**over))


def pages(content):
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]


def squeezed(said):
    return "".join(said.split())


def test_it_says_who_what_and_how_much():
    (said,) = pages(printed())
    for part in (
        "INV-X-2026-000001",
        "Nov 20, 2026",
        "ORD-20261120-ABC123",
        "Tax ID: DE136695976",
        "Bob Buyer",
        "2 Side St",
    ):
        assert part in said
    assert [line for line in said.splitlines() if line.strip() in ("20.00", "2.00", "5.00")] and "27.00 USD" in said
    assert "Page 1 of 1" in said and "Discount" not in said


def test_chinese_is_readable_in_an_invoice_and_in_chinese_words():
    (said,) = pages(printed(language="zh", seller=Party(name="深圳钟表有限公司", address=["南山区科技园路 1 号"])))
    for part in (
        "发票",
        "编号",
        "深圳钟表有限公司",
        "南山区科技园路 1 号",
        "合计",
        "第 1 页，共 1 页",
        "2026年11月20日",
    ):
        assert squeezed(part) in squeezed(said)


def test_other_scripts_are_kept_and_markup_is_only_text():
    title = "<b>Łódź</b> & Ελληνικά Русский カタカナ 한국어"
    (said,) = pages(printed(lines=[DocumentLine(title=title, total_minor=2000)]))
    assert squeezed(title) in squeezed(said)


def test_what_no_font_has_does_not_break_it():
    (said,) = pages(printed(lines=[DocumentLine(title="A clock 🕰\x07\u202e!", total_minor=2000)]))
    assert "A clock □" in said


def test_long_lines_wrap_inside_the_page():
    for word in ("x" * 300, "中" * 300, "word " * 60):
        (said,) = pages(printed(lines=[DocumentLine(title=word, total_minor=2000)]))
        assert squeezed(word) in squeezed(said)
        assert max(len(line) for line in said.splitlines()) < 100


def test_many_lines_go_on_over_pages_under_a_repeated_head():
    lines = [DocumentLine(title=f"Clock {n}", total_minor=100, quantity=2, unit_minor=50) for n in range(200)]
    said = pages(printed(lines=lines, tax_minor=0, shipping_minor=0, total_minor=20_000))
    assert len(said) > 4
    for number, page in enumerate(said, 1):
        assert f"Page {number} of {len(said)}" in page
        assert ("Description" in page) == ("Clock" in page)
    assert all(f"Clock {n}\n" in "\n".join(said) for n in range(200)) and "200.00 USD" in said[-1]


def test_amounts_have_their_currencys_decimals():
    for currency, total in (("JPY", "1,234,567 JPY"), ("USD", "12,345.67 USD"), ("KWD", "1,234.567 KWD")):
        lines = [DocumentLine(title="A clock", total_minor=1_234_567)]
        (said,) = pages(printed(currency=currency, lines=lines, tax_minor=0, shipping_minor=0, total_minor=1_234_567))
        assert total in said


def test_a_credit_note_names_what_it_corrects():
    (said,) = pages(printed(InvoiceKind.CREDIT_NOTE, corrects_number="INV-X-2026-000007", notes="Scratched.\nSorry!"))
    for part in ("Credit note", "Corrects", "INV-X-2026-000007", "Scratched.", "Sorry!"):
        assert part in said


async def test_the_same_document_gives_the_same_bytes_in_any_thread_and_process():
    over = {"language": "zh", "notes": "谢谢 Łódź"}
    made = await asyncio.gather(*(asyncio.to_thread(printed, **over) for _ in range(8)))
    assert len(set(made)) == 1
    code = "from tests.payments.test_printing import *; print(digest(printed(language='zh', notes='谢谢 Łódź')))"
    other = subprocess.run(  # noqa: ASYNC221 - nothing else waits
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "7", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
    )
    assert other.stdout.strip() == digest(made[0]), other.stderr
