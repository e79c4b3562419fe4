"""How the statements of this package write what several of them show. `g` is the gig, `s` its seller, `c` its category."""

from typing import Final

from marketplace.media.queries import image_json

SOURCE: Final = "gigs g JOIN users s ON s.id = g.seller LEFT JOIN categories c ON c.id = g.category"
SHOWN: Final = "g.status = 'published' AND g.hidden_at IS NULL"
"""What everybody sees. Said so, the partial indexes answer it."""
FEATURED: Final = "g.featured_at IS NOT NULL AND (g.featured_until IS NULL OR g.featured_until > now())"
LEVEL: Final = "coalesce((SELECT l.level FROM seller_standings l WHERE l.seller = g.seller), 'new')"
SELLER: Final = f"json_build_object('id', s.id, 'username', s.username, 'level', {LEVEL})"
CATEGORY: Final = "CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) END"
RATING: Final = "round(g.rating_sum::numeric / nullif(g.rating_count, 0), 1)"
HAS_VIDEO: Final = """EXISTS (SELECT FROM gig_media v JOIN media f ON f.id = v.file
  WHERE v.gig = g.id AND v.kind = 'video' AND f.state = 'ready')"""

# The empty object is written without braces, which mark the places of values in lists.
FILE: Final = image_json("media").replace("'{}'::jsonb", "jsonb_build_object()")
# `OFFSET 0` has each file described once, not once for each of its parts.
MEDIA: Final = f"""(SELECT coalesce(json_agg(json_build_object('id', i.id, 'kind', i.kind, 'title', i.title, 'position', i.n,
    'is_cover', i.is_cover, 'state', i.state, 'reason', i.reason, 'url', i.shown -> 'url', 'thumbnail', i.shown -> 'thumbnail',
    'sizes', i.shown -> 'sizes', 'duration_ms', i.duration_ms, 'pages', i.pages) ORDER BY i.n), '[]')
  FROM (SELECT x.id, x.kind, x.title, x.is_cover, row_number() OVER (ORDER BY x.position, x.id) AS n, media.state, media.reason,
      media.duration_ms, media.pages, {FILE} AS shown
    FROM gig_media x JOIN media ON media.id = x.file
    WHERE x.gig = g.id AND media.state IN ('pending', 'ready') OFFSET 0) AS i)"""
COVER: Final = f"""LATERAL (SELECT json_build_object('url', coalesce(i.shown -> 'sizes' -> '600' ->> 'url', i.shown ->> 'thumbnail'),
    'thumbnail', i.shown ->> 'thumbnail', 'is_video', i.kind = 'video') AS shown
  FROM (SELECT x.kind, {FILE} AS shown FROM gig_media x JOIN media ON media.id = x.file
    WHERE x.gig = g.id AND x.kind IN ('image', 'video') AND media.state = 'ready'
    ORDER BY x.is_cover DESC, x.position, x.id LIMIT 1) AS i) AS cover ON true"""
"""What a card shows of other tables' rows: `LEFT JOIN`ed."""

CARD: Final = f"""g.id, g.title, g.slug, g.status, {SELLER} AS seller, {CATEGORY} AS category, g.currency,
  money_text(g.starting_minor, g.currency) AS starting_price, g.delivery_days, g.languages, cover.shown AS cover,
  {HAS_VIDEO} AS has_video, {RATING} AS average_rating, g.rating_count AS review_count, g.completed_count AS order_count,
  {FEATURED} AS is_featured, g.published_at"""
OWN: Final = """g.rejected_reason, g.hidden_at IS NOT NULL AS is_hidden, g.view_count, g.click_count,
  g.order_count AS ordered_count, g.created_at, g.updated_at"""

PACKAGES: Final = """(SELECT coalesce(json_agg(json_build_object('id', p.id, 'tier', p.tier, 'title', p.title,
    'description', p.description, 'price', money_text(p.price_minor, g.currency), 'delivery_days', p.delivery_days,
    'revisions', p.revisions, 'is_main', p.is_main, 'features', p.features)
    ORDER BY array_position(ARRAY['basic', 'standard', 'premium'], p.tier::text)), '[]')
  FROM gig_packages p WHERE p.gig = g.id AND p.archived_at IS NULL)"""
EXTRAS: Final = """(SELECT coalesce(json_agg(json_build_object('id', e.id, 'title', e.title, 'description', e.description,
    'price', money_text(e.price_minor, g.currency), 'extra_days', e.extra_days) ORDER BY e.position, e.id), '[]')
  FROM gig_extras e WHERE e.gig = g.id AND e.archived_at IS NULL)"""
FAQS: Final = """(SELECT coalesce(json_agg(json_build_object('question', q.question, 'answer', q.answer)
    ORDER BY q.position, q.id), '[]') FROM gig_faqs q WHERE q.gig = g.id)"""
REQUIREMENTS: Final = """(SELECT coalesce(json_agg(json_build_object('id', r.id, 'kind', r.kind, 'question', r.question,
    'choices', r.choices, 'is_required', r.is_required) ORDER BY r.position, r.id), '[]')
  FROM gig_requirements r WHERE r.gig = g.id)"""
TAGGED: Final = """(SELECT coalesce(json_agg(t.name ORDER BY t.slug), '[]') FROM tag_items i JOIN tags t ON t.id = i.tag
  WHERE i.kind = 'gig' AND i.item = g.id)"""
