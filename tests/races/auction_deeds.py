"""What the processes of the auction races do. Each takes and returns JSON."""

import asyncio
import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from marketplace.auctions import bid_queue
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.auto_bids import create_rule
from marketplace.auctions.service.bids import BidRequest
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import close_due
from marketplace.auctions.service.listing import delete_auction
from marketplace.auctions.service.retractions import retract_bid
from marketplace.auctions.states import RetractionReason
from marketplace.core import clock, db, timers
from marketplace.core.errors import DomainError
from marketplace.orders.service.cancelling import expire
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.service.paying import pay_from_wallet


async def bid_many(job: dict[str, Any]) -> list[list[Any]]:
    """Every bidder places `bids` bids, one after the other, all bidders at once. [bid id or code, amount, bidder]."""
    lot = LotRef(lot_id=UUID(job["lot"]))
    dice = random.Random(job["seed"])
    results: list[list[Any]] = []

    async def one(bidder: UUID) -> None:
        for turn in range(job["bids"]):
            amount = dice.randint(100, 20_000 + 5_000 * turn)
            results.append([await _bid(lot, bidder, amount), amount, str(bidder)])

    await asyncio.gather(*(one(UUID(bidder)) for bidder in job["bidders"]))
    return results


async def _bid(lot: LotRef, bidder: UUID, cents: int, at: datetime | None = None) -> str:
    request = BidRequest(bidder_id=bidder, amount=Decimal(cents).scaleb(-2), received_at=at or clock.now())
    try:
        return str((await bid_queue.submit(lot, request)).bid_id)
    except DomainError as refusal:
        return refusal.code


async def bid_until_killed(job: dict[str, Any]) -> None:
    """Say each accepted bid as soon as it is acknowledged."""
    lot, cents = LotRef(lot_id=UUID(job["lot"])), 100
    while True:
        cents += 30_000
        print(await _bid(lot, UUID(job["bidders"][cents // 30_000 % 2]), cents), flush=True)


async def bid_on_all(job: dict[str, Any]) -> list[str]:
    """Every bidder bids on every lot at once, now low, now high; some take their bid back. Bid ids and codes."""
    dice = random.Random(job["seed"])

    async def one(bidder: UUID, lot: UUID) -> str:
        said = await _bid(LotRef(lot_id=lot), bidder, dice.randint(100, 4_000))
        if "-" in said and dice.random() < 0.2:
            try:
                await retract_bid(UUID(said), bidder, RetractionReason.WRONG_AMOUNT, clock.now())
            except DomainError as refusal:
                return refusal.code
        return said

    deals = [(UUID(bidder), UUID(lot)) for bidder in job["bidders"] for lot in job["lots"]]
    dice.shuffle(deals)
    return list(await asyncio.gather(*(one(*deal) for deal in deals)))


async def make_rules(job: dict[str, Any]) -> list[str]:
    async def one(bidder: str, cents: int) -> str:
        try:
            await create_rule(LotRef(lot_id=UUID(job["lot"])), UUID(bidder), Decimal(cents).scaleb(-2), clock.now())
        except DomainError as refusal:
            return refusal.code
        return "made"

    return list(await asyncio.gather(*(one(*rule) for rule in job["rules"])))


async def bid_across_the_end(job: dict[str, Any]) -> list[list[Any]]:
    """Bids from before to after the end, while this process runs timers too. [bid id or code, microseconds to the end]."""
    lot = LotRef(lot_id=UUID(job["lot"]))
    end = await db.fetch_val("SELECT ends_at FROM lots WHERE id = $1", lot.lot_id)
    dice = random.Random(job["seed"])

    async def one(bidder: UUID) -> list[Any]:
        await asyncio.sleep(max(0.0, (end - clock.now()).total_seconds() + dice.uniform(-0.3, 0.2)))
        at = clock.now()
        said = await _bid(lot, bidder, dice.randint(100, 5_000_000), at)
        return [said, (end - at) // timedelta(microseconds=1)]

    async def close() -> None:
        while await db.fetch_val("SELECT status FROM lots WHERE id = $1", lot.lot_id) == "active":
            await timers.run_due()
            await asyncio.sleep(0.02)

    *results, _ = await asyncio.gather(*(one(UUID(bidder)) for bidder in job["bidders"]), close())
    return results


async def buy_and_bid(job: dict[str, Any]) -> list[str]:
    lot = LotRef(lot_id=UUID(job["lot"]))

    async def one(i: int, bidder: UUID) -> str:
        if i % 3 == 0:
            said = await _bid(lot, bidder, 1_000 + 500 * i)
            return said if "-" not in said else "bid"
        try:
            await buy_now(lot, bidder, clock.now())
        except DomainError as refusal:
            return refusal.code
        return "bought"

    return list(await asyncio.gather(*(one(i, UUID(bidder)) for i, bidder in enumerate(job["bidders"]))))


async def close_all(job: dict[str, Any]) -> int:
    """How many lots this process closed."""
    lots = [UUID(lot) for lot in job["lots"]]
    return sum(await asyncio.gather(*(close_due(lot) for lot in lots for _ in range(2))))


async def pay_or_expire(job: dict[str, Any]) -> list[str]:
    """Of each order: it is paid from the wallet, or its time to pay passes."""

    async def one(order: dict[str, str]) -> str:
        try:
            if job["expires"]:
                await db.retrying(lambda: expire(UUID(order["id"])))
                return "expired"
            await pay_from_wallet(UUID(order["buyer"]), PURPOSE, UUID(order["checkout"]))
        except DomainError as refusal:
            return refusal.code
        return "paid"

    return [await one(order) for order in job["orders"]]


async def delete_or_bid(job: dict[str, Any]) -> list[str]:
    async def one(auction: UUID) -> str:
        if job["seller"] is None:
            return await _bid(LotRef(auction_id=auction), UUID(job["bidder"]), 500)
        try:
            await delete_auction(auction, Actor(UUID(job["seller"])))
        except DomainError as refusal:
            return refusal.code
        return "deleted"

    return [await one(UUID(auction)) for auction in job["auctions"]]
