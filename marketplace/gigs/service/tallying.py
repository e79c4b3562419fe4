"""What was counted is written, and what is trending is worked out from it. Run by the clock."""

from typing import Final
from uuid import UUID

from redis.exceptions import RedisError

from marketplace.core import clock, db
from marketplace.core.housekeeping import delete_old
from marketplace.core.ids import uuid7
from marketplace.gigs import counting
from marketplace.gigs.freshness import gigs_changed

KEEP_DAYS: Final = 60
TRENDING_DAYS: Final = 14

# A batch that was written already has no fresh row, and then adds nothing. Rows are locked in the order of their ids.
WRITE: Final = """
WITH fresh AS (INSERT INTO gig_tallies (id, at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id),
said AS (SELECT name, views, clicks FROM unnest($4::text[], $5::int[], $6::int[]) AS t(name, views, clicks), fresh),
meant AS (SELECT g.id, s.views, s.clicks FROM said s JOIN gigs g ON g.slug = s.name
  UNION ALL SELECT g.id, t.views, t.clicks FROM unnest($7::uuid[], $8::int[], $9::int[]) AS t(id, views, clicks)
    JOIN gigs g ON g.id = t.id, fresh),
summed AS (SELECT id, sum(views)::int AS views, sum(clicks)::int AS clicks FROM meant GROUP BY id),
locked AS (SELECT g.id FROM gigs g WHERE g.id IN (SELECT id FROM summed) ORDER BY g.id FOR NO KEY UPDATE),
days AS (INSERT INTO gig_days (gig, day, views, clicks, orders) SELECT id, $3, views, clicks, 0 FROM summed ORDER BY id
  ON CONFLICT (gig, day) DO UPDATE SET views = gig_days.views + EXCLUDED.views, clicks = gig_days.clicks + EXCLUDED.clicks)
UPDATE gigs g SET view_count = g.view_count + s.views, click_count = g.click_count + s.clicks
  FROM summed s JOIN locked USING (id) WHERE g.id = s.id"""


async def write_counts() -> int:
    """Write what has been counted to the gigs, each batch in one statement and once. Returns how many gigs were seen.

    While Redis is away there is nothing to write; it is counted when Redis is back.
    """
    try:
        batches = await counting.take(str(uuid7()))
        return sum([await _write(batch) for batch in batches])
    except (RedisError, OSError):
        return 0


async def _write(batch: str) -> int:
    counts = await counting.read(batch)
    slugs: dict[str, list[int]] = {}
    ids: dict[UUID, list[int]] = {}
    for (what, name), count in counts.items():
        gig = _as_uuid(name)
        row = slugs.setdefault(name, [0, 0]) if gig is None else ids.setdefault(gig, [0, 0])
        row[what == "click"] += count
    now = clock.now()
    written = await db.execute(
        WRITE, UUID(batch), now, now.date(), list(slugs), [views for views, _ in slugs.values()], [clicks for _, clicks in slugs.values()],
        list(ids), [views for views, _ in ids.values()], [clicks for _, clicks in ids.values()],
    )  # fmt: skip
    await counting.forget(batch)
    return written


def _as_uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


# A view is one, a click two, an order fifty; what is three days old counts half.
TRENDING: Final = """
WITH now AS (SELECT d.gig, round(1000 * sum((d.views + 2 * d.clicks + 50 * d.orders) * power(0.5, ($1::date - d.day) / 3.0)))::bigint AS n
  FROM gig_days d WHERE d.day > $1::date - $2::int GROUP BY d.gig),
changed AS (SELECT g.id, coalesce(n.n, 0) AS n FROM gigs g LEFT JOIN now n ON n.gig = g.id
  WHERE g.trending <> coalesce(n.n, 0) ORDER BY g.id FOR NO KEY UPDATE OF g)
UPDATE gigs g SET trending = c.n FROM changed c WHERE g.id = c.id"""


async def work_out_trending() -> int:
    """How much each gig is sought these days, from two weeks of views, clicks and orders. Returns how many changed."""
    async with db.transaction():
        changed = await db.execute(TRENDING, clock.now().date(), TRENDING_DAYS)
        if changed:
            gigs_changed()
        return changed


async def forget_old_counts() -> int:
    days = await delete_old("gig_days", "day < current_date - $1::int", KEEP_DAYS)
    return days + await delete_old("gig_tallies", "at < now() - interval '2 days'")
