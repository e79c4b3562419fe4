import asyncio
import hashlib
import json
from contextvars import Context
from datetime import UTC
from decimal import Decimal

import pytest

from marketplace.auctions import bid_queue
from marketplace.auctions.errors import BidTooLow, LotNotFound, TooManyWaiting
from marketplace.auctions.events import BidsPlaced
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.bids import BidRequest
from marketplace.auctions.tables import Bid
from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from tests.eventually import eventually
from tests.factories import a_user
from tests.factories.accounts import users
from tests.factories.auctions import a_bid, an_auction, hold_invariants, the_lot

pytestmark = pytest.mark.usefixtures("tables")

batches: list[BidsPlaced] = []


@outbox.on(BidsPlaced)
async def hear(event: BidsPlaced) -> None:
    batches.append(event)


def a_request(bidder, amount) -> BidRequest:
    return BidRequest(bidder_id=bidder, amount=Decimal(amount), received_at=clock.now())


async def test_bids_that_come_while_others_are_stored_share_a_transaction():
    batches.clear()
    _, lot = await an_auction()
    bidders = await users(60)
    answers = await asyncio.gather(
        *(bid_queue.submit(LotRef(lot_id=lot), a_request(bidder, 10 * (i + 1))) for i, bidder in enumerate(bidders))
    )
    assert [answer.seq for answer in answers] == list(range(1, 61))
    await outbox.drain()
    assert len(batches) <= 2 and sum(len(batch.bids) for batch in batches) == 60
    assert bid_queue._waiting == {}
    await hold_invariants()


async def test_each_waits_for_their_own_answer():
    _, lot = await an_auction(start="10")
    a, b = await users(2)
    good, low, unknown = await asyncio.gather(
        bid_queue.submit(LotRef(lot_id=lot), a_request(a, 20)),
        bid_queue.submit(LotRef(lot_id=lot), a_request(b, 5)),
        bid_queue.submit(LotRef(lot_id=uuid7()), a_request(a, 20)),
        return_exceptions=True,
    )
    assert not isinstance(good, BaseException) and good.leading
    assert isinstance(low, BidTooLow) and isinstance(unknown, LotNotFound)


async def test_a_bid_inside_a_transaction_is_part_of_it():
    _, lot = await an_auction()
    [bidder] = await users(1)
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            assert (await bid_queue.submit(LotRef(lot_id=lot), a_request(bidder, 20))).leading
            raise ZeroDivisionError
    assert (await the_lot(lot)).chain_seq == 0


async def test_a_caller_who_goes_away_takes_only_their_own_bid_along():
    _, lot = await an_auction()
    ref, loop = LotRef(lot_id=lot), asyncio.get_running_loop()
    first, gone, last = await users(3)

    def start(bidder, amount) -> asyncio.Task:  # outside of this test's transaction
        return Context().run(loop.create_task, bid_queue.submit(ref, a_request(bidder, amount)))

    async with db.transaction():
        await db.execute("SELECT 1 FROM lots WHERE id = $1 FOR UPDATE", lot)
        stored = start(first, 20)
        await eventually(lambda: ref in bid_queue._waiting and not bid_queue._waiting[ref])
        withdrawn, follows = start(gone, 50), start(last, 30)
        await eventually(lambda: len(bid_queue._waiting[ref]) == 2)
        withdrawn.cancel()
        await asyncio.wait([withdrawn])
    assert (await stored).leading and (await follows).leading
    assert withdrawn.cancelled()
    assert {row["bidder"] for row in await Bid.select(Bid.bidder)} == {first, last}
    assert bid_queue._waiting == {}
    await hold_invariants()


async def test_more_than_fit_are_refused_at_once(monkeypatch):
    monkeypatch.setattr(bid_queue, "MOST_WAITING", 2)
    _, lot = await an_auction()
    bidders = await users(5)
    answers = await asyncio.gather(
        *(bid_queue.submit(LotRef(lot_id=lot), a_request(bidder, 10 * (i + 1))) for i, bidder in enumerate(bidders)),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, TooManyWaiting) for answer in answers) == 3


async def test_a_failure_reaches_everybody_who_waited_and_the_lot_goes_on():
    _, lot = await an_auction()
    a, b = await users(2)
    await db.execute("ALTER TABLE bids ADD CONSTRAINT broken CHECK (max_minor <> 1300)")
    answers = await asyncio.gather(
        *(bid_queue.submit(LotRef(lot_id=lot), a_request(bidder, amount)) for bidder, amount in [(a, 13), (b, 13)]),
        return_exceptions=True,
    )
    await db.execute("ALTER TABLE bids DROP CONSTRAINT broken")
    assert all(isinstance(answer, Exception) for answer in answers)
    assert (await bid_queue.submit(LotRef(lot_id=lot), a_request(a, 14))).leading
    await hold_invariants()


async def test_anybody_can_check_the_chain_from_the_public_rows_alone():
    """Written as an outsider would: JSON with sorted keys, SHA-256, nothing of ours."""
    _, lot = await an_auction(reserve="40")
    a, b = await a_user(), await a_user()
    await a_bid(lot, a.id, "50")
    await a_bid(lot, b.id, "90")
    head = ""
    for row in await Bid.select().where(Bid.lot == lot).order_by(Bid.seq):
        public = {
            "bidder": row["bidder_no"], "commitment": row["commitment"], "kind": row["kind"], "leader": row["leader_no"],
            "lot_id": str(lot), "placed_at": stamp(row["placed_at"]), "price_after": row["price_after"],
            "price_before": row["price_before"], "reason": row["reason"], "received_at": stamp(row["received_at"]),
            "seq": row["seq"], "target_seq": row["target_seq"],
        }  # fmt: skip
        text = json.dumps(public, sort_keys=True, separators=(",", ":"))
        head = hashlib.sha256((head + text).encode()).hexdigest()
        assert head == row["hash"]
        opened = f"{row['salt']}:{row['bidder']}:{row['max_minor']}"
        assert hashlib.sha256(opened.encode()).hexdigest() == row["commitment"]
    assert (await the_lot(lot)).chain_hash == head


def stamp(time) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
