"""Files that the sides show: uploaded ahead for the purpose `evidence`, then named in what they say. They stay."""

from uuid import UUID

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.media import purposes
from marketplace.media.purposes import WORK, Purpose

MB = 1024 * 1024
EVIDENCE = purposes.declare(
    Purpose(
        "evidence", sizes=(200, 1200), public=False, accepts=WORK, keeps_original=True, ahead=True, most=50,
        max_bytes=50 * MB, outlives_owner=True,
    )
)  # fmt: skip
STAFF = (Role.MODERATOR.value, Role.MANAGER.value, Role.ADMIN.value)


@purposes.seen_by(EVIDENCE)
async def sides_and_staff(dispute_id: UUID, viewer_id: UUID) -> bool:
    """Both sides see what either shows, and so do the staff who decide by it."""
    seen: bool = await db.fetch_val(
        'SELECT EXISTS (SELECT FROM disputes d JOIN orders o ON o.id = d."order" WHERE d.id = $1 AND $2 IN (o.buyer, o.seller)) '
        "OR EXISTS (SELECT FROM users WHERE id = $2 AND role = ANY($3::text[]) AND EXISTS (SELECT FROM disputes WHERE id = $1))",
        dispute_id, viewer_id, list(STAFF),
    )  # fmt: skip
    return seen
