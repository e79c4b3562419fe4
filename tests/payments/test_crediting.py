"""Credit notes: what was given back, in shares that sum to what was invoiced, and what becomes of them when a refund fails."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.orders.service import refunding
from marketplace.payments.documents import InvoiceDocument
from marketplace.payments.service.crediting import credit_refund, credited, take_back_credit
from tests.factories import a_user
from tests.factories.invoices import a_document, a_refund, an_invoice
from tests.factories.ledger import hold_invariants
from tests.factories.orders import an_order as a_sold_order
from tests.factories.payments import work_off

pytestmark = pytest.mark.usefixtures("tables")


async def an_order():
    seller, buyer, order = (await a_user()).id, (await a_user()).id, uuid7()
    return await an_invoice(seller, buyer, order_id=order), buyer, order


async def note(refund):
    row = await db.fetch_row("SELECT *, document::text AS said FROM invoices WHERE refund = $1", refund)
    return row, json.decode(row["said"], type=InvoiceDocument)


async def test_the_whole_is_credited_line_by_line():
    invoice, buyer, order = await an_order()
    refund = await a_refund(buyer, order, 2700)
    assert await credit_refund(refund) == await credit_refund(refund)
    row, said = await note(refund)
    assert row["corrects"] == invoice and row["number"].startswith("CN-") and row["seq"] == 1
    assert (said.lines[0].title, said.total_minor, said.notes) == ("Brass ship clock", 2700, "Scratched")
    assert said.corrects_number == await db.fetch_val("SELECT number FROM invoices WHERE id = $1", invoice)
    await hold_invariants()


async def test_parts_sum_to_the_whole():
    _, buyer, order = await an_order()
    refunds = [await a_refund(buyer, order, 900) for _ in range(3)]
    for refund in refunds:
        await credit_refund(refund)
    assert [(await note(refund))[1].tax_minor for refund in refunds] == [66, 67, 67]
    await hold_invariants()


@given(
    total=st.integers(1, 10_000),
    tax=st.integers(0, 10_000),
    parts=st.lists(st.integers(1, 3_000), min_size=1, max_size=6),
)
def test_tax_is_credited_in_proportion_and_never_more_than_invoiced(total, tax, parts):
    tax = min(tax, total)
    line = a_document().lines[0]
    invoice = a_document(
        lines=[type(line)(title="A", total_minor=total - tax)], tax_minor=tax, shipping_minor=0, total_minor=total
    )
    given_back = back_tax = 0
    for part in [*parts, total]:
        part = min(part, total - given_back)
        if part:
            said = credited(invoice, "INV-1", part, given_back, back_tax, "")
            given_back, back_tax = given_back + part, back_tax + said.tax_minor
            assert said.total_minor == part and abs(back_tax - tax * given_back / total) < 1
    assert (given_back, back_tax) == (total, tax)


async def test_what_was_never_invoiced_is_not_credited():
    buyer = (await a_user()).id
    assert await credit_refund(await a_refund(buyer, uuid7(), 100)) is None


async def test_a_refund_that_comes_back_is_invoiced_again_once():
    _, buyer, order = await an_order()
    refund = await a_refund(buyer, order, 2700)
    credit = await credit_refund(refund)
    again = await take_back_credit(refund)
    assert again == await take_back_credit(refund)
    row = await db.fetch_row("SELECT kind, corrects, order_id, total_minor FROM invoices WHERE id = $1", again)
    assert tuple(row) == ("invoice", credit, None, 2700)
    await credit_refund(await a_refund(buyer, order, 2700))  # the next try is credited in full
    await hold_invariants()


async def test_refunds_of_one_order_at_once():
    _, buyer, order = await an_order()
    refunds = [await a_refund(buyer, order, 270) for _ in range(10)]
    await asyncio.gather(*(credit_refund(refund) for refund in refunds))
    assert sum([(await note(refund))[1].tax_minor for refund in refunds]) == 200
    await hold_invariants()


async def test_an_orders_refund_that_its_provider_refuses_is_no_credit_in_the_end():
    order = await a_sold_order(10_000, paid=True)
    await refunding.refund(order, Money(7_721, "USD"), None, "Returned")  # an amount that the sandbox refuses to send
    assert await db.fetch_val("SELECT count(*) FROM invoices WHERE kind = 'credit_note'") == 1
    await work_off()
    again = await db.fetch_row("SELECT total_minor, corrects FROM invoices WHERE kind = 'invoice' AND order_id IS NULL")
    assert again["total_minor"] == 7_721
    assert again["corrects"] == await db.fetch_val("SELECT id FROM invoices WHERE kind = 'credit_note'")
    await hold_invariants()
