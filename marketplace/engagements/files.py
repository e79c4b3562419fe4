"""The files of an engagement: what is delivered, and what the buyer's answers hold. Only its two sides see them."""

from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.media.purposes import WORK, Purpose, declare, seen_by

DELIVERY: Final = declare(
    Purpose(
        "delivery", sizes=(200, 1600), public=False, accepts=WORK, max_bytes=100 * 1024 * 1024, keeps_original=True,
        ahead=True, most=20, outlives_owner=True,
    )
)  # fmt: skip
"""Of a delivery. It was paid for: it stays when its seller leaves."""
BRIEF: Final = declare(
    Purpose("brief", sizes=(200, 1600), public=False, accepts=WORK, keeps_original=True, ahead=True, most=10)
)
"""Of a requirement."""


@seen_by(DELIVERY)
async def sides_see_deliveries(delivery_id: UUID, viewer_id: UUID) -> bool:
    seen: bool = await db.fetch_val(
        "SELECT EXISTS (SELECT FROM deliveries d JOIN orders o ON o.id = d.engagement WHERE d.id = $1 AND $2 IN (o.buyer, o.seller))",
        delivery_id, viewer_id,
    )  # fmt: skip
    return seen


@seen_by(BRIEF)
async def sides_see_answers(requirement_id: UUID, viewer_id: UUID) -> bool:
    seen: bool = await db.fetch_val(
        "SELECT EXISTS (SELECT FROM engagement_requirements q JOIN orders o ON o.id = q.engagement "
        "WHERE q.id = $1 AND $2 IN (o.buyer, o.seller))",
        requirement_id, viewer_id,
    )  # fmt: skip
    return seen
