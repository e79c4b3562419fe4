"""The limit of lists and writes: a bare ASGI application and asyncpg, with the statements one would write by hand.

It does what no service can leave out: it reads the token and looks the session up, so that a ban counts at once. It has
no limits, cache, count, links, checks of the query, errors in words, metrics, request log or request ids.
"""

import os
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import asyncpg

from marketplace.accounts.tokens import read_access_token
from tests.benchmarks.raw_bids import plain_lifespan

WHO = (
    "SELECT u.id, u.role FROM sessions s JOIN users u ON u.id = s.user "
    "WHERE s.id = $1 AND u.id = $2 AND s.ended_at IS NULL AND u.status = 'active'"
)
LIST = """WITH page AS (
  SELECT a.*, l.price_minor, l.start_minor, l.buy_now_minor, l.reserve_minor, l.leader, l.leader_max_minor, s.username
  FROM auctions a JOIN lots l ON l.auction = a.id AND l.position = 1 JOIN users s ON s.id = a.seller
  WHERE a.deleted_at IS NULL AND a.status = $2 AND a.currency = $3 AND l.price_minor <= $4
  ORDER BY a.created_at DESC, a.id DESC LIMIT $5)
SELECT json_build_object('success', true, 'data', json_build_object(
  'results', (SELECT json_agg(json_build_object(
    'id', p.id, 'title', p.title, 'status', p.status, 'currency', p.currency,
    'current_price', money_text(p.price_minor, p.currency), 'starting_price', money_text(p.start_minor, p.currency),
    'buy_now_price', CASE WHEN p.leader IS NULL THEN money_text(p.buy_now_minor, p.currency) END,
    'bid_count', x.bids, 'has_reserve', p.reserve_minor IS NOT NULL,
    'reserve_met', p.leader IS NOT NULL AND p.leader_max_minor >= coalesce(p.reserve_minor, 0),
    'lot_count', x.lots, 'starts_at', p.starts_at, 'ends_at', x.ends_at, 'created_at', p.created_at,
    'category', (SELECT json_build_object('id', c.id, 'name', c.name, 'slug', c.slug) FROM categories c
      WHERE c.id = p.category),
    'seller', json_build_object('id', p.seller, 'username', p.username),
    'images', coalesce(i.images, '[]'::json), 'image', i.images -> 0,
    'watch_count', (SELECT count(*) FROM auction_watches w WHERE w.auction = p.id),
    'is_watched', EXISTS (SELECT FROM auction_watches w WHERE w.auction = p.id AND w."user" = $1)
    ) ORDER BY p.created_at DESC, p.id DESC)
    FROM page p
    CROSS JOIN LATERAL (SELECT sum(bid_count) AS bids, count(*) AS lots, max(ends_at) AS ends_at
      FROM lots WHERE auction = p.id) AS x
    CROSS JOIN LATERAL (SELECT json_agg(json_build_object('id', m.id, 'alt', y.alt) ORDER BY y.position, y.id) AS images
      FROM auction_images y JOIN media m ON m.id = y.media WHERE y.auction = p.id) AS i)))::text"""
WATCH = """WITH seen AS (SELECT a.id FROM auctions a WHERE a.id = $1 AND a.deleted_at IS NULL
  AND (a.status <> 'scheduled' OR a.starts_at IS NOT NULL OR a.seller = $2)),
came AS (INSERT INTO auction_watches (auction, "user", created_at) SELECT id, $2, now() FROM seen
  ON CONFLICT DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM auction_watches w WHERE w.auction = $1) + (SELECT count(*) FROM came) FROM seen"""

_pool: Any = None


async def _keep(_: Any) -> None:
    """As in the service: no session state is ever set, so there is none to reset."""


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global _pool
    if scope["type"] == "lifespan":
        _pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=10, max_size=10, reset=_keep,
            server_settings={"jit": "off", "plan_cache_mode": "force_generic_plan"},  # planned once
        )  # fmt: skip
        await plain_lifespan(receive, send)
        return
    if scope["path"].startswith("/health"):
        await answer(send, b"{}")
        return
    user, session = read_access_token(dict(scope["headers"])[b"authorization"].decode().partition(" ")[2])
    async with _pool.acquire() as connection:
        viewer = await connection.fetchrow(WHO, session, user)
        assert viewer is not None
        if scope["method"] == "GET":
            asked = dict(parse_qsl(scope["query_string"].decode()))
            most, size = int(float(asked["max_price"]) * 100), int(asked.get("page_size", "20"))
            body = await connection.fetchval(LIST, viewer["id"], asked["status"], asked["currency"], most, size)
            await answer(send, body.encode())
            return
        auction = UUID(scope["path"].split("/")[4])
        count = await connection.fetchval(WATCH, auction, viewer["id"])
    assert count is not None
    await answer(send, b'{"success":true,"data":{"auction_id":"%b","watch_count":%d}}' % (str(auction).encode(), count))


async def answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
