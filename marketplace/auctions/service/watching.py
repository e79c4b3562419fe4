"""The watchlist. Both deeds may be repeated, and each is one statement, whole without a transaction around it.

Anonymous answers that are cached are not dropped: how many watch may be a few seconds old, and watching must not cost
everybody else the cache.
"""

from typing import Final
from uuid import UUID

from marketplace.auctions.errors import AuctionNotFound
from marketplace.auctions.policies import Actor
from marketplace.auctions.queries.shown import VISIBLE
from marketplace.core import db

# The counting sees the table as it was before the row came in. `$3`: whether the viewer is staff.
WATCH: Final = f"""
WITH seen AS (SELECT a.id FROM auctions a WHERE a.id = $1 AND a.deleted_at IS NULL AND ($3 OR {VISIBLE.replace("{}", "$2")})),
came AS (INSERT INTO auction_watches (auction, "user", created_at) SELECT id, $2, now() FROM seen
  ON CONFLICT DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM auction_watches w WHERE w.auction = seen.id) + (SELECT count(*) FROM came) FROM seen"""  # noqa: S608 - of constants


async def watch(auction_id: UUID, actor: Actor) -> int:
    """Returns how many watch the auction now. Raises AuctionNotFound for one the actor may not see."""
    count: int | None = await db.fetch_val(WATCH, auction_id, actor.id, actor.is_staff)
    if count is None:
        raise AuctionNotFound
    return count


async def unwatch(auction_id: UUID, user_id: UUID) -> None:
    await db.execute('DELETE FROM auction_watches WHERE auction = $1 AND "user" = $2', auction_id, user_id)
