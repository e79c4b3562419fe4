"""A small HTTP load generator: many keep-alive connections, one request after the other on each, as little Python as possible."""

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final

import psutil
from msgspec import Struct

SECONDS: Final = 4.0
CONNECTIONS: Final = 32
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
GOOD: Final = (b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 304")


class Rate(Struct, frozen=True):
    """What a run reached. `cpu_us`: processor time a request of the server, and of the database if it was counted."""

    per_second: float
    p50_ms: float
    p99_ms: float
    bad: int
    cpu_us: float = 0.0


class _Client(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], until: float, times: list[float], done: asyncio.Future[int]) -> None:
        self._requests, self._until, self._times, self._done = requests, until, times, done
        self._seen, self._length, self._bad = b"", -1, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = next(self._requests)
        self._began = time.perf_counter()
        self._transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if self._length < 0:
            head, mark, _ = self._seen.partition(b"\r\n\r\n")
            if not mark:
                return
            self._length = len(head) + 4
            if not head.startswith(b"HTTP/1.1 304"):
                self._length += int(LENGTH.search(head)[1])  # type: ignore[index]
                self._bad += not head.startswith(GOOD)
        if len(self._seen) >= self._length:
            now = time.perf_counter()
            self._times.append(now - self._began)
            self._seen, self._length = b"", -1
            if now < self._until:
                self._send()
            else:
                self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(self._bad)


def request(method: str, path: str, headers: str = "") -> bytes:
    """A request without a body. `headers`: lines, each with its CRLF."""
    length = "Content-Length: 0\r\n" if method == "POST" else ""
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n{length}{headers}\r\n".encode()


async def measure(
    port: int, path: str, seconds: float = SECONDS, connections: int = CONNECTIONS, headers: str = "", pid: int = 0
) -> Rate:
    """GET `path` on 127.0.0.1 for a while. With the server's `pid` also its processor time a request."""
    same = request("GET", path, headers)
    return await drive(port, [repeat(same)] * connections, seconds, [pid] if pid else [])


async def drive(
    port: int, requests: Sequence[Iterator[bytes]], seconds: float = SECONDS, pids: Sequence[int] = ()
) -> Rate:
    """Send each iterator's requests on a connection of its own, one after the other."""
    used = _cpu(pids)
    loop = asyncio.get_running_loop()
    times: list[float] = []
    began = time.perf_counter()
    dones: list[asyncio.Future[int]] = []
    for each in requests:
        done: asyncio.Future[int] = loop.create_future()
        await loop.create_connection(
            lambda each=each, done=done: _Client(each, began + seconds, times, done),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        dones.append(done)
    bad = sum(await asyncio.gather(*dones))
    elapsed = time.perf_counter() - began
    times.sort()
    at = len(times)
    cpu = (_cpu(pids) - used) / at * 1_000_000
    return Rate(at / elapsed, times[at // 2] * 1000, times[at * 99 // 100] * 1000, bad, cpu)


def _cpu(pids: Sequence[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


async def backends() -> list[int]:
    """Processes of the database that serve this database's connections, where they can be seen."""
    from marketplace.core import db

    rows = await db.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    )
    return [row["pid"] for row in rows if _is_postgres(row["pid"])]


def _is_postgres(pid: int) -> bool:
    try:
        return psutil.Process(pid).name().startswith("postgres")
    except psutil.Error:
        return False
