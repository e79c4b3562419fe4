"""Gigs among what is reviewed: by their clients, who are reviewed by the seller in turn. What came late counts in the seller's record."""

from uuid import UUID

from marketplace.core import db
from marketplace.engagements.service.opening import KIND
from marketplace.gigs.errors import GigNotFound
from marketplace.gigs.queries.locking import lock_gig
from marketplace.gigs.queries.shown import SHOWN
from marketplace.gigs.service.rating import move_rating
from marketplace.orders import promises, reviewing
from marketplace.orders.reviewing import Reviewed


class GigReviews:
    """An order of a gig is reviewed once by each side, whatever extras it has: its first line stands for it."""

    kind = "gig"
    order_kind = KIND
    both_sides = True
    subject = "(SELECT e.gig FROM engagements e WHERE e.id = o.id AND l.position = 1)"
    ratings = "SELECT id, rating_sum, rating_count FROM gigs"

    async def lock(self, subject_id: UUID) -> Reviewed:
        gig = await lock_gig(subject_id)
        return Reviewed(id=gig.id, seller=gig.seller, name=gig.title)

    async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
        await move_rating(subject_id, rating=rating, count=count)

    async def check_seen(self, subject_id: UUID) -> None:
        if not await db.fetch_val(f"SELECT true FROM gigs g WHERE g.id = $1 AND {SHOWN}", subject_id):
            raise GigNotFound


reviewing.register(GigReviews())
# Work that was never accepted was never promised for a day.
promises.kept(KIND, "(SELECT e.late_at IS NULL FROM engagements e WHERE e.id = o.id AND e.accepted_at IS NOT NULL)")
# From the moment the work could be accepted until it was.
promises.answered(
    KIND,
    asked="(SELECT e.answered_at FROM engagements e WHERE e.id = o.id)",
    answered="(SELECT e.accepted_at FROM engagements e WHERE e.id = o.id AND e.answered_at IS NOT NULL)",
)
