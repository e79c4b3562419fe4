"""Bids on one hot auction by 128 clients: in the service, and over HTTP; each beside its raw limit."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count

import uvloop

from tests.benchmarks.place import OURS, serving
from tests.benchmarks.table import Row, middle

CLIENTS = 128
ROUNDS = 3
SECONDS = 3.0


class Figures:
    """Durations of what was done in `SECONDS`, in seconds each."""

    def __init__(self, name: str, times: list[float], good: int, elapsed: float) -> None:
        self.name, self.times, self.good, self.elapsed = name, sorted(times), good, elapsed

    @property
    def rate(self) -> float:
        return len(self.times) / self.elapsed

    def at(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] * 1000

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s, p50 {self.at(0.5):.0f} ms, p99 {self.at(0.99):.0f} ms"


async def hammer(name: str, one: Callable[[int, int], Awaitable[bool]]) -> Figures:
    """128 clients, each with one bid under way at a time. `one(client, n)` says whether bid number n was let in."""
    numbers, times, good = count(1), [], 0
    until = time.perf_counter() + SECONDS

    async def client(i: int) -> None:
        nonlocal good
        while (began := time.perf_counter()) < until:
            let_in = await one(i, next(numbers))
            good += let_in
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client(i) for i in range(CLIENTS)))
    return Figures(name, times, good, time.perf_counter() - began)


async def in_the_service() -> tuple[Figures, Figures]:
    import asyncpg

    from marketplace.auctions import bid_queue
    from marketplace.auctions.locks import LotRef
    from marketplace.auctions.service.bids import BidRequest
    from marketplace.core import clock, db
    from marketplace.core.errors import DomainError
    from tests.benchmarks.raw_bids import PLACE, SCHEMA
    from tests.factories.accounts import users
    from tests.factories.auctions import an_auction, hold_invariants

    await db.connect()
    _, lot = await an_auction()
    bidders = await users(CLIENTS)

    async def bid(client: int, n: int) -> bool:
        request = BidRequest(bidder_id=bidders[client], amount=Decimal(200 * n), received_at=clock.now())
        try:
            await bid_queue.submit(LotRef(lot_id=lot), request)
        except DomainError:
            return False
        return True

    ours = await hammer("bid in the service", bid)
    await hold_invariants()
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
    async with pool:
        await pool.execute(SCHEMA)

        async def raw_bid(client: int, n: int) -> bool:
            return await pool.fetchval(PLACE, str(client), n) is not None

        raw = await hammer("asyncpg, one statement a bid", raw_bid)
    await db.disconnect()
    return ours, raw


async def over_http() -> tuple[Figures, Figures]:
    from marketplace.core import db
    from tests.factories import bearer
    from tests.factories.accounts import users
    from tests.factories.auctions import an_auction, hold_invariants

    await db.connect()
    auction, _ = await an_auction()
    tokens = [(await bearer(user))["authorization"] for user in await users(CLIENTS)]
    with serving(*OURS) as served:
        clients = [Http(served.port, "/api/v1/bids/", tokens[i]) for i in range(CLIENTS)]
        ours = await hammer(
            "bid over HTTP",
            lambda i, n: clients[i].post(b'{"auction_id":"%b","amount":"%d"}' % (str(auction).encode(), 200 * n)),
        )
    await hold_invariants()
    await db.execute("UPDATE raw_lot SET price = 0")
    with serving("tests.benchmarks.raw_bids:app") as served:
        plain = [Http(served.port, "/", "none") for _ in range(CLIENTS)]
        raw = await hammer("ASGI and asyncpg", lambda i, n: plain[i].post(b'{"bidder":"%d","amount":%d}' % (i, n)))
    await db.disconnect()
    return ours, raw


class Http:
    """One keep-alive connection."""

    def __init__(self, port: int, path: str, token: str) -> None:
        self._port, self._streams = port, None
        self._head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"

    async def post(self, body: bytes) -> bool:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(b"content-length:") + 15
        await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        assert head[9:12] in (b"201", b"200", b"400"), head
        return head[9:12] != b"400"


def run() -> list[Row]:
    rows = []
    for path, once in (("in the service", in_the_service), ("over HTTP", over_http)):
        rounds = [uvloop.run(once()) for _ in range(ROUNDS)]
        of_raw = middle(ours.rate / raw.rate for ours, raw in rounds)
        ours, raw = (sorted(side, key=lambda figures: figures.rate)[ROUNDS // 2] for side in zip(*rounds, strict=True))
        let_in = 100 * ours.good / len(ours.times)
        p99 = middle(figures.at(0.99) for figures, _ in rounds)
        rows.append(
            Row(
                path=f"bids on one hot auction, {CLIENTS} clients, {path}", ours=f"{ours}, {let_in:.0f} % let in",
                raw=f"{raw.name}: {raw}", ratio=f"{of_raw:.2f}", goal="p99 <= 50 ms", met=p99 <= 50,
            )
        )  # fmt: skip
    return rows
