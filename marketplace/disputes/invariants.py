"""What must always be true of disputes."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import db, invariants
from marketplace.disputes.packs import hash_of
from marketplace.disputes.states import DISPUTE, DisputeStatus

BROKEN: Final = {
    "the money of an order in dispute is frozen": """
        SELECT d.id FROM disputes d JOIN orders o ON o.id = d."order"
        WHERE d.status NOT IN ('resolved', 'withdrawn') AND o.frozen_by <> 'dispute'""",
    "an order is frozen for a dispute that is there": """
        SELECT o.id FROM orders o WHERE o.frozen_by = 'dispute' AND NOT EXISTS (SELECT FROM disputes d
          WHERE d."order" = o.id AND d.status NOT IN ('resolved', 'withdrawn'))""",
    "a resolved dispute ended as it was decided, or its money had gone": """
        SELECT d.id FROM disputes d JOIN orders o ON o.id = d."order"
        LEFT JOIN LATERAL (SELECT * FROM dispute_decisions c WHERE c.dispute = d.id ORDER BY c.number DESC LIMIT 1) c ON true
        WHERE d.status = 'resolved' AND CASE
          WHEN c.id IS NULL OR NOT EXISTS (SELECT FROM order_history h WHERE h."order" = o.id AND h.at >= c.at)
            THEN o.captured_minor > o.refunded_minor + o.released_minor
          WHEN c.buyer_minor = 0 THEN o.phase <> 'completed'
          WHEN c.seller_minor = 0 THEN o.phase NOT IN ('cancelled', 'completed')
          ELSE o.phase <> 'completed' OR o.released_minor < c.seller_minor OR o.refunded_minor < c.buyer_minor END""",
    "a dispute is decided on all that was held, and for good once": """
        SELECT dispute AS id FROM dispute_decisions WHERE final GROUP BY dispute HAVING count(*) > 1
        UNION SELECT c.dispute FROM dispute_decisions c JOIN disputes d ON d.id = c.dispute
          WHERE c.buyer_minor + c.seller_minor > d.held_minor""",
    "who decides an appeal has not decided before": """
        SELECT a.dispute AS id FROM dispute_decisions a JOIN dispute_decisions b USING (dispute)
        WHERE a.how = 'appeal' AND b.number < a.number AND a.actor = b.actor""",
    "no side of a dispute decides it": """
        SELECT c.dispute AS id FROM dispute_decisions c JOIN disputes d ON d.id = c.dispute JOIN orders o ON o.id = d."order"
        WHERE c.how IN ('staff', 'appeal') AND c.actor IN (o.buyer, o.seller)""",
    "a dispute that waits for somebody has a time": """
        SELECT id FROM disputes WHERE (status IN ('resolved', 'withdrawn')) <> (due_at IS NULL)
          OR (status IN ('resolved', 'withdrawn')) <> (closed_at IS NOT NULL)""",
}
"""Each statement returns the ids that break its rule."""

PATHS: Final = """
WITH steps AS (
  SELECT h.id, h.dispute, d.status, h.from_status, h.to_status, lag(h.to_status, 1, '') OVER one AS before,
    lead(h.id) OVER one IS NULL AS last
  FROM dispute_history h JOIN disputes d ON d.id = h.dispute WINDOW one AS (PARTITION BY h.dispute ORDER BY h.id)
), legal AS (SELECT * FROM unnest($1::text[], $2::text[]) AS t(from_status, to_status))
SELECT s.dispute AS id FROM steps s LEFT JOIN legal USING (from_status, to_status)
WHERE legal.from_status IS NULL OR s.before <> s.from_status OR (s.last AND s.to_status <> s.status)
UNION SELECT d.id FROM disputes d WHERE NOT EXISTS (SELECT FROM dispute_history h WHERE h.dispute = d.id)
"""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
    moves = [("", DisputeStatus.NEGOTIATING.value), *((one.value, one.value) for one in DisputeStatus)]
    moves += [(before.value, after.value) for before, after in DISPUTE.moves()]
    for row in await db.fetch(PATHS, [before for before, _ in moves], [after for _, after in moves]):
        yield f"every history path of a dispute is legal: {row['id']}"
    for row in await db.fetch("SELECT dispute, pack::text AS pack, pack_sha256 FROM dispute_decisions"):
        if hash_of(row["pack"]) != row["pack_sha256"]:
            yield f"the evidence is what was decided on: {row['dispute']}"
