"""Our own books: every invariant that is registered, in one snapshot."""

from typing import Final

from marketplace.core import db, invariants
from marketplace.payments.reconciliation.findings import Found

STATEMENT_TIMEOUT_MS: Final = 10 * 60_000
"""Whole tables are summed up here; a request may never take as long."""


async def look_at_books() -> list[Found]:
    """Every breach. Read in one snapshot, so that a transfer underway is seen wholly or not at all."""
    async with db.transaction(isolation="repeatable_read", readonly=True):
        await db.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
        breaches = [breach async for breach in invariants.violations()]
    return [_as_found(breach) for breach in breaches]


def _as_found(breach: str) -> Found:
    rule, _, subject_id = breach.rpartition(": ")
    return Found(rule=(rule or breach)[:200], subject_id=subject_id[:128] if rule else "")


def concerns_money(found: Found) -> bool:
    """Whether payouts must wait for it. Work that is merely late is for the operator, and mends itself."""
    return found.rule not in invariants.RULES
