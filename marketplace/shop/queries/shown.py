"""How the statements of this package write what several of them show. `p` is the product, `s` its seller, `c` its category."""

from typing import Final

from marketplace.media.queries import image_json

SOURCE: Final = "products p JOIN users s ON s.id = p.seller LEFT JOIN categories c ON c.id = p.category"
ON_SALE: Final = "p.status = 'active' AND p.deleted_at IS NULL"
"""What everybody sees. Said so, the partial indexes answer it."""
# Values stand behind a SELECT of their own: the planner does not see them there, takes one plan for all of them, and makes it once.
# Seen, it would make one for each request, which takes longer than the request.
VISIBLE: Final = (
    "p.deleted_at IS NULL AND (p.status = 'active' OR p.seller = (SELECT {}::uuid) OR (SELECT {}::boolean))"
)
"""`{}`: the viewer's id or null, and whether they are staff."""

PERSON: Final = "json_build_object('id', s.id, 'username', s.username)"
CATEGORY: Final = "CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) END"

SOLD_OUT: Final = "(v.tracks_stock AND v.on_hand <= v.allocated)"
"""Of a variant `v`."""
IN_STOCK: Final = f"EXISTS (SELECT FROM product_variants v WHERE v.product = p.id AND v.is_active AND NOT {SOLD_OUT})"

# The empty object is written without braces, which mark the places of values in lists.
MEDIA: Final = image_json("media").replace("'{}'::jsonb", "jsonb_build_object()")
# `OFFSET 0` has each picture described once, not once for each of its parts.
PICTURES: Final = f"""(SELECT json_agg(json_build_object('id', i.id, 'image', i.shown -> 'url', 'alt_text', i.alt,
    'is_primary', i.n = 1, 'order', i.n, 'state', i.shown -> 'state', 'thumbnail', i.shown -> 'sizes' -> '600' -> 'url',
    'sizes', i.shown -> 'sizes') ORDER BY i.n) AS described,
    (array_agg(i.shown -> 'sizes' -> '600' ->> 'url' ORDER BY i.n) FILTER (WHERE i.state = 'ready'))[1] AS first
  FROM (SELECT x.id, x.alt, row_number() OVER (ORDER BY x.position, x.id) AS n, media.state, {MEDIA} AS shown
    FROM product_images x JOIN media ON media.id = x.media
    WHERE x.product = p.id AND media.state IN ('pending', 'ready') OFFSET 0) AS i)"""
STOCK: Final = f"""(SELECT sum(greatest(v.on_hand - v.allocated, 0)) FILTER (WHERE v.tracks_stock) AS quantity,
    coalesce(bool_or(NOT {SOLD_OUT}), false) AS is_in_stock,
    coalesce(bool_or(v.tracks_stock AND v.on_hand - v.allocated <= p.low_stock_at), false) AS is_low
  FROM product_variants v WHERE v.product = p.id AND v.is_active)"""
BESIDE: Final = f"""{STOCK} AS stock
  CROSS JOIN LATERAL {PICTURES} AS pictures
  CROSS JOIN LATERAL (SELECT count(*) > 0 AS own FROM product_wishes w WHERE w.product = p.id AND w."user" = (SELECT {{}}::uuid)) AS wish"""
"""What `CARD` shows of other tables' rows; `{}` is the viewer's id or null."""

DISCOUNT: Final = """coalesce(round((p.compare_minor - p.price_minor) * 100.0 / nullif(p.compare_minor, 0)), 0)::int"""
RATING: Final = "round(p.rating_sum::numeric / nullif(p.rating_count, 0), 1)"
CARD: Final = f"""p.id, p.name, p.slug, p.status, p.currency, money_text(p.price_minor, p.currency) AS price,
  money_text(p.compare_minor, p.currency) AS compare_price, {DISCOUNT} AS discount_percentage,
  stock.quantity, stock.is_in_stock, p.is_featured, {CATEGORY} AS category, {PERSON} AS seller,
  pictures.first AS image, coalesce(pictures.described, '[]') AS images,
  {RATING} AS average_rating, p.rating_count AS review_count, wish.own AS in_wishlist, p.created_at"""
OWN: Final = """p.sku, money_text(p.cost_minor, p.currency) AS cost_price, p.low_stock_at, stock.is_low AS is_low_stock,
  p.sold_count, p.updated_at"""

KILOGRAMS: Final = "trim_scale({} / 1000.0)::text"
