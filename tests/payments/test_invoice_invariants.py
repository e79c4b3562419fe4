"""A check that can't fail guards nothing: each is shown a breach."""

import asyncpg
import pytest

from marketplace.core import db, invariants
from marketplace.core.ids import uuid7
from marketplace.payments.invariants import INVOICES
from marketplace.payments.service.crediting import credit_refund
from tests.factories import a_user
from tests.factories.invoices import a_refund, an_invoice

pytestmark = pytest.mark.usefixtures("tables")

SERIES = "a series of invoices has every number"
BREACHES = [
    (SERIES, "UPDATE invoice_counters SET last = last + 1"),
    (SERIES, "DELETE FROM invoice_counters"),
    (SERIES, "DELETE FROM invoices WHERE seq = 1 AND kind = 'invoice' AND id NOT IN (SELECT corrects FROM invoices WHERE corrects IS NOT NULL)"),
    (SERIES, "DELETE FROM invoices WHERE kind = 'credit_note'"),
    (SERIES, "UPDATE invoices SET seq = 7 WHERE seq = 1 AND kind = 'invoice'"),
    ("an invoice's number is what its series says", "UPDATE invoices SET number = number || '0'"),
    ("an invoice's number is what its series says", "UPDATE invoices SET issued_at = issued_at + interval '1 minute' WHERE seq = 1"),
    ("an invoice's number is what its series says", "UPDATE invoices SET issued_at = issued_at - interval '1 year'"),
    ("an invoice's sums are its document's", "UPDATE invoices SET total_minor = total_minor + 1"),
    ("an invoice's sums are its document's", "UPDATE invoices SET currency = 'EUR'"),
    ("an invoice's sums are its document's", "UPDATE invoices SET document = jsonb_set(document, '{lines,0,total_minor}', '1')"),
    ("a correction names a document of the same parties", "UPDATE invoices SET recipient = issuer WHERE kind = 'credit_note'"),
    ("a correction names a document of the same parties", "UPDATE invoices SET corrects = id WHERE kind = 'credit_note'"),
    ("no more is credited than was invoiced", "UPDATE invoices SET total_minor = 999999 WHERE kind = 'credit_note'"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
async def test_a_breach_is_found(rule, breach):
    seller, buyer, order = (await a_user()).id, (await a_user()).id, uuid7()
    await an_invoice(seller, buyer)
    await an_invoice(seller, buyer, order_id=order)
    await credit_refund(await a_refund(buyer, order, 900))
    assert [found async for found in invariants.violations()] == []
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            await db.execute("ALTER TABLE invoices DISABLE TRIGGER invoices_append_only")
            await db.execute(breach)
            assert any(found.startswith(rule) for found in [found async for found in invariants.violations()])
            raise ZeroDivisionError


def test_every_rule_is_shown_a_breach():
    assert all(any(name.startswith(rule) for rule, _ in BREACHES) for name in INVOICES)


async def test_what_was_issued_is_never_changed():
    await an_invoice(None, (await a_user()).id)
    for attempt in ("UPDATE invoices SET total_minor = 1", "DELETE FROM invoices"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await db.execute(attempt)
