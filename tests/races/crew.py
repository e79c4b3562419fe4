"""Several processes that do something at the same moment: what one process's own queue would put in order is not."""

import asyncio
import importlib
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

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

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self.process, self._in, self._out = process, process.stdin, process.stdout

    @classmethod
    async def start(cls, deed: str, job: Any) -> "Member":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.races.crew", deed, msgspec.json.encode(job).decode(),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**24,
            env=os.environ | {"MARKETPLACE_DB_POOL_MAX": "6"},
        )  # fmt: skip
        return cls(process)

    async def line(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._out.readline()

    async def ready(self) -> None:
        assert await self.line() == b"ready\n", "the process did not come up"

    def go(self) -> None:
        self._in.write(b"go\n")

    async def result(self) -> Any:
        return msgspec.json.decode(await self.line())

    async def end(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def _main(deed: str, job: str) -> None:
    import marketplace.wiring  # noqa: F401 - as every process of the service
    from marketplace.core import db, logs

    logs.configure()  # what is said goes to standard error: the other is for the result
    module, _, name = deed.partition(":")
    function = getattr(importlib.import_module(module), name)
    await db.connect()
    try:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(msgspec.json.encode(await function(msgspec.json.decode(job))).decode(), flush=True)
    finally:
        await db.disconnect()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
