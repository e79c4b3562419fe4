"""A list of 20 auctions out of 100,000, filtered and signed in (so never from the cache); and deep pages by cursor."""

import asyncio
from itertools import repeat

import httpx
import uvloop

from tests.benchmarks import data
from tests.benchmarks.load import CONNECTIONS, Rate, backends, drive, request
from tests.benchmarks.place import OURS, Served, serving
from tests.benchmarks.table import Row, of_each, ratio

LIST = "/api/v1/auctions/?status=active&currency=EUR&max_price=500"
DEEP = "/api/v1/auctions/?ordering=-created_at&page_size=10"
ROUNDS = 5
SECONDS = 2.0


def run() -> list[Row]:
    signed_in = asyncio.run(_prepare())
    with serving(*OURS) as ours, serving("tests.benchmarks.raw_asyncpg:app") as raw:
        _same(ours, raw, signed_in[0])
        deep = _deep(ours, signed_in[0])
        return uvloop.run(_measure(ours, raw, signed_in, deep))


async def _prepare() -> list[str]:
    from marketplace.core import db

    await db.connect()
    await data.auctions()
    made = await data.tokens(CONNECTIONS)
    await db.disconnect()
    return made


def _same(ours: Served, raw: Served, token: str) -> None:
    """Both answer with the same auctions."""
    answers = [
        httpx.get(served.url + LIST, headers={"authorization": token}).raise_for_status().json()["data"]
        for served in (ours, raw)
    ]
    shown = [[each["id"] for each in answer["results"]] for answer in answers]
    assert shown[0] == shown[1] and len(shown[0]) == 20


def _deep(ours: Served, token: str) -> str:
    """The page 9,999 pages on, as a client comes to it: by the cursor of the one before."""
    at = (
        httpx.get(f"{ours.url}{DEEP}&page=9999", headers={"authorization": token}, timeout=60).raise_for_status().json()
    )
    return f"{DEEP}&cursor={at['meta']['next_cursor']}"


async def _measure(ours: Served, raw: Served, signed_in: list[str], deep: str) -> list[Row]:
    from marketplace.core import db

    await db.connect()
    lists: tuple[list[Rate], list[Rate]] = ([], [])
    pages: tuple[list[Rate], list[Rate]] = ([], [])
    for _ in range(ROUNDS):
        pids = await backends()
        for served, rates in ((ours, lists[0]), (raw, lists[1])):
            rates.append(await _get(served, LIST, signed_in, pids))
        for path, rates in ((f"{DEEP}&cursor=", pages[0]), (deep, pages[1])):
            rates.append(await _get(ours, path, signed_in, pids))
    await db.disconnect()
    share = ratio(*lists, lambda a, b: a.per_second / b.per_second)
    work = ratio(*lists, lambda a, b: b.cpu_us / a.cpu_us)
    more = ratio(pages[1], pages[0], lambda a, b: b.per_second / a.per_second)
    return [
        Row(
            path="list of 20 of 100,000, three filters, signed in",
            ours=_told(lists[0]), raw=f"asyncpg by hand, no count: {_told(lists[1])}",
            ratio=f"{share:.2f} (processor time {work:.2f})", goal=">= 0.70", met=share >= 0.7,
        ),
        Row(
            path="page 10,000 by cursor beside page 1", ours=_told(pages[1]), raw=f"page 1: {_told(pages[0])}",
            ratio=f"{more:.2f} x its time", goal="<= 1.5 x", met=more <= 1.5,
        ),
    ]  # fmt: skip


async def _get(served: Served, path: str, signed_in: list[str], backends: list[int]) -> Rate:
    requests = [repeat(request("GET", path, f"Authorization: {token}\r\n")) for token in signed_in]
    rate = await drive(served.port, requests, SECONDS, [served.pid, *backends])
    assert rate.bad == 0, f"{rate.bad} answers were refusals"
    return rate


def _told(rates: list[Rate]) -> str:
    return f"{of_each(rates, 'per_second'):,.0f}/s, {of_each(rates, 'cpu_us'):,.0f} us"
