"""Won lots among what is reviewed: the winner speaks of the sale, the seller of the winner. An auction is over; only persons are rated."""

from uuid import UUID

from marketplace.auctions.errors import AuctionNotFound
from marketplace.auctions.service.selling import KIND
from marketplace.core import db
from marketplace.orders import reviewing
from marketplace.orders.reviewing import Reviewed


class AuctionReviews:
    kind = "auction"
    order_kind = KIND
    both_sides = True
    subject = "(SELECT x.auction FROM lots x WHERE x.id = l.subject)"
    ratings = ""

    async def lock(self, subject_id: UUID) -> Reviewed:
        """No rating is kept with an auction: nothing of it needs a lock, and others may be bidding."""
        row = await db.fetch_row("SELECT id, seller, title AS name FROM auctions WHERE id = $1", subject_id)
        if row is None:
            raise AuctionNotFound
        return Reviewed(**row)

    async def move_rating(self, subject_id: UUID, *, rating: int, count: int) -> None:
        """Its seller is rated, not the auction."""

    async def check_seen(self, subject_id: UUID) -> None:
        if not await db.fetch_val("SELECT true FROM auctions WHERE id = $1 AND deleted_at IS NULL", subject_id):
            raise AuctionNotFound


reviewing.register(AuctionReviews())
