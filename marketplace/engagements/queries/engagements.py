"""The work under an order, as its two sides see it."""

from typing import Final
from uuid import UUID

from marketplace.core import db, rows
from marketplace.engagements import rules
from marketplace.engagements.errors import EngagementNotFound
from marketplace.engagements.schemas.engagements import EngagementOut

SHOWN: Final = """SELECT e.id AS order_id, o.number AS order_number, o.status,
  CASE WHEN o.buyer = $2 THEN 'buyer' ELSE 'seller' END AS role,
  json_build_object('id', g.id, 'title', g.title, 'slug', g.slug) AS gig, e.package AS package_id, e.offer AS custom_offer_id,
  e.delivery_days, e.extended_days, e.revisions_allowed, e.revisions_used, e.revisions_allowed - e.revisions_used AS revisions_left,
  e.accept_by, e.answered_at AS requirements_answered_at, e.accepted_at, e.started_at, e.due_at,
  o.phase = 'open' AND e.due_at IS NOT NULL AND e.clock_stopped_at IS NULL AS is_clock_running, e.clock_stopped_at,
  CASE WHEN e.clock_stopped_at IS NULL AND o.phase = 'open' THEN e.due_at + $3 * interval '1 hour' END AS buyer_may_cancel_from,
  e.late_at IS NOT NULL AS is_late, e.very_late_at IS NOT NULL AS is_very_late, o.auto_complete_at AS accepted_by_silence_at,
  (SELECT count(*) FROM deliveries d WHERE d.engagement = e.id) AS delivery_count, e.created_at, e.updated_at
FROM engagements e JOIN orders o ON o.id = e.id JOIN gigs g ON g.id = e.gig
WHERE e.id = $1 AND $2 IN (o.buyer, o.seller)"""


async def get_engagement(order_id: UUID, viewer_id: UUID) -> EngagementOut:
    """Of an order that the viewer buys or sells. Raises EngagementNotFound."""
    hours = await rules.VERY_LATE_HOURS.value()
    found = await rows.one_or_none(EngagementOut, SHOWN, order_id, viewer_id, hours)
    if found is None:
        raise EngagementNotFound
    return found


async def check_side(order_id: UUID, viewer_id: UUID) -> None:
    """Raises EngagementNotFound for who neither buys nor sells it."""
    if not await db.fetch_val(
        "SELECT true FROM engagements e JOIN orders o ON o.id = e.id WHERE e.id = $1 AND $2 IN (o.buyer, o.seller)",
        order_id, viewer_id,
    ):  # fmt: skip
        raise EngagementNotFound
