"""A running auction room, bid in over HTTP and listened to on a socket, that must never show a hole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from tests.factories import signed_in
from tests.factories.auctions import an_auction
from tests.factories.sockets import LiveServer, LiveSocket
from tests.instances import Instance

PATIENCE = 30.0


class Duel:
    """Two people who outbid each other; every bid is told in the room."""

    def __init__(self, auction_id: UUID, lot_id: UUID, headers: list[dict[str, str]]) -> None:
        self.auction_id = auction_id
        self.lot_id = lot_id
        self.headers = headers
        self.amount = 10
        self.accepted: list[int] = []
        self.statuses: list[int] = []

    async def bid(self, http: httpx.AsyncClient) -> int:
        """One bid, higher than all before. Returns the answer's status; a broken connection is 0."""
        self.amount += 10
        try:
            answer = await http.post(
                "/api/v1/bids/", json={"lot_id": str(self.lot_id), "amount": str(self.amount)},
                headers=self.headers[self.amount // 10 % 2],
            )  # fmt: skip
        except httpx.TransportError:
            status = 0
        else:
            status = answer.status_code
        self.statuses.append(status)
        if status == 201:
            self.accepted.append(self.amount)
        return status


async def a_duel() -> Duel:
    auction_id, lot_id = await an_auction(start="1.00")
    return Duel(auction_id, lot_id, [(await signed_in())[1] for _ in range(2)])


@asynccontextmanager
async def client(instance: Instance) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=instance.url, timeout=PATIENCE) as http:
        yield http


@asynccontextmanager
async def listening(instance: Instance, duel: Duel) -> AsyncIterator["Listener"]:
    port = urlsplit(instance.url).port
    assert port is not None
    async with LiveServer(port).connect(f"/ws/auction/{duel.auction_id}/") as ws:
        listener = Listener(ws)
        await listener.begin()
        yield listener


class Listener:
    """Reads a room and checks that every message is later than the one before, and that no bid is missing."""

    def __init__(self, ws: LiveSocket) -> None:
        self.ws = ws
        self.seq = 0
        self.bids = 0

    async def begin(self) -> None:
        self._take(await self.ws.hear_a("snapshot"))

    async def hears_bids(self, total: int) -> None:
        """Read until the room has told of `total` bids, in snapshots or one by one."""
        async with asyncio.timeout(PATIENCE):
            while self.bids < total:
                self._take(await self.ws.hear())

    def _take(self, message: dict[str, object]) -> None:
        if "seq" not in message:
            return
        seq = message["seq"]
        assert isinstance(seq, int)
        if message["type"] == "snapshot":
            self.bids = max(lot["bid_count"] for lot in message["lots"])  # type: ignore[attr-defined]
        else:
            assert seq > self.seq, f"after {self.seq} came {seq}"  # numbers in between are other people's messages
            if message["type"] == "bid_placed":
                self.bids += 1
                assert message["total_bids"] == self.bids
        self.seq = seq
