from uuid import UUID

from marketplace.core import db
from marketplace.gigs.freshness import gigs_changed


async def move_rating(gig_id: UUID, *, rating: int, count: int) -> None:
    """Add to what a gig was rated in sum, and how often. Belongs into the transaction that has the gig locked."""
    await db.execute(
        "UPDATE gigs SET rating_sum = rating_sum + $2, rating_count = rating_count + $3 WHERE id = $1",
        gig_id, rating, count,
    )  # fmt: skip
    gigs_changed()
