"""Issuing: series without gaps, once for an order or a refund, documents that say what they said then."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.payments.documents import DocumentLine, InvoiceDocument, Party
from marketplace.payments.service.invoices import code_of, issue
from tests.factories import a_user
from tests.factories.invoices import a_document

pytestmark = pytest.mark.usefixtures("tables")


async def issued(issuer: UUID | None, recipient: UUID, **over: Any) -> asyncpg.Record:
    async with db.transaction():
        invoice_id = await issue(over.pop("document", a_document()), issuer=issuer, recipient=recipient, **over)
    row = await db.fetch_row("SELECT * FROM invoices WHERE id = $1", invoice_id)
    assert row is not None
    return row


async def test_a_series_counts_from_one_for_each_seller_and_for_the_house():
    ann, bob, buyer = (await a_user()).id, (await a_user()).id, (await a_user()).id
    year = clock.now().year
    numbers = [(await issued(seller, buyer))["number"] for seller in (ann, ann, bob, None, None)]
    assert numbers == [
        f"INV-{code_of(ann)}-{year}-000001", f"INV-{code_of(ann)}-{year}-000002", f"INV-{code_of(bob)}-{year}-000001",
        f"INV-MARKET-{year}-000001", f"INV-MARKET-{year}-000002",
    ]  # fmt: skip


async def test_an_order_is_invoiced_once():
    seller, buyer, order = (await a_user()).id, (await a_user()).id, uuid7()
    first = await issued(seller, buyer, order_id=order)
    again = await issued(seller, buyer, order_id=order)
    assert first["id"] == again["id"] and await db.fetch_val("SELECT last FROM invoice_counters") == 1


async def test_the_year_is_that_of_utc_and_begins_a_series(monkeypatch):
    seller, buyer = (await a_user()).id, (await a_user()).id
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))
    last = await issued(seller, buyer)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 1, tzinfo=UTC))
    first = await issued(seller, buyer)
    assert last["number"].endswith("-2026-000001") and first["number"].endswith("-2027-000001")


async def test_dates_never_run_against_the_numbers(monkeypatch):
    seller, buyer = (await a_user()).id, (await a_user()).id
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 5, 2, tzinfo=UTC))
    first = await issued(seller, buyer)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 5, 1, tzinfo=UTC))  # another machine, another clock
    assert (await issued(seller, buyer))["issued_at"] == first["issued_at"]


async def test_what_is_undone_leaves_no_gap():
    seller, buyer = (await a_user()).id, (await a_user()).id
    await issued(seller, buyer)
    with pytest.raises(RuntimeError):
        async with db.transaction():
            await issue(a_document(), issuer=seller, recipient=buyer)
            raise RuntimeError
    assert (await issued(seller, buyer))["seq"] == 2


async def test_a_document_must_add_up():
    party = Party(name="Ann")
    with pytest.raises(ValueError, match="the lines make 1000, not 999"):
        InvoiceDocument(
            currency="USD", seller=party, buyer=party, lines=[DocumentLine(title="A clock", total_minor=1000)],
            total_minor=999,
        )  # fmt: skip
