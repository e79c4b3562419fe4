"""How many gigs the same filters find, by what one may narrow them by next: one statement over all of them."""

from typing import Final

import msgspec

from marketplace.core import cache
from marketplace.core.pagination import ListQuery
from marketplace.gigs.freshness import SECONDS, TAG
from marketplace.gigs.queries.narrowing import RATED, GigFilters, narrowed
from marketplace.gigs.queries.shown import HAS_VIDEO, LEVEL, SHOWN
from marketplace.gigs.schemas.gigs import GigFacets

COLUMNS: Final = f"""g.category, g.currency, g.starting_minor AS price, g.delivery_days AS days, g.rating_count > 0 AS is_rated,
  {RATED} AS rated, {LEVEL} AS level, {HAS_VIDEO} AS has_video, g.languages"""
# Of amounts with two decimals, in minor units; the same numbers of a currency without decimals are about as much money.
EDGES: Final = "ARRAY[0, 1000, 2500, 5000, 10000, 25000, 50000, 100000]::bigint[]"
TIMES: Final = "CASE currency_exponent(currency) WHEN 3 THEN 10 ELSE 1 END"
DAYS: Final = "ARRAY[1, 3, 7, 14, 30]"

# One pass over the gigs makes a few hundred cells; everything else counts those.
STATEMENT: Final = f"""
, cells AS MATERIALIZED (SELECT category, currency, width_bucket(price / {TIMES}, {EDGES}) AS band,
    CASE WHEN is_rated THEN rated / 1000 ELSE 0 END AS stars, level, has_video,
    (SELECT min(d) FROM unnest({DAYS}) AS d WHERE d >= days) AS within, count(*) AS n
  FROM found GROUP BY 1, 2, 3, 4, 5, 6, 7)
, main AS (SELECT currency, {TIMES} AS times FROM cells GROUP BY currency ORDER BY sum(n) DESC, currency LIMIT 1)
, above AS (
  WITH RECURSIVE way AS (SELECT id AS leaf, id AS node FROM categories
    UNION ALL SELECT way.leaf, c.parent FROM way JOIN categories c ON c.id = way.node WHERE c.parent IS NOT NULL)
  SELECT leaf, node FROM way)
, kinds AS (SELECT c.id, c.parent, c.name, c.slug, sum(x.n)::bigint AS count FROM cells x
  JOIN above a ON a.leaf = x.category JOIN categories c ON c.id = a.node GROUP BY c.id)
, bands AS (SELECT x.band, sum(x.n)::bigint AS count FROM cells x JOIN main USING (currency) GROUP BY x.band)
, ranks AS (SELECT level, sum(n)::bigint AS count FROM cells GROUP BY level)
, tongues AS (SELECT t AS language, count(*) AS count FROM found, unnest(languages) AS t GROUP BY t)
SELECT json_build_object(
  'count', (SELECT coalesce(sum(n), 0)::bigint FROM cells),
  'categories', (SELECT coalesce(json_agg(k ORDER BY k.count DESC, k.slug), '[]') FROM kinds k),
  'currency', (SELECT currency FROM main),
  'prices', (SELECT coalesce(json_agg(json_build_object(
      'min_price', money_text(({EDGES})[b.band] * m.times, m.currency),
      'max_price', money_text(({EDGES})[b.band + 1] * m.times - 1, m.currency), 'count', b.count) ORDER BY b.band), '[]')
    FROM bands b, main m),
  'delivery', (SELECT json_agg(json_build_object('delivery_days', d,
      'count', (SELECT coalesce(sum(n), 0)::bigint FROM cells WHERE within <= d)) ORDER BY d) FROM unnest({DAYS}) AS d),
  'ratings', (SELECT json_agg(json_build_object('rating', s,
      'count', (SELECT coalesce(sum(n), 0)::bigint FROM cells WHERE stars >= s)) ORDER BY s DESC)
    FROM generate_series(1, 4) AS s),
  'levels', (SELECT coalesce(json_agg(r ORDER BY array_position(ARRAY['top', 'two', 'one', 'new'], r.level::text)), '[]') FROM ranks r),
  'languages', (SELECT coalesce(json_agg(t ORDER BY t.count DESC, t.language), '[]') FROM tongues t),
  'with_video', (SELECT coalesce(sum(n) FILTER (WHERE has_video), 0)::bigint FROM cells))::text AS facets"""


async def get_facets(listing: ListQuery[GigFilters]) -> GigFacets:
    """The same for everybody, so it is kept for everybody. A gig counts in its category and in all above it."""

    async def make() -> bytes:
        rows = (await narrowed(listing.rows("gigs g").columns(COLUMNS), listing)).where(SHOWN)
        body: str = await rows.over_all(STATEMENT)
        return body.encode()

    asked = msgspec.json.encode(sorted(listing.applied.items())).decode()
    found: GigFacets = await cache.get_or_make(
        ("gigs.facets", asked), make, ttl=SECONDS, tags=(TAG,), decode=msgspec.json.Decoder(GigFacets).decode
    )
    return found
