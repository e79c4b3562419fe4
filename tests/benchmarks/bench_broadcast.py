"""A bid told to 1,000 sockets in one room, beside a bare ASGI application that sends the same bytes to as many.

    python -m tests.benchmarks.bench_broadcast

Latency is taken at 10 bids a second, from sending the bid (over HTTP, with everything that placing it takes) to its
arrival at the last socket; throughput by placing bids as fast as they are answered, until the last socket has them all.
Goal: commit to last client p99 <= 75 ms.
"""

import asyncio
import base64
import os
import re
import time
from contextlib import ExitStack
from typing import Any

from tests import servers
from tests.benchmarks.bench_bids import Http, prepare, served

SOCKETS = 1000
PACED, BURST = 60, 150
PAUSE = 0.1


class Listener(asyncio.Protocol):
    """The client side of a WebSocket, no more than needed to tell when which message has arrived."""

    def __init__(self, crowd: "Crowd", path: str) -> None:
        self.crowd, self.path, self.buffer, self.open = crowd, path, b"", False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.open:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            assert b" 101 " in head.splitlines()[0], head
            self.open, self.buffer = True, rest
            self.crowd.opened()
        while (frame := self._frame()) is not None:
            self.crowd.heard(frame)

    def _frame(self) -> bytes | None:
        if len(self.buffer) < 2:
            return None
        length, start = self.buffer[1] & 127, 2
        if length == 126:
            length, start = int.from_bytes(self.buffer[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(self.buffer[2:10], "big"), 10
        if len(self.buffer) < start + length:
            return None
        frame, self.buffer = self.buffer[start : start + length], self.buffer[start + length :]
        return frame


class Crowd:
    """A thousand listeners. Knows when the last of them has heard each bid."""

    NUMBER = re.compile(rb'"bid_no":(\d+)')

    def __init__(self) -> None:
        self.present, self.counts, self.last = 0, {}, {}
        self.everybody = asyncio.Event()
        self.arrived: asyncio.Condition = asyncio.Condition()

    def opened(self) -> None:
        self.present += 1
        if self.present == SOCKETS:
            self.everybody.set()

    def heard(self, frame: bytes) -> None:
        if b'"type":"bid_placed"' not in frame:
            return
        number = int(self.NUMBER.search(frame)[1])
        count = self.counts[number] = self.counts.get(number, 0) + 1
        if count == SOCKETS:
            self.last[number] = time.perf_counter()

    async def join(self, port: int, path: str) -> None:
        loop = asyncio.get_running_loop()
        for begin in range(0, SOCKETS, 50):
            await asyncio.gather(
                *(
                    loop.create_connection(lambda: Listener(self, path), "127.0.0.1", port)
                    for _ in range(begin, min(begin + 50, SOCKETS))
                )
            )
        await self.everybody.wait()

    async def has_heard(self, number: int) -> float:
        until = time.monotonic() + 60
        while number not in self.last:
            assert time.monotonic() < until, f"bid {number}: {self.counts.get(number, 0)} of {SOCKETS} heard it"
            await asyncio.sleep(0.002)
        return float(self.last[number])


async def run(name: str, port: int, path: str, bid: Any) -> tuple[str, list[float], float]:
    """(name, latencies in ms, deliveries a second)."""
    crowd = Crowd()
    await crowd.join(port, path)
    await asyncio.sleep(2)  # the presence counts of so many that came at once
    latencies = []
    for number in range(1, PACED + 1):
        began = time.perf_counter()
        await bid(number)
        latencies.append((await crowd.has_heard(number) - began) * 1000)
        await asyncio.sleep(max(0.0, began + PAUSE - time.perf_counter()))
    began = time.perf_counter()
    for number in range(PACED + 1, PACED + BURST + 1):
        await bid(number)
    rate = BURST * SOCKETS / (await crowd.has_heard(PACED + BURST) - began)
    return name, sorted(latencies), rate


async def ours() -> tuple[str, list[float], float]:
    from marketplace.core import db
    from tests.factories import bearer
    from tests.factories.accounts import users
    from tests.factories.auctions import an_auction

    await db.connect()
    auction, _ = await an_auction()
    tokens = [(await bearer(user))["authorization"] for user in await users(2)]
    with served("marketplace.app:create_app", "--factory") as port:
        clients = [Http(port, "/api/v1/bids/", token) for token in tokens]

        async def bid(number: int) -> None:
            body = b'{"auction_id":"%b","amount":"%d"}' % (str(auction).encode(), 200 * number)
            assert await clients[number % 2].post(body)

        try:
            return await run("a bid told to the room", port, f"/ws/auction/{auction}/", bid)
        finally:
            await db.disconnect()


async def bare() -> tuple[str, list[float], float]:
    with served("tests.benchmarks.raw_broadcast:app") as port:
        client = Http(port, "/", "none")

        async def say(number: int) -> None:
            assert await client.post(b'{"type":"bid_placed","bid_no":%d,"more":"%b"}' % (number, b"x" * 400))

        return await run("raw: bare ASGI, same bytes", port, "/", say)


def main() -> None:
    with ExitStack() as stack:
        base_url, redis_url = stack.enter_context(servers.base_urls())
        name = f"{servers.PREFIX}_bench"
        os.environ["DATABASE_URL"] = stack.enter_context(servers.database(base_url, name))
        os.environ["REDIS_URL"] = stack.enter_context(servers.redis_database(redis_url))
        os.environ |= {
            "MARKETPLACE_RATE_LIMITS": "*=off", "MARKETPLACE_WORKER_IN_PROCESS": "false",
            "MARKETPLACE_SOCKETS_PER_ADDRESS": str(SOCKETS * 2), "MARKETPLACE_LOG_LEVEL": "warning",
        }  # fmt: skip
        asyncio.run(prepare())
        rows = [asyncio.run(ours()), asyncio.run(bare())]
    raw_rate = rows[1][2]
    print(f"{SOCKETS:,} sockets in one room, {1 / PAUSE:.0f} bids a second:\n")
    print("| path | p50 ms | p99 ms | deliveries/s | of raw |\n|---|---|---|---|---|")
    for name, latencies, rate in rows:
        p50, p99 = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
        print(f"| {name} | {p50:.1f} | {p99:.1f} | {rate:,.0f} | {rate / raw_rate:.2f} |")


if __name__ == "__main__":
    main()
