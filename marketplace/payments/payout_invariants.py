"""What must always be true of payouts. Run after every race and fault test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "a payout's money is where its status says": """
        SELECT p.id FROM payouts p LEFT JOIN (
          SELECT t.payout_id, sum(e.amount_minor) FILTER (WHERE a.kind = 'payout_in_transit') AS transit,
            sum(e.amount_minor) FILTER (WHERE a.kind = 'bank') AS bank
          FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id JOIN ledger_accounts a ON a.id = e.account
          WHERE t.payout_id IS NOT NULL AND t.reason <> 'debt_settled' GROUP BY t.payout_id) m ON m.payout_id = p.id
        WHERE coalesce(m.transit, 0) <> CASE WHEN p.status IN ('requested', 'awaiting_approval', 'processing') THEN p.amount_minor ELSE 0 END
          OR coalesce(m.bank, 0) <> CASE WHEN p.status = 'paid' THEN p.amount_minor ELSE 0 END""",
    "what a payout puts back goes where it came from": """
        SELECT p.id FROM payouts p JOIN ledger_transfers t ON t.payout_id = p.id JOIN ledger_entries e ON e.transfer = t.id
        JOIN ledger_accounts a ON a.id = e.account
        WHERE a.owner <> '00000000-0000-0000-0000-000000000000' AND t.reason <> 'debt_settled'
          AND (a.owner, a.kind, abs(e.amount_minor), e.currency) IS DISTINCT FROM (p."user",
            CASE p.source WHEN 'wallet' THEN 'wallet_available' ELSE 'seller_available' END, p.amount_minor, p.currency)""",
    "no more is paid out than was earned or paid in": """
        SELECT p."user" AS id FROM payouts p JOIN ledger_accounts a ON a.owner = p."user" AND a.currency = p.currency
          AND a.kind = CASE p.source WHEN 'wallet' THEN 'wallet_available' ELSE 'seller_available' END
        WHERE p.status NOT IN ('failed', 'returned', 'rejected', 'cancelled')
        GROUP BY p."user", p.source, p.currency, a.id
        HAVING sum(p.amount_minor) > (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entries e
          JOIN ledger_transfers t ON t.id = e.transfer WHERE e.account = a.id AND t.payout_id IS NULL)""",
    "a payout under way is asked about, and no other": """
        SELECT id FROM payouts WHERE (status = 'processing' AND sent_at IS NOT NULL) <> (check_at IS NOT NULL)""",
    "what was approved was approved by somebody else, and what needs it was approved": """
        SELECT id FROM payouts WHERE approved_by = "user" OR (approved_by IS NULL) <> (approved_at IS NULL)
          OR (needs_approval AND approved_by IS NULL AND status IN ('processing', 'paid', 'failed', 'returned'))""",
    "a person has at most one default payout method": """
        SELECT "user" AS id FROM payout_methods WHERE is_default AND removed_at IS NULL GROUP BY "user" HAVING count(*) > 1""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
