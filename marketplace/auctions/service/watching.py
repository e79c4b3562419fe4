"""The watchlist. Both deeds may be repeated."""

from uuid import UUID

from marketplace.auctions.freshness import auctions_changed
from marketplace.core import db


async def watch(auction_id: UUID, user_id: UUID) -> int:
    """Returns how many watch the auction now."""
    async with db.transaction():
        await db.execute(
            'INSERT INTO auction_watches (auction, "user", created_at) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING',
            auction_id, user_id,
        )  # fmt: skip
        auctions_changed()
        return int(await db.fetch_val("SELECT count(*) FROM auction_watches WHERE auction = $1", auction_id))


async def unwatch(auction_id: UUID, user_id: UUID) -> None:
    async with db.transaction():
        auctions_changed()
        await db.execute('DELETE FROM auction_watches WHERE auction = $1 AND "user" = $2', auction_id, user_id)
