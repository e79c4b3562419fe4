"""What must always be true of orders. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import db, invariants
from marketplace.orders.fulfilment import kinds, of_kind

BROKEN: Final = {
    "an order's escrow is what was paid, less what was released and given back": """
        SELECT o.id FROM orders o LEFT JOIN ledger_accounts a ON a.owner = o.id AND a.kind = 'escrow'
        GROUP BY o.id HAVING coalesce(sum(a.balance_minor), 0) <> o.captured_minor - o.released_minor - o.refunded_held_minor
          OR coalesce(bool_or(a.currency <> o.currency AND a.balance_minor <> 0), false)""",
    "orders hold what they should": """
        SELECT o.id FROM orders o LEFT JOIN LATERAL (SELECT sum(x.amount_minor) AS paid FROM order_parts x
          WHERE x."order" = o.id AND x.paid_at IS NOT NULL) x ON o.in_parts
        WHERE CASE o.phase
          WHEN 'unpaid' THEN o.captured_minor <> 0
          WHEN 'cancelled' THEN NOT o.in_parts AND o.refunded_minor <> o.captured_minor
          ELSE o.captured_minor IS DISTINCT FROM CASE WHEN o.in_parts THEN x.paid ELSE o.total_minor END END
          OR (o.in_parts AND o.captured_minor <> coalesce(x.paid, 0))
          OR (o.phase IN ('completed', 'cancelled') AND o.captured_minor - o.released_minor - o.refunded_held_minor <> 0)""",
    "the parts of an order sum to it, and each counts what was refunded of it": """
        SELECT o.id FROM orders o LEFT JOIN order_parts x ON x."order" = o.id GROUP BY o.id
        HAVING o.in_parts <> (count(x.id) > 0) OR (o.in_parts AND (sum(x.amount_minor), sum(x.refunded_minor))
          IS DISTINCT FROM (o.total_minor::numeric, o.refunded_minor::numeric))""",
    "the parts of an order are due and paid one after the other": """
        SELECT "order" AS id FROM (SELECT x.*, row_number() OVER one AS place, lag(x.paid_at) OVER one AS before
          FROM order_parts x WINDOW one AS (PARTITION BY x."order" ORDER BY x.position)) x
        WHERE x.position <> x.place OR (x.paid_at IS NOT NULL AND x.due_at IS NULL)
          OR (x.position > 1 AND x.due_at IS NOT NULL AND x.before IS NULL)
        UNION SELECT x."order" FROM order_parts x JOIN orders o ON o.id = x."order" JOIN checkouts c ON c.id = x.checkout
        WHERE (x.position = 1) <> (x.checkout = o.checkout) OR (c.buyer, c.currency) <> (o.buyer, o.currency)""",
    "no more is refunded with a payment than is counted of its part": """
        SELECT x."order" AS id FROM order_parts x JOIN payments p ON p.purpose = 'checkout' AND p.subject = x.checkout
        JOIN refunds r ON r.payment = p.id AND r.order_id = x."order"
        GROUP BY x.id, x."order" HAVING sum(r.amount_minor) > x.refunded_minor""",
    "refunds of an order are never more than it counts, nor that more than was paid": """
        SELECT o.id FROM orders o LEFT JOIN refunds r ON r.order_id = o.id
        GROUP BY o.id HAVING coalesce(sum(r.amount_minor), 0) > o.refunded_minor OR o.refunded_minor > o.captured_minor""",
    "what was paid for a checkout is what its payment brought": """
        SELECT c.id FROM checkouts c LEFT JOIN (
          SELECT checkout, captured_minor AS minor FROM orders WHERE NOT in_parts
          UNION ALL SELECT checkout, amount_minor FROM order_parts WHERE paid_at IS NOT NULL) o ON o.checkout = c.id
        GROUP BY c.id HAVING coalesce(sum(o.minor), 0) <> (SELECT coalesce(sum(p.captured_minor), 0) FROM payments p
          WHERE p.purpose = 'checkout' AND p.subject = c.id AND p.status = 'succeeded' AND NOT p.surplus)""",
    "what was released is in the ledger": """
        SELECT o.id FROM orders o WHERE o.released_minor <> (SELECT coalesce(-sum(e.amount_minor), 0)
          FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id JOIN ledger_accounts a ON a.id = e.account
          WHERE t.order_id = o.id AND t.reason = 'release' AND a.kind = 'escrow')""",
    "no order takes from what another has pending": """
        SELECT t.order_id AS id FROM ledger_transfers t JOIN ledger_entries e ON e.transfer = t.id
        JOIN ledger_accounts a ON a.id = e.account WHERE a.kind = 'seller_pending' AND t.order_id IS NOT NULL
        GROUP BY t.order_id HAVING sum(e.amount_minor) < 0""",
    "the lines of an order sum to it": """
        SELECT o.id FROM orders o LEFT JOIN order_lines l ON l."order" = o.id GROUP BY o.id
        HAVING coalesce(sum(l.subtotal_minor), -1) <> o.subtotal_minor OR sum(l.discount_minor) <> o.discount_minor
          OR sum(l.tax_minor) <> o.tax_minor OR sum(l.commission_minor) <> o.commission_minor""",
    "the commission is what was agreed": """
        SELECT id FROM order_lines
        WHERE commission_minor <> ((subtotal_minor - discount_minor) * commission_bps + 5000) / 10000""",
    "an order number is one": """
        SELECT id FROM orders WHERE number !~ '^ORD-[0-9]{8}-[0-9A-HJKMNP-TV-Z]{6}$'
        UNION SELECT min(id::text)::uuid FROM orders GROUP BY number HAVING count(*) > 1""",
    "the orders of a checkout are its buyer's, in its currency": """
        SELECT o.id FROM orders o JOIN checkouts c ON c.id = o.checkout WHERE (o.buyer, o.currency) <> (c.buyer, c.currency)""",
    "an unpaid order has a time to expire, a frozen one somebody who froze it": """
        SELECT id FROM orders WHERE (phase = 'unpaid' AND expires_at IS NULL) OR (frozen_at IS NULL) <> (frozen_by = '')""",
}
"""Each statement returns the ids that break its rule."""

PATHS: Final = """
WITH steps AS (
  SELECT h.id, h."order", o.kind, o.status, h.from_status, h.to_status,
    lag(h.to_status, 1, '') OVER one AS before, lead(h.id) OVER one IS NULL AS last
  FROM order_history h JOIN orders o ON o.id = h."order" WINDOW one AS (PARTITION BY h."order" ORDER BY h.id)
), legal AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS t(kind, from_status, to_status))
SELECT s."order" AS id FROM steps s LEFT JOIN legal USING (kind, from_status, to_status)
WHERE legal.kind IS NULL OR s.before <> s.from_status OR (s.last AND s.to_status <> s.status)
UNION SELECT o.id FROM orders o WHERE NOT EXISTS (SELECT FROM order_history h WHERE h."order" = o.id)
"""
PHASES: Final = """
SELECT o.id FROM orders o LEFT JOIN unnest($1::text[], $2::text[], $3::text[]) AS t(kind, status, phase) USING (kind, status)
WHERE o.phase IS DISTINCT FROM t.phase
"""


def moves() -> list[tuple[str, str, str]]:
    """(kind, from, to) of every step a history may show: the moves of its machine, the beginning, and what was only noted."""
    made = []
    for name in kinds():
        kind = of_kind(name)
        made.append((name, "", str(kind.first)))
        for status in kind.statuses:
            made.append((name, status.value, status.value))
            made += [(name, status.value, after.value) for after in kind.statuses if kind.machine.allows(status, after)]
    return made


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
    for row in await db.fetch(PATHS, *_columns(moves())):
        yield f"every history path is legal: {row['id']}"
    phases = [(name, str(status), str(phase)) for name in kinds() for status, phase in of_kind(name).phases.items()]
    for row in await db.fetch(PHASES, *_columns(phases)):
        yield f"the phase of an order is that of its status: {row['id']}"


def _columns(rows: list[tuple[str, str, str]]) -> list[list[str]]:
    return [[row[i] for row in rows] for i in range(3)]
