"""What must always be true of payments. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from marketplace.core import db, invariants
from marketplace.payments.history import PAPERS

MONEY: Final = {
    "what a payment captured is what was posted for it": """
        SELECT coalesce(p.id, l.payment_id) AS id FROM (
          SELECT id, amount_minor FROM payments WHERE status = 'succeeded' AND NOT surplus) p
        FULL JOIN (
          SELECT t.payment_id, sum(e.amount_minor) AS minor FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id
          WHERE t.key LIKE 'payment:%:capture%' AND e.amount_minor > 0 GROUP BY t.payment_id) l ON l.payment_id = p.id
        WHERE p.amount_minor IS DISTINCT FROM l.minor""",
    "what came in vain is what was posted as surplus": """
        SELECT coalesce(p.id, l.payment_id) AS id FROM (SELECT id, captured_minor FROM payments WHERE surplus) p
        FULL JOIN (
          SELECT t.payment_id, sum(e.amount_minor) AS minor FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id
          WHERE t.key LIKE 'payment:%:surplus' AND e.amount_minor > 0 GROUP BY t.payment_id) l ON l.payment_id = p.id
        WHERE p.captured_minor IS DISTINCT FROM l.minor""",
    "a payment that succeeded brought what was asked, or is a surplus": """
        SELECT id FROM payments WHERE (status = 'succeeded' AND NOT surplus AND captured_minor <> amount_minor)
          OR (captured_minor > 0) <> (status = 'succeeded' OR surplus)""",
    "refunds that have not failed are counted on their payment, and never pass what came in": """
        SELECT p.id FROM payments p LEFT JOIN (
          SELECT payment, sum(amount_minor) AS minor FROM refunds WHERE status <> 'failed' GROUP BY payment) r ON r.payment = p.id
        WHERE p.refunded_minor <> coalesce(r.minor, 0) OR p.refunded_minor > p.captured_minor""",
    "a surplus has been given back, or waits in its payer's wallet": """
        SELECT p.id FROM payments p WHERE surplus AND NOT EXISTS (
          SELECT FROM refunds r WHERE r.payment = p.id AND r.amount_minor = p.captured_minor AND (r.status <> 'failed'
            OR EXISTS (SELECT FROM ledger_transfers t WHERE t.key = 'refund:' || r.id || ':to_wallet')))""",
    "refund clearing holds what pending refunds will bring": """
        SELECT coalesce(a.provider, r.provider) || ' ' || coalesce(a.currency, r.currency) AS id FROM (
          SELECT provider, currency, sum(balance_minor) AS minor FROM ledger_accounts WHERE kind = 'refund_clearing' GROUP BY 1, 2) a
        FULL JOIN (
          SELECT p.provider, r.currency, sum(r.amount_minor) AS minor FROM refunds r JOIN payments p ON p.id = r.payment
          WHERE r.status = 'pending' GROUP BY 1, 2) r ON r.provider = a.provider AND r.currency = a.currency
        WHERE coalesce(a.minor, 0) <> coalesce(r.minor, 0)""",
    "what is in transit is what payouts under way will bring": """
        SELECT coalesce(a.provider, o.provider) || ' ' || coalesce(a.currency, o.currency) AS id FROM (
          SELECT provider, currency, sum(balance_minor) AS minor FROM ledger_accounts WHERE kind = 'payout_in_transit' GROUP BY 1, 2) a
        FULL JOIN (
          SELECT provider, currency, sum(amount_minor) AS minor FROM payouts
          WHERE status IN ('requested', 'awaiting_approval', 'processing') GROUP BY 1, 2) o
          ON o.provider = a.provider AND o.currency = a.currency
        WHERE coalesce(a.minor, 0) <> coalesce(o.minor, 0)""",
    "a dispute holds what was charged back until it is decided": """
        SELECT coalesce(c.id, a.owner) AS id FROM (SELECT id, currency, amount_minor FROM chargebacks WHERE status = 'open') c
        FULL JOIN (SELECT owner, currency, balance_minor FROM ledger_accounts WHERE kind = 'dispute_hold' AND balance_minor <> 0) a
          ON a.owner = c.id AND a.currency = c.currency
        WHERE c.amount_minor IS DISTINCT FROM a.balance_minor""",
    "nothing is paid twice": """
        SELECT subject AS id FROM payments WHERE status = 'succeeded' AND NOT surplus GROUP BY purpose, subject HAVING count(*) > 1""",
    "what is open at a provider will be asked for": """
        SELECT o.id FROM (
          SELECT 'payment' AS kind, id FROM payments
          WHERE status IN ('created', 'requires_payment_method', 'requires_action', 'processing')
          UNION ALL SELECT 'refund', id FROM refunds WHERE status = 'pending') o
        WHERE NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'payments.look' AND t.key = o.kind || ':' || o.id)
          AND NOT EXISTS (SELECT FROM outbox x WHERE x.handler = 'job:payments.service.recovery.ask'
            AND x.body ->> 'kind' = o.kind AND x.body ->> 'paper_id' = o.id::text)""",
    "a webhook that was taken is worked on": """
        SELECT w.id FROM webhook_events w WHERE w.status = 'received'
          AND NOT EXISTS (SELECT FROM timers t WHERE t.kind = 'payments.webhook' AND t.key = w.id::text)
          AND NOT EXISTS (SELECT FROM outbox x WHERE x.handler = 'job:payments.service.webhooks.work'
            AND x.body ->> 'webhook_id' = w.id::text)""",
}
INVOICES: Final = {
    "a series of invoices has every number from 1 to its last": """
        SELECT coalesce(c.id::text, s.issuer::text) AS id FROM invoice_counters c FULL JOIN (
          SELECT coalesce(issuer, '00000000-0000-0000-0000-000000000000') AS issuer, kind, year, count(*) AS n, min(seq) AS first,
            max(seq) AS last FROM invoices GROUP BY 1, 2, 3) s USING (issuer, kind, year)
        WHERE (s.n, s.first, s.last) IS DISTINCT FROM (c.last::bigint, 1, c.last)""",
    "an invoice's number is what its series says, and dates never run against numbers": """
        SELECT id FROM (SELECT id, number, year, seq, issued_at, lag(issued_at) OVER (
          PARTITION BY coalesce(issuer, '00000000-0000-0000-0000-000000000000'), kind, year ORDER BY seq) AS before FROM invoices) i
        WHERE before > issued_at OR extract(year FROM issued_at AT TIME ZONE 'UTC') <> year
          OR number NOT LIKE '%-' || year || '-' || lpad(seq::text, greatest(6, length(seq::text)), '0')""",
    "an invoice's sums are its document's": """
        SELECT i.id FROM invoices i CROSS JOIN LATERAL (
          SELECT sum((l ->> 'total_minor')::bigint) AS minor FROM jsonb_array_elements(i.document -> 'lines') l) lines
        WHERE (i.total_minor, i.tax_minor, i.currency) IS DISTINCT FROM ((i.document ->> 'total_minor')::bigint,
            (i.document ->> 'tax_minor')::bigint, i.document ->> 'currency')
          OR i.total_minor <> lines.minor - (i.document ->> 'discount_minor')::bigint + i.tax_minor
            + (i.document ->> 'shipping_minor')::bigint""",
    "a correction names a document of the same parties": """
        SELECT c.id FROM invoices c LEFT JOIN invoices i ON i.id = c.corrects
        WHERE (c.kind = 'credit_note' AND i.kind IS DISTINCT FROM 'invoice')
          OR (i.id IS NOT NULL AND (i.kind = c.kind OR (i.issuer, i.recipient, i.currency) IS DISTINCT FROM (c.issuer, c.recipient, c.currency)))""",
    "no more is credited than was invoiced": """
        SELECT i.id FROM invoices i JOIN invoices c ON c.corrects = i.id WHERE i.kind = 'invoice' GROUP BY i.id
        HAVING sum(c.total_minor - coalesce((SELECT sum(b.total_minor) FROM invoices b WHERE b.corrects = c.id), 0))
          > i.total_minor""",
}
"""Each statement returns the ids that break its rule."""

FIRST: Final = {
    "payment": ("created",),
    "refund": ("pending", "succeeded"),
    "payout": ("requested",),
    "chargeback": ("open",),
}
MOVES: Final[Sequence[tuple[str, str, str]]] = [
    *((paper, "", first) for paper, all_first in FIRST.items() for first in all_first),
    *((name, before, after) for name, paper in PAPERS.items() for before, after in paper.machine.moves()),
]
PATHS: Final = """
WITH steps AS (
  SELECT id, subject, subject_id, from_status, to_status,
    lag(to_status, 1, '') OVER one AS before, lead(id) OVER one IS NULL AS last
  FROM payment_history WINDOW one AS (PARTITION BY subject, subject_id ORDER BY id)
), legal AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS t(subject, from_status, to_status)
), present AS (
  SELECT 'payment' AS subject, id, status FROM payments UNION ALL SELECT 'refund', id, status FROM refunds
  UNION ALL SELECT 'payout', id, status FROM payouts UNION ALL SELECT 'chargeback', id, status FROM chargebacks
)
SELECT s.subject_id AS id FROM steps s LEFT JOIN legal USING (subject, from_status, to_status)
WHERE legal.subject IS NULL OR s.before <> s.from_status
UNION SELECT p.id FROM present p LEFT JOIN steps s ON s.subject = p.subject AND s.subject_id = p.id AND s.last
WHERE s.to_status IS DISTINCT FROM p.status
"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(MONEY):
        yield breach
    for row in await db.fetch(PATHS, *(list(column) for column in zip(*MOVES, strict=True))):
        yield f"every history path of a payment, refund, payout or chargeback is legal: {row['id']}"
    async for breach in invariants.breaking(INVOICES):
        yield breach
