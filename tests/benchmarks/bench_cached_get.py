"""A cached anonymous GET, with everything of the door on, beside a raw ASGI app with the same body under the same server."""

import os
from typing import Any

import httpx
import uvloop

from tests.benchmarks.load import Rate, measure
from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.raw_bids import plain_lifespan
from tests.benchmarks.table import Row, of_each, ratio

PATH = "/api/v1/categories/"
ROUNDS = 5
SECONDS = 2.0
BODY = b"x" * int(os.environ.get("BENCH_BODY", "0"))


async def raw(scope: Any, receive: Any, send: Any) -> None:
    """The limit of the path: an application that does nothing but answer."""
    if scope["type"] == "lifespan":
        await plain_lifespan(receive, send)
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


def run() -> list[Row]:
    with serving(*OURS) as ours:
        plain = httpx.get(f"{ours.url}{PATH}", headers={"accept-encoding": "identity"}).raise_for_status()
        assert "etag" in plain.headers, "the answer did not come from the cache"
        with serving("tests.benchmarks.bench_cached_get:raw", BENCH_BODY=str(len(plain.content))) as limit:
            rounds = [uvloop.run(_round(limit, ours, plain.headers["etag"])) for _ in range(ROUNDS)]
    bare, whole, unchanged = zip(*rounds, strict=True)
    assert not any(rate.bad for rates in rounds for rate in rates), "some answers were refusals"
    size = len(plain.content) / 1024
    return [
        _row(f"cached anonymous GET, everything on, {size:.0f} kB", whole, bare),
        _row("the same, not modified (304)", unchanged, bare),
    ]


def _row(path: str, ours: tuple[Rate, ...], bare: tuple[Rate, ...]) -> Row:
    share = ratio(ours, bare, lambda a, b: a.per_second / b.per_second)
    work = ratio(ours, bare, lambda a, b: b.cpu_us / a.cpu_us)
    return Row(
        path=path, ours=_told(ours), raw=f"ASGI: {_told(bare)}",
        ratio=f"{share:.2f} (processor time {work:.2f})", goal=">= 0.40", met=share >= 0.4,
    )  # fmt: skip


def _told(rates: tuple[Rate, ...]) -> str:
    return f"{of_each(rates, 'per_second'):,.0f}/s, {of_each(rates, 'cpu_us'):,.0f} us"


async def _round(limit: Served, ours: Served, etag: str) -> tuple[Rate, Rate, Rate]:
    known = f"If-None-Match: {etag}\r\n"
    return (
        await measure(limit.port, PATH, SECONDS, pid=limit.pid),
        await measure(ours.port, PATH, SECONDS, pid=ours.pid),
        await measure(ours.port, PATH, SECONDS, pid=ours.pid, headers=known),
    )
