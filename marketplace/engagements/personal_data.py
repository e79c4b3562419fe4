"""What the work under orders says of a person.

What was delivered, and what milestones were agreed, stays: others paid for it, and decide by it. What a buyer told a seller in answers goes with their account, and so
do the words of offers and requests; that they were made stays with the order, under an id that names nobody.
"""

from marketplace.accounts import privacy
from marketplace.accounts.privacy import changing, rows
from marketplace.engagements.service import offering

privacy.exporter(
    "requirements",
    rows(
        "SELECT q.engagement AS order_id, q.question, q.answer, q.chosen, q.answered_at FROM engagement_requirements q "
        "JOIN orders o ON o.id = q.engagement WHERE o.buyer = $1 AND q.answered_at IS NOT NULL ORDER BY q.engagement, q.position"
    ),
)
privacy.exporter(
    "deliveries",
    rows(
        "SELECT d.engagement AS order_id, d.version, d.status, d.files, CASE WHEN o.seller = $1 THEN d.message END AS message, "
        "CASE WHEN o.buyer = $1 THEN d.answer END AS answer, d.created_at, d.answered_at FROM deliveries d "
        "JOIN orders o ON o.id = d.engagement WHERE $1 IN (o.buyer, o.seller) ORDER BY d.engagement, d.version"
    ),
)
privacy.exporter(
    "engagement_requests",
    rows(
        "SELECT r.engagement AS order_id, r.kind, r.days, CASE WHEN r.asked_by = $1 THEN r.reason END AS reason, r.status, "
        "CASE WHEN r.answered_by = $1 THEN r.answer END AS answer, r.created_at, r.answered_at FROM engagement_requests r "
        "WHERE $1 IN (r.asked_by, r.answered_by) ORDER BY r.id"
    ),
)
privacy.exporter(
    "custom_offers",
    rows(
        "SELECT id, thread, gig, author = $1 AS made_by_me, status, CASE WHEN author = $1 THEN description END AS description, "
        'price_minor, currency, delivery_days, revisions, "order", created_at, answered_at FROM custom_offers '
        "WHERE $1 IN (seller, buyer) ORDER BY id"
    ),
)
privacy.exporter(
    "milestones",
    rows(
        "SELECT m.engagement AS order_id, m.position, m.title, m.description, m.amount_minor, m.released_minor, m.status, m.due_at, "
        "CASE WHEN o.seller = $1 THEN m.message END AS message, CASE WHEN o.buyer = $1 THEN m.answer END AS answer, m.submitted_at, m.approved_at FROM milestones m JOIN orders o ON o.id = m.engagement "
        "WHERE $1 IN (o.buyer, o.seller) ORDER BY m.engagement, m.position"
    ),
)
privacy.eraser(
    "engagements",
    changing(
        "UPDATE engagement_requirements q SET answer = '', chosen = '[]' FROM orders o WHERE o.id = q.engagement AND o.buyer = $1",
        "UPDATE engagement_requests SET reason = '' WHERE asked_by = $1",
        "UPDATE engagement_requests SET answer = '' WHERE answered_by = $1",
        "UPDATE custom_offers SET description = '' WHERE author = $1",
    ),
)
privacy.eraser("custom_offers", offering.close_all_of)
