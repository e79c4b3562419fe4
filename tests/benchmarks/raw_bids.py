"""The limit for bids over HTTP: a bare ASGI application and asyncpg, one statement a bid, no rules but "more than before".

No account, no maximum, no increments, no history chain, no room, no refusal in words: what is left when all of that is free.
"""

import json
import os
from typing import Any

import asyncpg

SCHEMA = """
CREATE TABLE IF NOT EXISTS raw_lot (id int PRIMARY KEY, price bigint NOT NULL);
CREATE TABLE IF NOT EXISTS raw_bids (id bigserial PRIMARY KEY, lot int NOT NULL, bidder text NOT NULL, amount bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now());
INSERT INTO raw_lot VALUES (1, 0) ON CONFLICT (id) DO UPDATE SET price = 0;
"""
PLACE = """
WITH raised AS (UPDATE raw_lot SET price = $2 WHERE id = 1 AND price < $2 RETURNING id)
INSERT INTO raw_bids (lot, bidder, amount) SELECT id, $1, $2 FROM raised RETURNING id
"""

_pool: asyncpg.Pool | None = None


async def plain_lifespan(receive: Any, send: Any) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    global _pool
    if scope["type"] == "lifespan":
        _pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
        await plain_lifespan(receive, send)
        return
    if scope["path"].startswith("/health"):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    bid = json.loads(body)
    assert _pool is not None
    placed = await _pool.fetchval(PLACE, bid["bidder"], int(bid["amount"]))
    answer = json.dumps({"placed": placed}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 201 if placed else 400, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
