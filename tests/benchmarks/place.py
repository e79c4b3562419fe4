"""Where benchmarks run: a migrated database and a Redis of their own, and programs served on ports of their own."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
from msgspec import Struct

from tests import servers

OURS = ("marketplace.app:create_app", "--factory")


class Served(Struct, frozen=True):
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def place() -> Iterator[None]:
    """Servers (those the environment names, else embedded ones), and the environment that points to what is ours in them.

    Settings are read when the application is imported, so benchmarks import it inside.
    """
    with ExitStack() as stack:
        base_url, redis_url = stack.enter_context(servers.base_urls())
        url = stack.enter_context(servers.database(base_url, f"{servers.PREFIX}_bench"))
        redis = stack.enter_context(servers.redis_database(redis_url))
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="marketplace-bench-"))
        os.environ |= {
            "DATABASE_URL": url, "REDIS_URL": redis, "MARKETPLACE_HOME": home,
            "MARKETPLACE_WORKER_IN_PROCESS": "false", "MARKETPLACE_LOG_FORMAT": "json",
            "MARKETPLACE_SOCKETS_PER_ADDRESS": "5000",
            # Counted on every request as in production, and never reached.
            "MARKETPLACE_RATE_LIMITS": "api=1000000/m,anonymous=1000000/m",
        }  # fmt: skip
        asyncio.run(_prepare())
        yield


async def _prepare() -> None:
    import marketplace.wiring  # noqa: F401 - as in the service, every event has its listeners
    from marketplace.core import migrations

    await migrations.migrate()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def serving(app: str, *options: str, **environ: str) -> Iterator[Served]:
    """An ASGI application in a process of its own, under uvicorn with the options the service itself uses."""
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", app, *options, "--port", str(port), "--loop", "uvloop", "--http", "httptools",
        "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    log = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | environ, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 300  # a busy machine starts things slowly
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health/live")
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{app} does not serve") from None
                time.sleep(0.05)
        yield Served(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)
