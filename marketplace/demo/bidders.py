"""Bidders that bid against each other in a running instance, over its API like anybody else, until stopped."""

import argparse
import asyncio
import random
import signal
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import httpx
from msgspec import Struct

from marketplace.demo.things import BIDDERS, PASSWORD

PAUSE_SECONDS = (0.8, 3.0)
"""Between two looks of one bidder: five of them stay inside everybody's limits."""


class CannotSignIn(Exception):
    pass


class Summary(Struct, kw_only=True):
    bids: int = 0
    refused: Counter[str]
    outbid: int = 0
    last: str = "waiting for the first bid"

    def line(self) -> str:
        refused = ", ".join(f"{count} {code}" for code, count in self.refused.most_common(3)) or "none"
        return f"{self.bids} bids, {self.outbid} outbid, refused: {refused} | {self.last}"


class Bidder:
    """One account with a taste for some auctions, a limit in mind for each, and a temper."""

    def __init__(self, http: httpx.AsyncClient, username: str, summary: Summary) -> None:
        self._http, self._username, self._summary = http, username, summary
        self._random = random.Random()  # noqa: S311 - a mood, no secret
        self._limits: dict[str, Decimal] = {}
        self._tokens: dict[str, Any] = {}

    async def run(self) -> None:
        await self._sign_in()
        while True:
            await asyncio.sleep(self._random.uniform(*PAUSE_SECONDS))
            try:
                await self._look()
            except (httpx.TransportError, KeyError):
                self._summary.last = "the service is away; trying again"
                await asyncio.sleep(2)

    async def _sign_in(self) -> None:
        answer = await self._http.post("/api/v1/auth/login/", json={"username": self._username, "password": PASSWORD})
        try:
            told = answer.json()
            why = told["message"]
        except (ValueError, TypeError, KeyError):
            raise CannotSignIn("What answers there is not this service.") from None
        if answer.status_code != 200:
            raise CannotSignIn(
                f"{self._username} cannot sign in: {why} "
                "The demo's accounts are made when the service starts without --no-demo."
            )
        self._tokens = told["data"]

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._tokens['access']}"}
        answer = await self._http.request(method, path, headers=headers, **more)
        if answer.status_code == 401:
            fresh = await self._http.post("/api/v1/auth/refresh/", json={"refresh": self._tokens["refresh"]})
            if fresh.status_code != 200:
                await self._sign_in()
            else:
                self._tokens = fresh.json()["data"]
            headers = {"authorization": f"Bearer {self._tokens['access']}"}
            answer = await self._http.request(method, path, headers=headers, **more)
        return answer

    async def _look(self) -> None:
        listed = await self._ask("GET", "/api/v1/auctions/active/", params={"ordering": "ends_at"})
        if listed.status_code != 200:
            self._summary.refused[listed.json()["code"]] += 1
            await asyncio.sleep(float(listed.headers.get("retry-after", 2)))
            return
        running = listed.json()["data"]["results"]
        if not running:
            self._summary.last = "no auction is running"
            return
        chosen = await self._ask("GET", f"/api/v1/auctions/{self._random.choice(running[:8])['id']}/")
        if chosen.status_code == 200:
            await self._bid(chosen.json()["data"])

    async def _bid(self, card: dict[str, Any]) -> None:
        lot = card["lots"][0]
        if lot["status"] != "active" or card["seller"]["username"] == self._username:
            return
        minimum = Decimal(lot["minimum_bid"])
        limit = self._limits.setdefault(card["id"], minimum * Decimal(self._random.randint(2, 9)))
        if minimum > limit:
            self._limits[card["id"]] = limit * Decimal("1.2")  # the heart, not the head
            return
        step = min(limit, minimum * Decimal(self._random.choice(["1", "1", "1.1", "1.3"])))
        amount = step.quantize(Decimal(1) if "." not in lot["minimum_bid"] else Decimal("0.01"))
        answer = await self._ask("POST", "/api/v1/bids/", json={"auction_id": card["id"], "amount": str(amount)})
        if answer.status_code == 201:
            self._summary.bids += 1
            placed = answer.json()["data"]
            self._summary.outbid += not placed.get("leading", True)
            self._summary.last = f"{self._username}: {amount} {card['currency']} on {card['title']}"
        else:
            self._summary.refused[answer.json()["code"]] += 1


async def bid_until_stopped(url: str, count: int, seconds: float | None) -> Summary:
    """Let every demo bidder bid at `url`, with a live summary on standard error."""
    summary = Summary(refused=Counter())
    async with httpx.AsyncClient(base_url=url, timeout=10) as http:
        async with asyncio.TaskGroup() as group:
            names = [BIDDERS[i % len(BIDDERS)] for i in range(count)]
            bidders = [group.create_task(Bidder(http, name, summary).run()) for name in names]
            stopped = asyncio.Event()
            for sig in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(sig, stopped.set)
            await _report(summary, stopped, bidders, seconds)
            for task in bidders:
                task.cancel()
    return summary


async def _report(
    summary: Summary, stopped: asyncio.Event, bidders: list[asyncio.Task[None]], seconds: float | None
) -> None:
    live = sys.stderr.isatty()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds if seconds else None
    while not stopped.is_set() and not any(task.done() for task in bidders):
        if end is not None and loop.time() >= end:
            break
        sys.stderr.write(f"\r\x1b[K{summary.line()[:110]}" if live else f"{summary.line()}\n")
        sys.stderr.flush()
        try:
            await asyncio.wait_for(stopped.wait(), 0.5 if live else 5)
        except TimeoutError:
            continue
    sys.stderr.write("\n" if live else "")


def run(args: argparse.Namespace) -> int:
    """`python3 -m marketplace demo`: exit code 0 when stopped, 1 when the service cannot be reached."""
    try:
        summary = asyncio.run(bid_until_stopped(args.url, args.bidders, args.seconds))
    except BaseExceptionGroup as group:
        first = group.exceptions[0]
        if isinstance(first, (httpx.TransportError, CannotSignIn)):
            why = str(first).rstrip(".") or "no answer"
            sys.stderr.write(
                f"\nmarketplace: {why}. Is the service running at {args.url}? --url names another place.\n"
            )
            return 1
        raise
    print(summary.line())  # noqa: T201 - the command's result
    return 0
