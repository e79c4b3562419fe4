"""What must always be true of the work under orders. Run after every race test, and by `reconcile` in production."""

from collections.abc import AsyncIterator
from typing import Final

from marketplace.core import invariants

BROKEN: Final = {
    "every order of a gig has its work, and nothing else has": """
        SELECT o.id FROM orders o LEFT JOIN engagements e ON e.id = o.id WHERE (o.kind = 'gig') <> (e.id IS NOT NULL)""",
    "work is accepted, and has a due date, when its order says so": """
        SELECT o.id FROM orders o JOIN engagements e ON e.id = o.id
        WHERE o.phase IN ('unpaid', 'open') AND (o.status IN ('pending_payment', 'awaiting_requirements')) <> (e.accepted_at IS NULL)
          OR (e.accepted_at IS NULL) <> (e.due_at IS NULL)""",
    "the clock stands while it is not the seller's turn": """
        SELECT o.id FROM orders o JOIN engagements e ON e.id = o.id
        WHERE o.status IN ('delivered', 'disputed') AND e.clock_stopped_at IS NULL""",
    "no more revisions are used than were agreed": """
        SELECT id FROM engagements WHERE revisions_used > coalesce(revisions_allowed, revisions_used)""",
    "as many revisions are used as deliveries were sent back for one": """
        SELECT e.id FROM engagements e LEFT JOIN deliveries d ON d.engagement = e.id AND d.status = 'revision_requested'
        GROUP BY e.id HAVING count(d.id) <> e.revisions_used""",
    "what is delivered waits for its buyer, and nothing else does": """
        SELECT o.id FROM orders o LEFT JOIN deliveries d ON d.engagement = o.id AND d.status = 'submitted'
        WHERE o.kind = 'gig' GROUP BY o.id HAVING CASE WHEN o.status = 'delivered' THEN count(d.id) <> 1
          WHEN o.status = 'disputed' THEN count(d.id) > 1 ELSE count(d.id) > 0 END""",
    "deliveries are numbered from one, and only the latest waits or was accepted": """
        SELECT d.id FROM (SELECT id, status, version, row_number() OVER one AS n, lead(id) OVER one IS NULL AS is_latest
          FROM deliveries WINDOW one AS (PARTITION BY engagement ORDER BY version)) AS d
        WHERE d.version <> d.n OR (NOT d.is_latest AND d.status IN ('submitted', 'accepted', 'closed'))""",
    "what was handed over is what was uploaded": """
        SELECT d.id FROM deliveries d CROSS JOIN jsonb_to_recordset(d.files) AS f(id uuid, sha256 text)
        LEFT JOIN media m ON m.id = f.id WHERE m.sha256 IS DISTINCT FROM f.sha256 OR m.subject IS DISTINCT FROM d.id""",
    "work is not accepted before what must be answered is": """
        SELECT q.id FROM engagement_requirements q JOIN engagements e ON e.id = q.engagement
        WHERE q.is_required AND q.answered_at IS NULL AND e.accepted_at IS NOT NULL""",
    "one thing of a kind is asked at a time, of an order that is open": """
        SELECT o.id FROM orders o JOIN engagement_requests r ON r.engagement = o.id AND r.status = 'open'
        GROUP BY o.id, r.kind HAVING count(*) > 1 OR o.phase <> 'open'""",
    "requests are made by one side and answered by the other, or by the rules": """
        SELECT r.id FROM engagement_requests r JOIN orders o ON o.id = r.engagement
        WHERE r.asked_by NOT IN (o.buyer, o.seller) OR (r.kind = 'extension' AND r.asked_by <> o.seller)
          OR (r.status IN ('accepted', 'declined') AND r.answered_by = r.asked_by)""",
    "who agreed to cancel has cancelled": """
        SELECT r.id FROM engagement_requests r JOIN orders o ON o.id = r.engagement
        WHERE r.kind = 'cancellation' AND r.status = 'accepted' AND o.phase <> 'cancelled'""",
    "the days that were agreed are counted": """
        SELECT e.id FROM engagements e LEFT JOIN engagement_requests r ON r.engagement = e.id AND r.kind = 'extension'
          AND r.status = 'accepted' GROUP BY e.id HAVING coalesce(sum(r.days), 0) <> e.extended_days""",
    "the order of an offer is between its two, at its price": """
        SELECT c.id FROM custom_offers c LEFT JOIN orders o ON o.id = c."order" LEFT JOIN engagements e ON e.id = o.id
        WHERE c.status = 'accepted' AND (e.offer, o.buyer, o.seller, o.subtotal_minor, o.currency)
          IS DISTINCT FROM (c.id, c.buyer, c.seller, c.price_minor, c.currency)
        UNION SELECT e.id FROM engagements e LEFT JOIN custom_offers c ON c."order" = e.id
        WHERE e.offer IS NOT NULL AND c.id IS DISTINCT FROM e.offer""",
    "very late is late first": """
        SELECT id FROM engagements WHERE very_late_at IS NOT NULL AND late_at IS NULL""",
}
"""Each statement returns the ids that break its rule."""


@invariants.check
async def violations() -> AsyncIterator[str]:
    """Every breach, as "rule: id"."""
    async for breach in invariants.breaking(BROKEN):
        yield breach
