"""Several processes that do something at the same moment: what one process's own queue would put in order is not."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from tests.races import forking
from tests.races.forking import Order

PATIENCE_SECONDS = 120.0


async def run_together(deed: str, *jobs: Any, ready: Callable[[], Awaitable[None]] | None = None) -> list[Any]:
    """Run `module:function` once for each job, a process each, all let go at once. Returns what each returned, as JSON.

    `ready` is run when every process is up, before they are let go.
    """
    crew = await asyncio.gather(*(Member.start(deed, job) for job in jobs))
    try:
        for member in crew:
            await member.ready()
        if ready is not None:
            await ready()
        for member in crew:
            member.go()
        return list(await asyncio.gather(*(member.result() for member in crew)))
    finally:
        for member in crew:
            await member.end()


class Member:
    """One process: says `ready` when it is connected, and starts at `go`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._in, self._out = writer, reader
        self._pid = 0

    @classmethod
    async def start(cls, deed: str, job: Any) -> "Member":
        address = await asyncio.to_thread(forking.address)
        reader, writer = await asyncio.open_unix_connection(address, limit=2**24)
        writer.write(msgspec.json.encode(Order(deed, job, dict(os.environ))) + b"\n")
        return cls(reader, writer)

    async def line(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._out.readline()

    async def ready(self) -> None:
        said, _, pid = (await self.line()).partition(b" ")
        assert said == b"ready", "the process did not come up"
        self._pid = int(pid)

    def go(self) -> None:
        self._in.write(b"go\n")

    async def result(self) -> Any:
        return msgspec.json.decode(await self.line())

    def kill(self) -> None:
        """With SIGKILL, unless it has ended."""
        if self._pid and not self._out.at_eof():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def end(self) -> None:
        """It does nothing more when this returns."""
        self.kill()
        while await self.line():
            pass
        self._in.close()
