"""Processes of the service that are killed at a statement of choice.

`python -m tests.faults.nursery` imports the service once and then forks a child for every order on its input. The child is the
whole service; it does what it is told over its own HTTP, and kills itself with SIGKILL at the n-th point, if asked to. There are two
points a statement: it has been sent and nobody will hear its answer, and it has been answered. What the child was answered it
passes on at once, so that what came out of it has been acknowledged.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg
import httpx
import msgspec
from msgspec import Struct
from piccolo.engine import engine_finder

NAME = "nursling"
"""What the children's database sessions are called."""
PATIENCE_SECONDS = 120.0


class Step(Struct, frozen=True, omit_defaults=True):
    """A request, or (no path) everything that is due: timers, listeners, jobs.

    The path and the form may name fields of the last answer: `/payments/{id}/confirm`.
    """

    path: str = ""
    body: Any = None
    headers: dict[str, str] = {}
    form: dict[str, str] = {}


class Said(Struct, frozen=True):
    """How a step was answered."""

    status: int
    body: str

    @property
    def data(self) -> Any:
        """What an answer of the API carries; of anything else nothing."""
        return msgspec.json.decode(self.body)["data"] if self.status < 300 and self.body.startswith("{") else {}


class Task(Struct, frozen=True):
    steps: list[Step]
    fatal: int = 0


class Life(Struct, frozen=True):
    """What became of a child: how many points it passed, and what it was answered until it died."""

    points: int
    killed: bool
    said: list[Said]


class Nursery:
    """The forking process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin and process.stdout
        self.process, self._in, self._out = process, process.stdin, process.stdout

    @classmethod
    async def open(cls) -> "Nursery":
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.nursery", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=2**24, env=os.environ | {"MARKETPLACE_DB_POOL_MIN": "1", "MARKETPLACE_DB_POOL_MAX": "6"},
        )  # fmt: skip
        nursery = cls(process)
        assert await nursery._line() == b"ready\n", "the nursery did not come up"
        return nursery

    async def live(self, *steps: Step, fatal: int = 0) -> Life:
        """Run the steps in a process of their own, until the end or until its `fatal` point."""
        self._in.write(msgspec.json.encode(Task(list(steps), fatal)) + b"\n")
        return msgspec.json.decode(await self._line(), type=Life)

    async def close(self) -> None:
        self._in.close()
        await self.process.wait()

    async def _line(self) -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._out.readline()


class _Points:
    """Counts the points of this process, and ends it at the fatal one."""

    passed = 0
    fatal = 0

    @classmethod
    def pass_one(cls) -> None:
        cls.passed += 1
        if cls.passed == cls.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _watch(name: str) -> None:
    original = getattr(asyncpg.Connection, name)

    async def watched(*args: Any, **kwargs: Any) -> Any:
        if _Points.passed + 1 == _Points.fatal:
            asyncio.create_task(original(*args, **kwargs))  # noqa: RUF006 - nobody will be there to hear of it
            await asyncio.sleep(0)
        _Points.pass_one()
        answer = await original(*args, **kwargs)
        _Points.pass_one()
        return answer

    setattr(asyncpg.Connection, name, watched)


def _main() -> None:
    from marketplace.core import db

    start = db.Engine.start_connection_pool

    async def start_named(self: Any, **options: Any) -> None:
        options["server_settings"] |= {"application_name": NAME}
        await start(self, **options)

    db.Engine.start_connection_pool = start_named  # type: ignore[method-assign,assignment]
    import tests.factories.orders
    import tests.factories.payments  # noqa: F401 - ways to sell and to be paid that the tests know
    from marketplace.app import create_app

    app = create_app()
    # What is imported at its first use, for all children at once.
    engine_finder()
    httpx.AsyncHTTPTransport()
    print("ready", flush=True)
    for line in sys.stdin.buffer:
        task = msgspec.json.decode(line, type=Task)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            asyncio.run(_live(app, task, writing))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = [msgspec.json.decode(one) for one in pipe if one.endswith(b"\n")]
        _, status = os.waitpid(child, 0)
        if status and not os.WIFSIGNALED(status):
            raise SystemExit("a child failed")
        points = [one for one in told if isinstance(one, int)]
        said = [one for one in told if not isinstance(one, int)]
        life = {"points": points[-1] if points else task.fatal, "killed": os.WIFSIGNALED(status), "said": said}
        print(msgspec.json.encode(life).decode(), flush=True)


async def walk(http: httpx.AsyncClient, steps: Sequence[Step]) -> AsyncIterator[Said]:
    """Take the steps one after the other, in this process, as far as they are not refused."""
    from tests.factories.payments import work_off

    last: dict[str, Any] = {}
    for step in steps:
        if not step.path:
            await work_off()
            yield Said(200, "")
            continue
        form = {name: value.format_map(last) for name, value in step.form.items()}
        body: dict[str, Any] = {"data": form} if form else {"json": step.body}
        answer = await http.post(step.path.format_map(last), headers=step.headers, **body)
        said = Said(answer.status_code, answer.text)
        last = said.data or last
        yield said
        if said.status >= 400:
            return


async def _live(app: Any, task: Task, writing: int) -> None:
    def tell(what: Any) -> None:
        os.write(writing, msgspec.json.encode(what) + b"\n")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for name in ("execute", "fetch", "fetchrow", "fetchval"):
            _watch(name)
        _Points.fatal = task.fatal
        async for said in walk(http, task.steps):
            tell(said)
        _Points.fatal = 0
        tell(_Points.passed)


if __name__ == "__main__":
    _main()
