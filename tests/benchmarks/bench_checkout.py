"""Filling the cart, and ordering what is in it: over HTTP, each request a transaction."""

import asyncio
import os
from collections.abc import Iterator
from itertools import cycle, islice, repeat
from uuid import UUID

import msgspec
import uvloop

from tests.benchmarks import catalogue
from tests.benchmarks.bench_shop import compared
from tests.benchmarks.load import CONNECTIONS, Rate, backends, drive
from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.raw_shop import SCHEMA
from tests.benchmarks.table import Row

ROUNDS = 3
SECONDS = 2.0
OUR_BUYERS, RAW_BUYERS = 6_000, 20_000
"""More than can order in all rounds: each orders once."""

Buyer = tuple[str, UUID]


def run() -> list[Row]:
    things, ours, raw = asyncio.run(_prepare())
    with serving(*OURS) as service, serving("tests.benchmarks.raw_shop:app") as limit:
        return uvloop.run(_measure((service, limit), things, (ours, raw)))


async def _prepare() -> tuple[list[UUID], list[Buyer], list[Buyer]]:
    import asyncpg

    from marketplace.core import db

    await db.connect()
    things = await catalogue.goods()
    variants = [variant for _, variant in things]
    ours, raw = [
        await catalogue.buyers(list(islice(cycle(variants), many))) for many in (OUR_BUYERS, RAW_BUYERS)
    ]  # fmt: skip
    for table in ("users", "sessions", "carts", "cart_items", "addresses"):
        await db.execute(f"VACUUM ANALYZE {table}")
    await db.disconnect()
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute(SCHEMA)
    await connection.close()
    return [product for product, _ in things], ours, raw


async def _measure(
    sides: tuple[Served, Served], things: list[UUID], buyers: tuple[list[Buyer], list[Buyer]]
) -> list[Row]:
    from marketplace.core import db

    await db.connect()
    adding: tuple[list[Rate], list[Rate]] = ([], [])
    ordering: tuple[list[Rate], list[Rate]] = ([], [])
    waiting = [[iter(each[n::CONNECTIONS]) for n in range(CONNECTIONS)] for each in buyers]
    pids = await backends()
    for _ in range(ROUNDS):
        for which, served in enumerate(sides):
            fillers = [_adding(header, things[n]) for n, (header, _) in enumerate(buyers[which][-CONNECTIONS:])]
            adding[which].append(await _drive(served, fillers, pids))
            ordering[which].append(await _drive(served, [_ordering(each) for each in waiting[which]], pids))
    placed = await db.fetch_val("SELECT count(*) FROM orders")
    await db.disconnect()
    assert placed >= ROUNDS, "nothing was ordered"
    return [
        compared("putting something in the cart", adding, "asyncpg, one statement by hand", 0.7),
        compared("checkout of a cart", ordering, "asyncpg, the bare rows by hand in one transaction", None),
    ]


def _adding(header: str, product: UUID) -> Iterator[bytes]:
    """One more of the same, again and again."""
    yield from repeat(_post("/api/v1/cart/items/", header, {"product_id": product, "quantity": 1}), 990)


def _ordering(buyers: Iterator[Buyer]) -> Iterator[bytes]:
    for header, address in buyers:
        yield _post("/api/v1/orders/", header, {"shipping_address_id": address})


def _post(path: str, header: str, said: object) -> bytes:
    body = msgspec.json.encode(said)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nAuthorization: {header}\r\n\r\n"
    return head.encode() + body


async def _drive(served: Served, requests: list[Iterator[bytes]], pids: list[int]) -> Rate:
    rate = await drive(served.port, requests, SECONDS, [served.pid, *pids])
    assert rate.bad == 0, f"{rate.bad} answers were refusals"
    return rate
