"""What must always be true of the ledger. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import db, invariants
from marketplace.ledger.chart import CHART, Limit

BROKEN: Final = {
    "the entries of a transfer net to zero in each currency": """
        SELECT transfer AS id FROM ledger_entries GROUP BY transfer, currency HAVING sum(amount_minor) <> 0""",
    "every entry belongs to a transfer and an account": """
        SELECT e.id FROM ledger_entries e LEFT JOIN ledger_transfers t ON t.id = e.transfer
        LEFT JOIN ledger_accounts a ON a.id = e.account WHERE t.id IS NULL OR a.id IS NULL""",
    "a balance is what the entries sum to": """
        SELECT a.id FROM ledger_accounts a LEFT JOIN (
          SELECT account, sum(amount_minor) AS total, count(*) AS n FROM ledger_entries GROUP BY account) e ON e.account = a.id
        WHERE a.balance_minor <> coalesce(e.total, 0) OR a.last_seq <> coalesce(e.n, 0)""",
    "entries follow each other without a hole": """
        SELECT id FROM (
          SELECT id, seq, previous_minor, amount_minor, current_minor,
            lag(current_minor, 1, 0::bigint) OVER one AS before, row_number() OVER one AS place
          FROM ledger_entries WINDOW one AS (PARTITION BY account ORDER BY seq)) e
        WHERE seq <> place OR previous_minor <> before OR current_minor <> previous_minor + amount_minor""",
    "no account is where it may not go": """
        SELECT id FROM ledger_accounts WHERE (NOT may_go_negative AND balance_minor - pending_out_minor < 0)
          OR (NOT may_go_positive AND balance_minor + pending_in_minor > 0)
        UNION SELECT a.id FROM ledger_accounts a JOIN ledger_entries e ON e.account = a.id
        WHERE (NOT a.may_go_negative AND e.current_minor < 0) OR (NOT a.may_go_positive AND e.current_minor > 0)""",
    "what is pending is what open holds will move": """
        SELECT a.id FROM ledger_accounts a LEFT JOIN (
          SELECT s.account, sum(s.debit) AS debit, sum(s.credit) AS credit FROM ledger_holds h
          CROSS JOIN LATERAL (VALUES (h.source, h.amount_minor, 0), (h.target, 0, h.amount_minor)) AS s(account, debit, credit)
          WHERE NOT EXISTS (SELECT FROM ledger_transfers t WHERE t.resolves = h.transfer) GROUP BY s.account) p ON p.account = a.id
        WHERE a.pending_out_minor <> coalesce(p.debit, 0) OR a.pending_in_minor <> coalesce(p.credit, 0)""",
    "a transfer moved what its action says": """
        SELECT t.id FROM ledger_transfers t LEFT JOIN ledger_holds h ON h.transfer = t.id
        WHERE (t.action = 'hold') <> (h.transfer IS NOT NULL)
          OR (t.action IN ('post', 'settle', 'reverse')) <> EXISTS (SELECT FROM ledger_entries e WHERE e.transfer = t.id)""",
    "no more is settled than was held": """
        SELECT t.id FROM ledger_transfers t JOIN ledger_holds h ON h.transfer = t.resolves JOIN ledger_entries e ON e.transfer = t.id
        WHERE abs(e.amount_minor) > h.amount_minor OR e.account NOT IN (h.source, h.target)""",
    "a reversal undoes exactly what it names": """
        SELECT t.id FROM ledger_transfers t JOIN LATERAL (
          SELECT account FROM ledger_entries e WHERE e.transfer IN (t.id, t.reverses) GROUP BY account HAVING sum(amount_minor) <> 0
        ) e ON true WHERE t.reverses IS NOT NULL""",
    "entries are in their account's currency": """
        SELECT e.id FROM ledger_entries e JOIN ledger_accounts a ON a.id = e.account WHERE e.currency <> a.currency""",
}
"""Each statement returns the ids that break its rule."""

AS_CHARTED = """
SELECT a.id FROM ledger_accounts a
LEFT JOIN unnest($1::text[], $2::boolean[], $3::boolean[]) AS c(kind, may_go_negative, may_go_positive) ON c.kind = a.kind
WHERE (a.may_go_negative, a.may_go_positive) IS DISTINCT FROM (c.may_go_negative, c.may_go_positive)"""
TOGETHER = """
SELECT min(id) AS id FROM ledger_accounts WHERE kind = ANY ($1::text[])
GROUP BY kind, owner, provider, currency HAVING sum(balance_minor) < 0"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
    rules = list(CHART.values())
    negative, positive = [rule.may_go_negative for rule in rules], [rule.may_go_positive for rule in rules]
    for row in await db.fetch(AS_CHARTED, list(CHART), negative, positive):
        yield f"an account's limits are the chart's: {row['id']}"
    together = [kind for kind, rule in CHART.items() if rule.shards > 1 and rule.limit is Limit.NOT_NEGATIVE]
    for row in await db.fetch(TOGETHER, together):
        yield f"no sharded account is below zero as a whole: {row['id']}"
