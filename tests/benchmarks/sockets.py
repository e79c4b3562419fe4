"""A crowd of WebSockets in one process: it notes when a message has reached the last of them, and does nothing else."""

import asyncio
import base64
import os
import struct
import time
from collections import Counter
from typing import Any


class _Listener(asyncio.Protocol):
    def __init__(self, crowd: "Crowd", path: str) -> None:
        self._crowd, self._path, self._seen, self._open = crowd, path, b"", False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(  # type: ignore[attr-defined]
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        seen = self._seen + data if self._seen else data
        if not self._open:
            head, mark, seen = seen.partition(b"\r\n\r\n")
            if not mark:
                self._seen = head
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._open = True
        at = 0
        while (end := _end_of_frame(seen, at)) is not None:
            self._crowd.heard(seen[at:end])
            at = end
        self._seen = seen[at:]

    def connection_lost(self, error: Exception | None) -> None:
        self._crowd.lost += 1


def _end_of_frame(data: bytes, at: int) -> int | None:
    if len(data) < at + 2:
        return None
    length, head = data[at + 1] & 127, 2
    if length == 126:
        if len(data) < at + 4:
            return None
        length, head = struct.unpack_from("!H", data, at + 2)[0], 4
    elif length == 127:
        if len(data) < at + 10:
            return None
        length, head = struct.unpack_from("!Q", data, at + 2)[0], 10
    end = at + head + length
    return end if len(data) >= end else None


class Crowd:
    """Sockets to `path`. `mark` begins what tells one message from another: the text that follows it, up to a quote."""

    def __init__(self, port: int, path: str, size: int, mark: bytes) -> None:
        self._port, self._path, self.size, self._mark = port, path, size, mark
        self._listeners: list[_Listener] = []
        self._times: dict[bytes, float] = {}
        self._counts: Counter[bytes] = Counter()
        self.begun = 0
        self.lost = 0

    async def __aenter__(self) -> "Crowd":
        loop = asyncio.get_running_loop()
        for start in range(0, self.size, 50):
            for _ in range(min(50, self.size - start)):
                _, listener = await loop.create_connection(lambda: _Listener(self, self._path), "127.0.0.1", self._port)
                self._listeners.append(listener)
            await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.transport.abort()
        await asyncio.sleep(0.1)

    def say(self, payload: bytes) -> None:
        """The first of the crowd says something. Shorter than 126 bytes."""
        masked = bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload
        self._listeners[0].transport.write(masked)

    def heard(self, frame: bytes) -> None:
        self.begun += b'"type":"snapshot"' in frame
        _, mark, rest = frame.partition(self._mark)
        if mark:
            which = rest.partition(b'"')[0]
            self._counts[which] += 1
            if self._counts[which] == self.size:
                self._times[which] = time.perf_counter()

    async def until(self, condition: Any, patience: float = 60) -> None:
        """Wait until `condition()` holds."""
        async with asyncio.timeout(patience):
            while not condition():
                await asyncio.sleep(0.05)

    def reached_all(self, which: str) -> float | None:
        """When the last of the crowd had it, as `perf_counter` tells."""
        return self._times.get(which.encode())
