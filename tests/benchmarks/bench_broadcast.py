"""A message to 1,000 sockets in an auction's room, 10 times a second: from its commit until the last socket has it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from uuid import UUID

import psutil
import uvloop
from msgspec import Struct

from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.sockets import Crowd
from tests.benchmarks.table import Row, middle

SOCKETS = 1_000
A_SECOND = 10
SECONDS = 8
ROUNDS = 3


class Reach(Struct, frozen=True):
    """Milliseconds from a message's commit to the last socket; and the server's processor time a message, in ms."""

    times: list[float]
    cpu_ms: float

    def at(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))]


def run() -> list[Row]:
    auction = asyncio.run(_prepare())
    with ExitStack() as stack:
        ours, raw = (stack.enter_context(serving(*what)) for what in (OURS, ("tests.benchmarks.raw_broadcast:app",)))
        return uvloop.run(_measure(ours, raw, auction))


async def _prepare() -> UUID:
    from marketplace.core import db
    from tests.factories.auctions import an_auction

    await db.connect()
    auction, _ = await an_auction()
    await db.disconnect()
    return auction


async def _measure(ours: Served, raw: Served, auction: UUID) -> list[Row]:
    rounds = []
    for _ in range(ROUNDS):
        rounds.append((await _ours(ours, auction), await _raw(raw)))
    shown = []
    for side in zip(*rounds, strict=True):
        p50, p99 = (middle(reach.at(share) for reach in side) for share in (0.5, 0.99))
        shown.append((p50, p99, middle(reach.cpu_ms for reach in side)))
    (ours50, ours99, ours_cpu), (raw50, raw99, raw_cpu) = shown
    return [
        Row(
            path=f"broadcast to {SOCKETS:,} sockets, {A_SECOND} messages/s, commit to last socket",
            ours=f"p50 {ours50:.0f} ms, p99 {ours99:.0f} ms, {ours_cpu:.1f} ms processor time",
            raw=f"ASGI loop over all: p50 {raw50:.0f} ms, p99 {raw99:.0f} ms, {raw_cpu:.1f} ms processor time",
            ratio=f"{raw50 / ours50:.2f} (processor time {raw_cpu / ours_cpu:.2f})",
            goal="p99 <= 75 ms", met=ours99 <= 75,
        )
    ]  # fmt: skip


async def _ours(served: Served, auction: UUID) -> Reach:
    from marketplace.auctions.messages import room
    from marketplace.core import db, live
    from marketplace.core.channels import RedisChannels

    channels = RedisChannels()
    await db.connect()
    await channels.on_startup()
    live.use(channels.say)
    try:
        async with Crowd(served.port, f"/ws/auction/{auction}/", SOCKETS, b'"bidder":"') as crowd:

            async def say(name: str) -> float:
                async with db.transaction():
                    await live.post(room(auction), _message(auction, name))
                    committed = 0.0

                    async def note() -> None:
                        nonlocal committed
                        committed = time.perf_counter()

                    db.on_commit(note)
                return committed

            return await _reach(crowd, served, say)
    finally:
        live.use(None)
        await channels.on_shutdown()
        await db.disconnect()


async def _raw(served: Served) -> Reach:
    async with Crowd(served.port, "/", SOCKETS, b'"bidder":"') as crowd:

        async def say(name: str) -> float:
            crowd.say(name.encode())
            return time.perf_counter()

        return await _reach(crowd, served, say)


async def _reach(crowd: Crowd, served: Served, say: Callable[[str], Awaitable[float]]) -> Reach:
    await crowd.until(lambda: crowd.begun == SOCKETS)
    await say("warm")
    await crowd.until(lambda: crowd.reached_all("warm"))
    await asyncio.sleep(1.5)  # what is told once about who is here has been told
    process = psutil.Process(served.pid)
    before = sum(process.cpu_times()[:2])
    said: dict[str, float] = {}
    began = time.perf_counter()
    for i in range(SECONDS * A_SECOND):
        await asyncio.sleep(max(0.0, began + i / A_SECOND - time.perf_counter()))
        said[f"m{i}"] = await say(f"m{i}")
    await crowd.until(lambda: all(crowd.reached_all(name) for name in said))
    used = sum(process.cpu_times()[:2]) - before
    assert crowd.lost == 0, f"{crowd.lost} sockets were closed"
    times = sorted(((crowd.reached_all(name) or 0.0) - at) * 1000 for name, at in said.items())
    return Reach(times, used * 1000 / len(said))


def _message(auction: UUID, name: str) -> Struct:
    from marketplace.auctions.messages import BidPlacedMessage
    from marketplace.core import clock

    return BidPlacedMessage(
        auction_id=auction, lot_id=auction, bid_no=1, bidder=name, leader="bidder 1", kind="bid", amount="100.00",
        currency="USD", timestamp=clock.now(), total_bids=1, minimum_bid="101.00", reserve_met=True, buy_now_price=None,
        ends_at=clock.now(), extended=False,
    )  # fmt: skip
