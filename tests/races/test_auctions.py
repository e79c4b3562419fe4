"""GOALS, races of auctions: several processes on the same lots; afterwards the invariants hold."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.auctions import bidding
from marketplace.auctions.bidding import Recorded, Terms
from marketplace.auctions.increments import DEFAULT
from marketplace.auctions.record import read_history
from marketplace.auctions.states import BidKind, Outcome
from marketplace.auctions.tables import Bid, Sale
from marketplace.core import clock, db, live
from tests.auctions.test_bidding_rules import PlainAuction
from tests.factories import a_user
from tests.factories.accounts import users
from tests.factories.auctions import a_bid, a_win, an_auction, hold_invariants, the_auction, the_lot
from tests.factories.ledger import a_wallet, balance_of, wallet_of
from tests.factories.ledger import hold_invariants as hold_money_invariants
from tests.races.crew import Member, run_together

pytestmark = pytest.mark.usefixtures("tables")

DEEDS = "tests.races.auction_deeds"


def dealt(cards: list, hands: int) -> list[list]:
    return [cards[i::hands] for i in range(hands)]


def plain(history: list[Recorded], start: int = 99) -> PlainAuction:
    """The notebook model after the same bids, one after the other; it lets every one of them in."""
    model = PlainAuction(start, None)
    for row in history:
        assert model.bid(row.bidder, row.max_minor), f"row {row.seq} should have been refused"
    return model


async def test_500_bidders_with_20_bids_each():
    _, lot = await an_auction()
    bidders = [str(user) for user in await users(500)]
    jobs = [{"lot": str(lot), "bidders": hand, "bids": 20, "seed": i} for i, hand in enumerate(dealt(bidders, 3))]
    results = [result for hand in await run_together(f"{DEEDS}:bid_many", *jobs) for result in hand]
    assert len(results) == 10_000
    accepted = {said for said, _, _ in results if "-" in said}
    assert {said for said, _, _ in results if "-" not in said} <= {"bid_too_low", "maximum_not_raised"}
    rows = await Bid.select(Bid.id, Bid.price_before, Bid.price_after).where(Bid.lot == lot).order_by(Bid.seq)
    assert {str(row["id"]) for row in rows} == accepted, "stored is what was acknowledged"
    assert all(row["price_before"] <= row["price_after"] for row in rows), "the price only rises"
    history, row = await read_history(lot), await the_lot(lot)
    highest = max(history, key=lambda bid: (bid.max_minor, -bid.seq))
    assert (row.leader, row.leader_max_minor) == (highest.bidder, highest.max_minor), "the highest valid maximum leads"
    assert row.price_minor == plain(history).price
    refused = [amount for said, amount, _ in results if "-" not in said]
    least = bidding.minimum(
        Terms(start_minor=99, increments=DEFAULT), bidding.replay(Terms(start_minor=99, increments=DEFAULT), history)
    )
    assert all(amount < least or amount <= highest.max_minor for amount in refused)
    await hold_invariants()


async def test_200_proxy_rules_end_as_one_after_the_other():
    _, lot = await an_auction()
    dice = random.Random(7)
    rules = [[str(user), dice.randint(100, 90_000)] for user in await users(200)]
    jobs = [{"lot": str(lot), "rules": hand} for hand in dealt(rules, 3)]
    results = [result for hand in await run_together(f"{DEEDS}:make_rules", *jobs) for result in hand]
    assert set(results) <= {"made", "bid_too_low"} and results.count("made") >= 2
    history, row = await read_history(lot), await the_lot(lot)
    assert len(history) == results.count("made") == await db.fetch_val("SELECT count(*) FROM auto_bid_rules")
    model = plain(history)
    assert (row.price_minor, row.leader, row.leader_max_minor) == (model.price, *model.ranking()[0])
    made = {row.bidder for row in history}
    refused = [cents for user, cents in rules if UUID(user) not in made]
    assert all(cents < row.price_minor + model.step(row.price_minor) for cents in refused), "none was refused wrongly"
    await hold_invariants()


async def test_100_bids_across_the_end():
    auction_id, lot = await an_auction()

    async def end_soon() -> None:
        end = clock.now() + timedelta(seconds=1)
        await db.execute("UPDATE lots SET ends_at = $2, latest_end = $2 WHERE id = $1", lot, end)
        await db.execute(
            "UPDATE timers SET due_at = $1 WHERE kind = 'auctions.close'", end + timedelta(milliseconds=250)
        )

    jobs = [
        {"lot": str(lot), "bidders": hand, "seed": i}
        for i, hand in enumerate(dealt([str(user) for user in await users(100)], 3))
    ]
    results = [
        result for hand in await run_together(f"{DEEDS}:bid_across_the_end", *jobs, ready=end_soon) for result in hand
    ]
    assert len(results) == 100
    late = {said for said, left in results if left <= 0}
    assert late <= {"auction_closed"}, "none after the end counts"
    stored = {str(row["id"]) for row in await Bid.select(Bid.id).where(Bid.lot == lot)}
    assert stored == {said for said, _ in results if "-" in said}
    assert (
        await db.fetch_val("SELECT count(*) FROM bids b JOIN lots l ON l.id = b.lot WHERE received_at >= ends_at") == 0
    )
    row, model = await the_lot(lot), plain(await read_history(lot))
    assert row.status == "ended" and row.price_minor == model.price
    ended = [body for _, body in await live.since(f"auction:{auction_id}", 0, None, 1000) if "auction_ended" in body]
    assert len(ended) == 1 and await Sale.count() == (1 if stored else 0)
    await hold_invariants()


async def test_one_wallet_is_never_over_committed_on_20_lots():
    """GOALS: bidders with money for two or three lots bid on twenty at once, in several processes; some retract."""
    lots = [str((await an_auction(requires_hold=True))[1]) for _ in range(20)]
    bidders = []
    for _ in range(8):
        wallet = await a_wallet(10_000, owner=(await a_user()).id)
        bidders.append(str(wallet.owner))
    jobs = [{"lots": lots, "bidders": bidders, "seed": i} for i in range(3)]
    results = [said for hand in await run_together(f"{DEEDS}:bid_on_all", *jobs) for said in hand]
    assert len(results) == 3 * 8 * 20
    codes = {said for said in results if "-" not in said}
    assert "insufficient_funds" in codes
    # What fell away meanwhile, for its money was held elsewhere, cannot be taken back.
    assert codes <= {"insufficient_funds", "bid_too_low", "maximum_not_raised", "not_retractable"}
    led = await db.fetch(
        "SELECT leader, sum(leader_max_minor) AS minor FROM lots WHERE leader IS NOT NULL GROUP BY leader"
    )
    assert led and all(row["minor"] <= 10_000 for row in led)
    assert sum([await balance_of(wallet_of(UUID(one))) for one in bidders]) == 80_000 - sum(row["minor"] for row in led)
    await hold_invariants()
    await hold_money_invariants()


async def test_one_buyer_of_many_buys_outright():
    for _ in range(3):
        _, lot = await an_auction(reserve="100", buy_now="200")
        jobs = [{"lot": str(lot), "bidders": hand} for hand in dealt([str(user) for user in await users(60)], 3)]
        results = [result for hand in await run_together(f"{DEEDS}:buy_and_bid", *jobs) for result in hand]
        bought = results.count("bought")
        row = await the_lot(lot)
        assert set(results) <= {"bought", "bid", "bid_too_low", "auction_closed", "buy_now_unavailable"}
        assert await Sale.count().where(Sale.lot == lot) == bought <= 1
        if bought:
            assert (row.outcome, row.price_minor) == (Outcome.SOLD, 20_000)
            assert results.count("buy_now_unavailable") == 0
        else:
            assert row.status == "active" and row.leader_max_minor >= 10_000, "a bid met the reserve first"
    await hold_invariants()


async def test_a_lot_is_closed_once_whoever_comes():
    lots = []
    for _ in range(12):
        _, lot = await an_auction()
        lots.append(str(lot))
    await db.execute("UPDATE lots SET ends_at = now() - interval '1 minute'")
    closed = await run_together(f"{DEEDS}:close_all", *({"lots": lots} for _ in range(3)))
    assert sum(closed) == 12
    ended = await db.fetch_val("SELECT count(*) FROM live_messages WHERE body LIKE '%auction_ended%'")
    assert ended == 12
    await hold_invariants()


async def test_a_lot_with_held_money_is_closed_and_paid_once():
    lots = [(await an_auction(requires_hold=True))[1] for _ in range(12)]
    buyers = [(await a_wallet(10_000, owner=(await a_user()).id)).owner for _ in range(4)]
    for i, lot in enumerate(lots):
        await a_bid(lot, buyers[i % 4], "30", at=clock.now() - timedelta(minutes=5))
    await db.execute("UPDATE lots SET ends_at = now() - interval '1 minute'")
    jobs = [{"lots": [str(lot) for lot in hand]} for hand in (lots, lots[::-1], lots[6:] + lots[:6])]
    assert sum(await run_together(f"{DEEDS}:close_all", *jobs)) == 12
    assert await Sale.count().where(Sale.status == "paid") == 12
    assert await db.fetch_val("SELECT count(*) FROM payments WHERE status = 'succeeded'") == 12
    assert [await balance_of(wallet_of(buyer)) for buyer in buyers] == [10_000 - 3 * 99] * 4
    await hold_money_invariants()


async def test_a_win_is_paid_or_expires_never_both():
    buyer = (await a_wallet(1_000_000, owner=(await a_user()).id)).owner
    sales = [await a_win("10", buyer=buyer) for _ in range(20)]
    await db.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    await db.execute("DELETE FROM timers WHERE kind = 'orders.expiry'")
    orders = [
        {"id": str(row["id"]), "buyer": str(buyer), "checkout": str(row["checkout"])}
        for row in await db.fetch("SELECT id, checkout FROM orders ORDER BY id")
    ]
    paid, _, _ = await run_together(
        f"{DEEDS}:pay_or_expire",
        {"orders": orders, "expires": False},
        {"orders": orders[::-1], "expires": True},
        {"orders": orders, "expires": True},
    )
    assert len(paid) == len(sales) and set(paid) <= {"paid", "not_payable", "nothing_due"}
    assert await Sale.count().where(Sale.status == "paid") == paid.count("paid")
    assert await Sale.count().where(Sale.status == "unpaid") == 20 - paid.count("paid")
    assert await balance_of(wallet_of(buyer)) == 1_000_000 - 1_000 * paid.count("paid")
    await hold_money_invariants()


async def test_deletion_or_the_first_bid_wins_never_both():
    seller, bidder = str((await a_user()).id), str((await a_user()).id)
    auctions = [str((await an_auction(seller))[0]) for _ in range(40)]
    deleted, bids = await run_together(
        f"{DEEDS}:delete_or_bid",
        {"seller": seller, "auctions": auctions},
        {"seller": None, "bidder": bidder, "auctions": list(reversed(auctions))},
    )
    for auction_id, deletion, bid in zip(auctions, deleted, reversed(bids), strict=True):
        assert (deletion, "-" in bid) in {("deleted", False), ("auction_has_bids", True)}
        gone = (await the_auction(auction_id)).deleted_at is not None
        assert gone == (deletion == "deleted")
    await hold_invariants()


async def test_every_acknowledged_bid_survives_a_killed_process():
    _, lot = await an_auction()
    member = await Member.start(
        f"{DEEDS}:bid_until_killed", {"lot": str(lot), "bidders": [str(user) for user in await users(2)]}
    )
    try:
        await member.ready()
        member.go()
        acknowledged = [(await member.line()).decode().strip() for _ in range(25)]
        member.kill()
        while said := await member.line():
            if said.endswith(b"\n"):
                acknowledged.append(said.decode().strip())
    finally:
        await member.end()
    assert all("-" in said for said in acknowledged)
    stored = [row for row in await Bid.select(Bid.id, Bid.kind).where(Bid.lot == lot) if row["kind"] == BidKind.BID]
    assert set(acknowledged) <= {str(row["id"]) for row in stored}
    assert len(stored) - len(acknowledged) <= 1
    await hold_invariants()
