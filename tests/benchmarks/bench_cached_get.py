"""A cached anonymous GET, with everything of the door on, beside a raw ASGI app with the same body under the same server.

    python -m tests.benchmarks.bench_cached_get          # goal: at least 0.40

Uses DATABASE_URL and REDIS_URL, in a database of its own.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import httpx
import uvloop

from tests.benchmarks.load import Rate, measure

PATH = "/api/v1/categories/"
ROUNDS = 3


async def raw(scope: Any, receive: Any, send: Any) -> None:
    """The limit of the path: an application that does nothing but answer."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    body = BODY
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


BODY = b"x" * int(os.environ.get("BENCH_BODY", "0"))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def serving(app: str, *options: str, **environ: str) -> Iterator[tuple[int, int]]:
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", app, *options, "--port", str(port), "--loop", "uvloop", "--http", "httptools",
        "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    log = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | environ, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/health/live")
                break
            except httpx.TransportError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{app} does not serve") from None
                time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def database() -> Iterator[str]:
    """A migrated database of its own, with a few categories."""
    base = os.environ["DATABASE_URL"]
    name = f"marketplace_bench_{os.getpid()}"
    url = base.rpartition("/")[0] + "/" + name

    async def admin(statement: str, at: str = base) -> None:
        connection = await asyncpg.connect(at)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(admin(f'CREATE DATABASE "{name}"'))
    try:
        subprocess.run(
            [sys.executable, "-m", "marketplace.cli", "migrate"], env=os.environ | {"DATABASE_URL": url},
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        yield url
    finally:
        asyncio.run(admin(f'DROP DATABASE "{name}" WITH (FORCE)'))


def main() -> None:
    with database() as url:
        service = {"DATABASE_URL": url, "MARKETPLACE_WORKER_IN_PROCESS": "false", "MARKETPLACE_LOG_FORMAT": "json"}
        with serving("marketplace.app:create_app", "--factory", **service) as ours:
            port, _ = ours
            first = httpx.get(f"http://127.0.0.1:{port}{PATH}")
            first.raise_for_status()
            assert "etag" in first.headers, "the answer did not come from the cache"
            plain = httpx.get(f"http://127.0.0.1:{port}{PATH}", headers={"accept-encoding": "identity"})
            with serving("tests.benchmarks.bench_cached_get:raw", BENCH_BODY=str(len(plain.content))) as limit:
                rounds = [uvloop.run(_round(limit, ours, plain.headers["etag"])) for _ in range(ROUNDS)]
    best = [max(rates, key=lambda rate: rate.per_second) for rates in zip(*rounds, strict=True)]
    print(f"{'':24}{'per second':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}")
    for name, rate in zip(("raw ASGI", "cached GET", "cached GET, 304"), best, strict=True):
        print(f"{name:24}{rate.per_second:12.0f}{rate.p50_ms:9.2f}{rate.p99_ms:9.2f}{rate.cpu_us:9.1f}")
        assert rate.bad == 0, f"{rate.bad} answers were refusals"
    rate, cpu = best[1].per_second / best[0].per_second, best[0].cpu_us / best[1].cpu_us
    print(f"ratio {rate:.2f} by rate, {cpu:.2f} by processor time (goal 0.40); body of {len(plain.content)} bytes")


async def _round(limit: tuple[int, int], ours: tuple[int, int], etag: str) -> tuple[Rate, Rate, Rate]:
    port, pid = ours
    known = f"If-None-Match: {etag}\r\n"
    return (
        await measure(limit[0], PATH, pid=limit[1]),
        await measure(port, PATH, pid=pid),
        await measure(port, PATH, pid=pid, headers=known),
    )


if __name__ == "__main__":
    main()
