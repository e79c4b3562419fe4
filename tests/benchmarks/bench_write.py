"""A single transactional write: putting an auction on one's watchlist."""

import asyncio
from collections.abc import Iterator

import uvloop

from tests.benchmarks import data
from tests.benchmarks.bench_list import _told
from tests.benchmarks.load import CONNECTIONS, Rate, backends, drive, request
from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.table import Row, ratio

ROUNDS = 5
SECONDS = 2.0


def run() -> list[Row]:
    signed_in, auctions = asyncio.run(_prepare())
    with serving(*OURS) as ours, serving("tests.benchmarks.raw_asyncpg:app") as raw:
        return uvloop.run(_measure(ours, raw, signed_in, auctions))


async def _prepare() -> tuple[list[str], list[str]]:
    from marketplace.core import db

    await db.connect()
    await data.auctions()
    tokens = await data.tokens(2 * CONNECTIONS)
    auctions = [str(row["id"]) for row in await db.fetch("SELECT id FROM auctions WHERE status = 'active'")]
    await db.disconnect()
    return tokens, auctions


async def _measure(ours: Served, raw: Served, signed_in: list[str], auctions: list[str]) -> list[Row]:
    from marketplace.core import db

    def watching(token: str, start: int) -> Iterator[bytes]:
        """One account watches one auction after the other, so that every request writes a row."""
        for i in range(len(auctions)):
            auction = auctions[(start + i) % len(auctions)]
            yield request("POST", f"/api/v1/auctions/{auction}/watch/", f"Authorization: {token}\r\n")

    step = len(auctions) // CONNECTIONS
    sides = [
        (served, [watching(token, i * step) for i, token in enumerate(tokens)])
        for served, tokens in ((ours, signed_in[:CONNECTIONS]), (raw, signed_in[CONNECTIONS:]))
    ]
    await db.connect()
    before = await db.fetch_val("SELECT count(*) FROM auction_watches")
    rates: tuple[list[Rate], list[Rate]] = ([], [])
    for _ in range(ROUNDS):
        pids = await backends()
        for (served, requests), kept in zip(sides, rates, strict=True):
            rate = await drive(served.port, requests, SECONDS, [served.pid, *pids])
            assert rate.bad == 0, f"{rate.bad} answers were refusals"
            kept.append(rate)
    written = await db.fetch_val("SELECT count(*) FROM auction_watches") - before
    await db.disconnect()
    assert written > 0, "nothing was written"
    share = ratio(*rates, lambda a, b: a.per_second / b.per_second)
    work = ratio(*rates, lambda a, b: b.cpu_us / a.cpu_us)
    return [
        Row(
            path="single transactional write (watch an auction)",
            ours=_told(rates[0]), raw=f"asyncpg, one statement by hand: {_told(rates[1])}",
            ratio=f"{share:.2f} (processor time {work:.2f})", goal=">= 0.70", met=share >= 0.7,
        )
    ]  # fmt: skip
