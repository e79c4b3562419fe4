"""Reading the shop: a list of 20 of 100,000 products, filtered; pages far down by cursor; a product's page, cached and not."""

import asyncio
import os
from collections.abc import Iterator
from itertools import repeat

import httpx
import uvloop

from tests.benchmarks import catalogue, data
from tests.benchmarks.load import CONNECTIONS, Rate, backends, drive, measure, request
from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.table import Row, of_each, ratio

LIST = "/api/v1/products/?category=many-3&in_stock=true&min_price=100&max_price=500"
DEEP = "/api/v1/products/?page_size=10"
PAGE = "/api/v1/products/many-{}/"
ROUNDS = 5
SECONDS = 2.0


def run() -> list[Row]:
    signed_in = asyncio.run(_prepare())
    with serving(*OURS) as ours, serving("tests.benchmarks.raw_shop:app") as raw:
        _same(ours, raw, signed_in[0])
        deep = _deep(ours, signed_in[0])
        rows = uvloop.run(_measure(ours, raw, signed_in, deep))
        cached = httpx.get(ours.url + PAGE.format(7), headers={"accept-encoding": "identity"}).raise_for_status()
        assert "etag" in cached.headers, "the answer did not come from the cache"
        os.environ["BENCH_BODY"] = str(len(cached.content))
        with serving("tests.benchmarks.bench_cached_get:raw") as bare:
            rows.append(uvloop.run(_cached(ours, bare, len(cached.content))))
        return rows


async def _prepare() -> list[str]:
    from marketplace.core import db

    await db.connect()
    await catalogue.catalogue()
    made = await data.tokens(CONNECTIONS)
    await db.disconnect()
    return made


def _same(ours: Served, raw: Served, token: str) -> None:
    """Both answer with the same products."""
    answers = [
        httpx.get(served.url + LIST, headers={"authorization": token}).raise_for_status().json()["data"]["results"]
        for served in (ours, raw)
    ]
    shown = [[{**each, "images": len(each["images"])} for each in answer] for answer in answers]
    assert shown[0] == shown[1] and len(shown[0]) == 20 and shown[0][0]["images"] == 1


def _deep(ours: Served, token: str) -> str:
    """The page 9,999 pages on, as a client comes to it: by the cursor of the one before."""
    at = httpx.get(f"{ours.url}{DEEP}&page=9999", headers={"authorization": token}, timeout=60).raise_for_status()
    return f"{DEEP}&cursor={at.json()['meta']['next_cursor']}"


async def _measure(ours: Served, raw: Served, signed_in: list[str], deep: str) -> list[Row]:
    from marketplace.core import db

    await db.connect()
    lists: tuple[list[Rate], list[Rate]] = ([], [])
    pages: tuple[list[Rate], list[Rate]] = ([], [])
    products: tuple[list[Rate], list[Rate]] = ([], [])
    for _ in range(ROUNDS):
        pids = await backends()
        for served, which in ((ours, 0), (raw, 1)):
            lists[which].append(await _get(served, [repeat(LIST)] * CONNECTIONS, signed_in, pids))
            many = [_products(n) for n in range(CONNECTIONS)]
            products[which].append(await _get(served, many, signed_in, pids))
        for path, rates in ((f"{DEEP}&cursor=", pages[0]), (deep, pages[1])):
            rates.append(await _get(ours, [repeat(path)] * CONNECTIONS, signed_in, pids))
    await db.disconnect()
    more = ratio(pages[1], pages[0], lambda a, b: b.per_second / a.per_second)
    same = "the same SQL by asyncpg"
    return [
        compared("list of 20 of 100,000 products, four filters, signed in", lists, f"{same}, no count", 0.7),
        Row(
            path="page 10,000 of the products by cursor beside page 1", ours=told(pages[1]), raw=f"page 1: {told(pages[0])}",
            ratio=f"{more:.2f} x its time", goal="<= 1.5 x", met=more <= 1.5,
        ),
        compared("a product's page, not cached, signed in", products, same, 0.7),
    ]  # fmt: skip


def _products(first: int) -> Iterator[str]:
    for n in range(first + 1, catalogue.MANY, CONNECTIONS):
        yield PAGE.format(n)


async def _get(served: Served, paths: list[Iterator[str]], signed_in: list[str], backends: list[int]) -> Rate:
    requests = [
        (request("GET", path, f"Authorization: {token}\r\n") for path in each)
        for each, token in zip(paths, signed_in, strict=True)
    ]
    rate = await drive(served.port, requests, SECONDS, [served.pid, *backends])
    assert rate.bad == 0, f"{rate.bad} answers were refusals"
    return rate


async def _cached(ours: Served, bare: Served, size: int) -> Row:
    rates: tuple[list[Rate], list[Rate]] = ([], [])
    for _ in range(ROUNDS):
        for served, kept in ((ours, rates[0]), (bare, rates[1])):
            kept.append(await measure(served.port, PAGE.format(7), SECONDS, pid=served.pid))
    assert not any(rate.bad for kept in rates for rate in kept), "some answers were refusals"
    return compared(f"a product's page, cached, {size / 1024:.0f} kB", rates, "ASGI", 0.4)


def compared(path: str, rates: tuple[list[Rate], list[Rate]], limit: str, least: float | None) -> Row:
    """Ours beside the raw side, judged by the rate."""
    share = ratio(*rates, lambda a, b: a.per_second / b.per_second)
    work = ratio(*rates, lambda a, b: b.cpu_us / a.cpu_us)
    return Row(
        path=path, ours=told(rates[0]), raw=f"{limit}: {told(rates[1])}", ratio=f"{share:.2f} (processor time {work:.2f})",
        goal="" if least is None else f">= {least:.2f}", met=None if least is None else share >= least,
    )  # fmt: skip


def told(rates: list[Rate]) -> str:
    return f"{of_each(rates, 'per_second'):,.0f}/s, {of_each(rates, 'cpu_us'):,.0f} us"
