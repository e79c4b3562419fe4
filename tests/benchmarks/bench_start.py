"""`python3 -m marketplace` on embedded servers that were started before: until the first answer, and what a process weighs."""

import os
import sys
import tempfile
import time

import httpx
import psutil

from tests.benchmarks.place import free_port, serving
from tests.benchmarks.table import Row, middle
from tests.instances import Instance, launch

STARTS = 5
SOME = 200
PATHS = ("/api/v1/auctions/", "/api/v1/categories/", "/", "/api/schema")


def run() -> list[Row]:
    # As a user of tools has it: no server named, a folder of its own, not what the other benchmarks set.
    kept = {name: "" for name in os.environ if name.startswith(("MARKETPLACE_", "DATABASE_URL", "REDIS_URL"))}
    with tempfile.TemporaryDirectory(prefix="marketplace-start-") as home:
        environ = kept | {"MARKETPLACE_HOME": home, "MARKETPLACE_RATE_LIMITS": "*=off"}
        _start(environ)  # cold: makes the servers' data, migrates, loads the demo
        starts = [_start(environ) for _ in range(STARTS)]
    seconds, memory = (middle(values) for values in zip(*starts, strict=True))
    with serving("tests.benchmarks.bench_cached_get:raw", BENCH_BODY="100") as raw:
        bare = psutil.Process(raw.pid).memory_info().rss / 2**20
    begun = time.perf_counter()
    with serving("tests.benchmarks.bench_cached_get:raw", BENCH_BODY="100"):
        bare_seconds = time.perf_counter() - begun
    return [
        Row(
            path="warm start to first answer, embedded servers, demo data", ours=f"{seconds:.2f} s",
            raw=f"bare ASGI: {bare_seconds:.2f} s", goal="<= 2 s", met=seconds <= 2,
        ),
        Row(
            path=f"memory of the app process, worker inside, after {SOME} requests", ours=f"{memory:.0f} MB",
            raw=f"bare ASGI: {bare:.0f} MB", goal="< 200 MB", met=memory < 200,
        ),
    ]  # fmt: skip


def _start(environ: dict[str, str]) -> tuple[float, float]:
    """(seconds until the first answer, megabytes after some more)."""
    port = free_port()
    begun = time.perf_counter()
    instance = launch("serve", "--port", str(port), environ=environ, command=(sys.executable, "-m", "marketplace.cli"))
    try:
        seconds = _first_answer(instance, f"http://127.0.0.1:{port}/api/v1/categories/", begun)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            for i in range(SOME):
                client.get(PATHS[i % len(PATHS)])
        memory = psutil.Process(instance.process.pid).memory_info().rss / 2**20
    finally:
        instance.terminate()
    return seconds, memory


def _first_answer(instance: Instance, url: str, begun: float) -> float:
    with httpx.Client() as client:
        while instance.process.poll() is None:
            try:
                client.get(url).raise_for_status()
            except httpx.TransportError:
                time.sleep(0.01)
            else:
                return time.perf_counter() - begun
    raise RuntimeError(f"the service did not start:\n{instance.said}")
