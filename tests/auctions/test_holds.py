"""Bid holds: the leader's maximum is set aside in their wallet while they lead, never more than is there."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from marketplace.accounts.service.governance import ban_user
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.record import verify_chain
from marketplace.auctions.service.auto_bids import create_rule, delete_rule
from marketplace.auctions.service.bids import BidRequest, place_bids
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import close_due, remove
from marketplace.auctions.service.retractions import retract_bid
from marketplace.auctions.states import BidKind, RetractionReason
from marketplace.auctions.tables import AutoBidRule, Bid
from marketplace.core import clock, db, outbox, platform
from marketplace.ledger.chart import Account
from marketplace.ledger.errors import InsufficientFunds
from marketplace.ledger.service.posting import post
from marketplace.ledger.states import AccountKind
from tests.factories import a_user, signed_in
from tests.factories.auctions import a_bid, an_auction, the_lot
from tests.factories.ledger import SANDBOX, a_transfer, a_wallet, balance_of, hold_invariants, wallet_of
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")

WRONG = RetractionReason.WRONG_AMOUNT


async def with_money(cents: int) -> UUID:
    user = (await a_user()).id
    await a_wallet(cents, owner=user)
    return user


async def purse(user: UUID) -> tuple[int, int]:
    """(free, held) in cents."""
    return await balance_of(wallet_of(user)), await balance_of(Account(AccountKind.WALLET_HELD, "USD", user))


async def spends(user: UUID, cents: int) -> None:
    await post(a_transfer((wallet_of(user), SANDBOX, cents), reason="withdrawal"))


async def test_the_lead_is_what_is_held():
    _, lot = await an_auction(requires_hold=True)
    a, b = await with_money(10_000), await with_money(10_000)
    await a_bid(lot, a, "50")
    assert await purse(a) == (5_000, 5_000)
    await a_bid(lot, a, "70")
    assert await purse(a) == (3_000, 7_000), "raised by its leader"
    await a_bid(lot, b, "60")
    assert (await purse(a), await purse(b)) == ((3_000, 7_000), (10_000, 0)), "who does not lead has nothing held"
    await a_bid(lot, b, "100")
    assert (await purse(a), await purse(b)) == ((10_000, 0), (0, 10_000)), "outbid"
    assert (await the_lot(lot)).held_minor == 10_000
    keys = [
        row["key"] for row in await db.fetch("SELECT key FROM ledger_transfers WHERE reason LIKE 'bid_%' ORDER BY id")
    ]
    assert keys == [f"lot:{lot}:hold:1", f"lot:{lot}:hold:2", f"lot:{lot}:release:4", f"lot:{lot}:hold:4"]
    await hold_invariants()


async def test_a_bid_beyond_the_wallet_is_refused_and_says_what_is_there(client):
    auction_id, lot = await an_auction(requires_hold=True)
    user, headers = await signed_in()
    await a_wallet(5_000, owner=user.id)
    body = {"auction_id": str(auction_id), "amount": "50.01"}
    refused = await client.post("/api/v1/bids/", json=body, headers=headers)
    told = refused.json()
    assert (refused.status_code, told["code"], list(told["errors"])) == (409, "insufficient_funds", ["amount"])
    assert told["details"] == {"available": "50.00", "required": "50.01", "currency": "USD"}
    assert (await the_lot(lot)).chain_seq == 0 and await purse(user.id) == (5_000, 0)
    let_in = await client.post(
        "/api/v1/bids/", json=body | {"amount": "50.00"}, headers=headers | {"Idempotency-Key": "k"}
    )
    assert let_in.status_code == 201 and await purse(user.id) == (0, 5_000)
    rule = await client.post(
        "/api/v1/auto-bids/", json={"auction_id": str(auction_id), "max_bid": "90"}, headers=headers
    )
    assert rule.json()["code"] == "insufficient_funds" and list(rule.json()["errors"]) == ["max_bid"]
    await hold_invariants()


async def test_what_is_held_elsewhere_cannot_be_bid_again():
    _, one = await an_auction(requires_hold=True)
    _, two = await an_auction(requires_hold=True)
    _, yen = await an_auction(requires_hold=True, currency="JPY", start="100")
    a, b = await with_money(10_000), await with_money(50_000)
    await a_bid(one, a, "60")
    for lot, amount in ((two, "41"), (yen, "100")):
        with pytest.raises(InsufficientFunds):
            await a_bid(lot, a, amount)
    with pytest.raises(InsufficientFunds) as refused:
        await a_bid(one, a, "101")
    assert refused.value.details["available"] == "100.00", "one's own hold on the lot counts"
    await a_bid(one, b, "80")
    await a_bid(two, a, "100")
    assert await purse(a) == (0, 10_000)
    await hold_invariants()


async def test_bids_that_are_resolved_together_post_only_what_changed():
    _, lot = await an_auction(requires_hold=True)
    people = [await with_money(100_000) for _ in range(5)]
    poor = await with_money(100)
    await a_bid(lot, people[0], "5")
    now = clock.now()
    requests = [
        BidRequest(bidder_id=person, amount=Decimal(20 * (i + 1)), received_at=now + timedelta(milliseconds=i))
        for i, person in enumerate([*people, people[0], poor])
    ]
    before = await db.fetch_val("SELECT count(*) FROM ledger_transfers")
    results = await place_bids(LotRef(lot_id=lot), requests)
    assert [isinstance(result, InsufficientFunds) for result in results] == [False] * 6 + [True]
    assert await db.fetch_val("SELECT count(*) FROM ledger_transfers") == before + 1, "from 5 to 120, by one bidder"
    assert await purse(people[0]) == (88_000, 12_000)
    assert [await purse(person) for person in people[1:]] == [(100_000, 0)] * 4
    await hold_invariants()


async def test_a_lot_that_holds_nothing_asks_the_ledger_nothing():
    _, plain = await an_auction()
    _, held = await an_auction(requires_hold=True)
    a = await with_money(100_000)
    for lot, asked in ((plain, 0), (held, 2)):
        await a_bid(lot, a, "5")
        async with statements() as made:
            await a_bid(lot, a, "9")
        assert sum("ledger" in statement for statement in made) == asked


async def test_a_maximum_taken_back_frees_what_is_above_the_price():
    _, lot = await an_auction(requires_hold=True)
    a, b = await with_money(10_000), await with_money(10_000)
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("100"), clock.now())
    await a_bid(lot, b, "40")
    await delete_rule(made.rule_id, a, clock.now())
    assert await purse(a) == (5_900, 4_100)
    await hold_invariants()


async def test_a_retraction_gives_the_lead_back_to_who_can_still_pay():
    _, lot = await an_auction(requires_hold=True)
    a, b, c = await with_money(10_000), await with_money(10_000), await with_money(90_000)
    await a_bid(lot, a, "40")
    await a_bid(lot, b, "90")
    slip = await a_bid(lot, c, "900")
    await retract_bid(slip.bid_id, c, WRONG, clock.now())
    assert [await purse(user) for user in (a, b, c)] == [(10_000, 0), (1_000, 9_000), (90_000, 0)]
    await hold_invariants()


async def test_a_bid_whose_money_is_gone_falls_away_when_it_would_lead_again():
    _, lot = await an_auction(requires_hold=True)
    a, b, c = await with_money(10_000), await with_money(10_000), await with_money(90_000)
    await a_bid(lot, a, "40")
    await a_bid(lot, b, "50")
    await create_rule(LotRef(lot_id=lot), b, Decimal("90"), clock.now())
    slip = await a_bid(lot, c, "900")
    await spends(b, 5_000)
    await retract_bid(slip.bid_id, c, WRONG, clock.now())
    row = await the_lot(lot)
    assert (row.leader, row.leader_max_minor, row.price_minor, row.bid_count) == (b, 5_000, 4_100, 2)
    assert await purse(b) == (0, 5_000), "the lower bid of the same bidder stands"
    assert await AutoBidRule.count().where(AutoBidRule.status == "active") == 0
    last = await Bid.objects().where(Bid.lot == lot).order_by(Bid.seq, ascending=False).first()
    assert last is not None and (last.kind, last.target_seq, last.reason) == (BidKind.RETRACTION, 3, "not_covered")
    assert (await verify_chain(lot)).intact
    again = await a_bid(lot, c, "900")
    await spends(a, 6_500)
    await spends(b, 5_000)
    await retract_bid(again.bid_id, c, WRONG, clock.now())
    row = await the_lot(lot)
    assert (row.leader, row.held_minor, row.bid_count) == (None, 0, 0), "nobody is left who can pay"
    await outbox.drain()
    told = await db.fetch("SELECT \"user\" FROM notifications WHERE type = 'bid_dropped' ORDER BY id")
    assert sorted(row["user"] for row in told) == sorted([a, b, b])
    await hold_invariants()


async def test_a_ban_takes_the_lead_and_gives_the_money_back():
    _, lot = await an_auction(requires_hold=True)
    _, plain = await an_auction()
    a, b = await with_money(10_000), await with_money(10_000)
    for one in (lot, plain):
        await a_bid(one, a, "40")
        await a_bid(one, b, "30")
        await a_bid(one, b, "90")
    await ban_user(None, b, "a stolen card")
    await outbox.drain()
    assert ((await the_lot(lot)).leader, (await the_lot(plain)).leader) == (a, b)
    assert [await purse(user) for user in (a, b)] == [(6_000, 4_000), (10_000, 0)]
    await hold_invariants()


async def test_of_a_banned_seller_nothing_stays_held():
    seller = (await a_user()).id
    lots = [(await an_auction(seller, requires_hold=True))[1] for _ in range(3)]
    a = await with_money(10_000)
    for lot in lots:
        await a_bid(lot, a, "20")
    await ban_user(None, seller, "fakes")
    await outbox.drain()
    assert await purse(a) == (10_000, 0)
    await hold_invariants()


async def test_a_lot_that_is_not_sold_or_taken_down_gives_the_money_back():
    _, kept = await an_auction(requires_hold=True, reserve="80")
    auction_id, removed = await an_auction(requires_hold=True, lots=2)
    a = await with_money(10_000)
    await a_bid(kept, a, "40", at=clock.now() - timedelta(minutes=2))
    await a_bid(removed, a, "30")
    assert await purse(a) == (3_000, 7_000)
    await db.execute("UPDATE lots SET ends_at = now() - interval '1 minute' WHERE id = $1", kept)
    assert await close_due(kept)
    assert await purse(a) == (7_000, 3_000)
    await remove(auction_id, Actor((await a_user()).id, is_staff=True), "a forgery")
    assert await purse(a) == (10_000, 0)
    await outbox.drain()
    assert await db.fetch_val("SELECT count(*) FROM notifications WHERE type = 'hold_released'") == 2
    await hold_invariants()


async def test_buying_outright_takes_the_money_too():
    _, lot = await an_auction(requires_hold=True, reserve="100", buy_now="200")
    a, b = await with_money(19_999), await with_money(20_000)
    await a_bid(lot, a, "60")
    with pytest.raises(InsufficientFunds) as refused:
        await buy_now(LotRef(lot_id=lot), a, clock.now())
    assert refused.value.details["required"] == "200.00"
    await buy_now(LotRef(lot_id=lot), b, clock.now())
    assert await purse(a) == (19_999, 0)
    await hold_invariants()


async def test_a_listing_says_whether_it_holds_and_the_platform_says_it_for_the_rest(client):
    _, headers = await signed_in()
    body = {"title": "A clock", "starting_price": "1", "starts_at": clock.now().isoformat()}
    shown = []
    for said in ({}, {"requires_hold": True}, {"requires_hold": False}):
        for setting in (False, True):
            await platform.change({"auctions.require_hold": setting}, None)
            made = await client.post("/api/v1/auctions/", json=body | said, headers=headers)
            shown.append(made.json()["data"]["requires_hold"])
    await platform.change({"auctions.require_hold": False}, None)
    assert shown == [False, True, True, True, False, False]
    listed = (await client.get("/api/v1/auctions/")).json()["data"]["results"]
    assert [one["requires_hold"] for one in reversed(listed)] == shown
    changed = await client.patch(f"/api/v1/auctions/{listed[0]['id']}/", json={"requires_hold": True}, headers=headers)
    assert changed.status_code == 400
