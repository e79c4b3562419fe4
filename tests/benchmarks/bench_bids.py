"""Bids on one hot auction by 128 clients: in the service, and over HTTP; each beside its raw limit.

python -m tests.benchmarks.bench_bids
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count

from tests import servers

CLIENTS = 128
SECONDS = 6.0


class Figures:
    """Durations of what was done in `SECONDS`, in seconds each."""

    def __init__(self, name: str, times: list[float], good: int, elapsed: float) -> None:
        self.name, self.times, self.good, self.elapsed = name, sorted(times), good, elapsed

    @property
    def rate(self) -> float:
        return len(self.times) / self.elapsed

    def at(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] * 1000

    def row(self, raw: "Figures") -> str:
        return (
            f"| {self.name} | {self.rate:,.0f} | {self.at(0.5):.1f} | {self.at(0.99):.1f} | "
            f"{100 * self.good / len(self.times):.0f} % | {self.rate / raw.rate:.2f} |"
        )


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

        raw = await hammer("raw: asyncpg, one statement a bid", raw_bid)
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
    with served("marketplace.app:create_app", "--factory") as port:
        clients = [Http(port, "/api/v1/bids/", tokens[i]) for i in range(CLIENTS)]
        ours = await hammer(
            "bid over HTTP",
            lambda i, n: clients[i].post(b'{"auction_id":"%b","amount":"%d"}' % (str(auction).encode(), 200 * n)),
        )
    await hold_invariants()
    await db.execute("UPDATE raw_lot SET price = 0")
    with served("tests.benchmarks.raw_bids:app") as port:
        plain = [Http(port, "/", "none") for _ in range(CLIENTS)]
        raw = await hammer(
            "raw: bare ASGI and asyncpg", lambda i, n: plain[i].post(b'{"bidder":"%d","amount":%d}' % (i, n))
        )
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


@contextmanager
def served(application: str, *flags: str) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", application, *flags, "--port", str(port), "--no-access-log"]
    process = subprocess.Popen([*command, "--log-level", "warning"], stdout=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


async def prepare() -> None:
    import marketplace.wiring  # noqa: F401 - as in the service, every event has its listeners
    from marketplace.core import migrations

    await migrations.migrate()


def main() -> None:
    with ExitStack() as stack:
        base_url, redis_url = stack.enter_context(servers.base_urls())
        name = f"{servers.PREFIX}_bench"
        os.environ["DATABASE_URL"] = stack.enter_context(servers.database(base_url, name))
        os.environ["REDIS_URL"] = stack.enter_context(servers.redis_database(redis_url))
        os.environ |= {"MARKETPLACE_RATE_LIMITS": "*=off", "MARKETPLACE_WORKER_IN_PROCESS": "false"}
        asyncio.run(prepare())
        pairs = [asyncio.run(in_the_service()), asyncio.run(over_http())]
    print(f"One auction, {CLIENTS} clients, one bid under way each:\n")
    print("| path | bids/s | p50 ms | p99 ms | let in | of raw |\n|---|---|---|---|---|---|")
    for ours, raw in pairs:
        print(ours.row(raw))
        print(raw.row(raw))


if __name__ == "__main__":
    main()
