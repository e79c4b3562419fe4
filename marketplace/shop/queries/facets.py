"""How many products the same filters find, by what one may narrow them by next: one statement over all of them."""

from typing import Final

import msgspec

from marketplace.core import cache
from marketplace.core.filters import Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.shop.freshness import SECONDS, TAG
from marketplace.shop.queries.products import RATED, ProductFilters, narrowed
from marketplace.shop.queries.shown import IN_STOCK, ON_SALE
from marketplace.shop.schemas.products import Facets

FACETS: Final = Listing(
    "products.facets", ProductFilters, key=Order("p.id", "uuid"), default="created_at", paged=False,
    ordering={"created_at": Order("p.created_at", "timestamptz")}, search=True, date="p.created_at",
)  # fmt: skip

COLUMNS: Final = f"p.category, p.currency, p.price_minor AS price, p.rating_count > 0 AS is_rated, {RATED} AS rated, {IN_STOCK} AS is_there"
# Of amounts with two decimals, in minor units; the same numbers of a currency without decimals are about as much money.
EDGES: Final = "ARRAY[0, 2500, 5000, 10000, 25000, 50000, 100000, 250000]::bigint[]"
TIMES: Final = "CASE currency_exponent(currency) WHEN 3 THEN 10 ELSE 1 END"

# One pass over the products makes a few hundred cells; everything else counts those.
STATEMENT: Final = f"""
, cells AS MATERIALIZED (SELECT category, currency, width_bucket(price / {TIMES}, {EDGES}) AS band,
    CASE WHEN is_rated THEN rated / 1000 ELSE 0 END AS stars, is_there, count(*) AS n
  FROM found GROUP BY 1, 2, 3, 4, 5)
, main AS (SELECT currency, {TIMES} AS times FROM cells GROUP BY currency ORDER BY sum(n) DESC, currency LIMIT 1)
, above AS (
  WITH RECURSIVE way AS (SELECT id AS leaf, id AS node FROM categories
    UNION ALL SELECT way.leaf, c.parent FROM way JOIN categories c ON c.id = way.node WHERE c.parent IS NOT NULL)
  SELECT leaf, node FROM way)
, kinds AS (SELECT c.id, c.parent, c.name, c.slug, sum(x.n)::bigint AS count FROM cells x
  JOIN above a ON a.leaf = x.category JOIN categories c ON c.id = a.node GROUP BY c.id)
, bands AS (SELECT x.band, sum(x.n)::bigint AS count FROM cells x JOIN main USING (currency) GROUP BY x.band)
SELECT json_build_object(
  'count', (SELECT coalesce(sum(n), 0)::bigint FROM cells),
  'categories', (SELECT coalesce(json_agg(k ORDER BY k.count DESC, k.slug), '[]') FROM kinds k),
  'currency', (SELECT currency FROM main),
  'prices', (SELECT coalesce(json_agg(json_build_object(
      'min_price', money_text(({EDGES})[b.band] * m.times, m.currency),
      'max_price', money_text(({EDGES})[b.band + 1] * m.times - 1, m.currency), 'count', b.count) ORDER BY b.band), '[]')
    FROM bands b, main m),
  'ratings', (SELECT json_agg(json_build_object('rating', s,
      'count', (SELECT coalesce(sum(n), 0)::bigint FROM cells WHERE stars >= s)) ORDER BY s DESC)
    FROM generate_series(1, 4) AS s),
  'stock', (SELECT json_build_object('in_stock', coalesce(sum(n) FILTER (WHERE is_there), 0)::bigint,
      'out_of_stock', coalesce(sum(n) FILTER (WHERE NOT is_there), 0)::bigint) FROM cells))::text AS facets"""


async def get_facets(listing: ListQuery[ProductFilters]) -> Facets:
    """The same for everybody, so it is kept for everybody. A product counts in its category and in all above it."""

    async def make() -> bytes:
        rows = (await narrowed(listing.rows("products p").columns(COLUMNS), listing)).where(ON_SALE)
        body: str = await rows.over_all(STATEMENT)
        return body.encode()

    asked = msgspec.json.encode(sorted(listing.applied.items())).decode()
    found: Facets = await cache.get_or_make(
        ("products.facets", asked), make, ttl=SECONDS, tags=(TAG,), decode=msgspec.json.Decoder(Facets).decode
    )
    return found
