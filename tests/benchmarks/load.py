"""A small HTTP load generator: many keep-alive connections, one request after the other on each, as little Python as possible."""

import asyncio
import re
import time
from typing import Final

import psutil
from msgspec import Struct

SECONDS: Final = 4.0
CONNECTIONS: Final = 32
LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Rate(Struct, frozen=True):
    """What a run reached."""

    per_second: float
    p50_ms: float
    p99_ms: float
    bad: int
    cpu_us: float = 0.0


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, until: float, times: list[float], done: asyncio.Future[int]) -> None:
        self._request, self._until, self._times, self._done = request, until, times, done
        self._seen, self._length, self._bad = b"", -1, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._seen += data
        if self._length < 0:
            head, mark, _ = self._seen.partition(b"\r\n\r\n")
            if not mark:
                return
            self._length = len(head) + 4
            if not head.startswith(b"HTTP/1.1 304"):
                self._length += int(LENGTH.search(head)[1])  # type: ignore[index]
                self._bad += not head.startswith(b"HTTP/1.1 200")
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


async def measure(
    port: int, path: str, seconds: float = SECONDS, connections: int = CONNECTIONS, headers: str = "", pid: int = 0
) -> Rate:
    """GET `path` on 127.0.0.1 for a while. With the server's `pid` also its processor time a request."""
    used = _cpu(pid)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n{headers}\r\n".encode()
    loop = asyncio.get_running_loop()
    times: list[float] = []
    began = time.perf_counter()
    dones: list[asyncio.Future[int]] = []
    for _ in range(connections):
        done: asyncio.Future[int] = loop.create_future()
        await loop.create_connection(
            lambda done=done: _Client(request, began + seconds, times, done),
            "127.0.0.1",
            port,  # type: ignore[misc]
        )
        dones.append(done)
    bad = sum(await asyncio.gather(*dones))
    elapsed = time.perf_counter() - began
    times.sort()
    at = len(times)
    cpu = (_cpu(pid) - used) / at * 1_000_000
    return Rate(at / elapsed, times[at // 2] * 1000, times[at * 99 // 100] * 1000, bad, cpu)


def _cpu(pid: int) -> float:
    if not pid:
        return 0.0
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
