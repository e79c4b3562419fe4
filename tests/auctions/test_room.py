import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import websockets

from marketplace.accounts.states import Role
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.auto_bids import create_rule
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import activate, close_due, end_early, remove, warn
from marketplace.auctions.service.listing import AuctionPatch, LotPatch, update_auction
from marketplace.auctions.service.retractions import retract_bid
from marketplace.auctions.states import RetractionReason
from marketplace.core import clock, db, outbox
from marketplace.core.errors import DomainError
from tests.auctions.room_model import applied
from tests.factories import a_user, signed_in
from tests.factories.auctions import a_bid, an_auction
from tests.factories.sockets import LiveServer, live_server

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(scope="module")
async def live(app) -> AsyncIterator[LiveServer]:
    async with live_server(app) as running:
        yield running


def at(auction_id: object) -> str:
    return f"/ws/auction/{auction_id}/"


async def fresh(live: LiveServer, auction_id: object) -> dict:
    async with live.connect(at(auction_id)) as ws:
        return await ws.hear()


async def follow(ws, until: int) -> list[dict]:
    """Messages up to and with number `until`."""
    heard = []
    while not heard or heard[-1]["seq"] < until:
        message = await ws.hear()
        if "seq" in message:
            heard.append(message)
    return heard


async def test_a_spectator_sees_a_snapshot_and_the_bids_as_they_fall(live):
    auction_id, lot_id = await an_auction(reserve="100", buy_now="500")
    ada = await a_user(username="ada")
    async with live.connect(at(auction_id)) as ws:
        snapshot = await ws.hear()
        assert snapshot["type"] == "snapshot" and snapshot["lots"][0]["minimum_bid"] == "0.99"
        assert "100" not in str(snapshot["lots"][0]["reserve_met"]) and "reserve_price" not in str(snapshot)
        await a_bid(lot_id, ada.id, "50")
        heard = await ws.hear_a("bid_placed")
        assert (heard["bidder"], heard["amount"], heard["total_bids"], heard["bid_no"]) == ("ada", "0.99", 1, 1)
        assert heard["buy_now_price"] == "500.00" and not heard["reserve_met"]


async def test_who_may_not_see_an_auction_does_not_get_into_its_room(live):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id, starts_at=None)
    for room in (auction_id, uuid4()):
        async with live.connect(at(room)) as ws:
            assert (await ws.hear())["code"] == "auction_not_found"
            assert await ws.closed() == 4404
    async with live.connect(at(auction_id), seller) as ws:
        assert (await ws.hear())["status"] == "scheduled"


async def test_a_bid_through_the_socket_is_answered_and_heard_by_all(live):
    auction_id, lot_id = await an_auction()
    ada, headers = await signed_in()
    async with live.connect(at(auction_id)) as spectator, live.connect(at(auction_id), headers) as bidder:
        await spectator.hear_a("snapshot")
        await bidder.say(type="place_bid", amount="50.00", id="first")
        answer = await bidder.hear_a("bid_accepted")
        assert (answer["id"], answer["leading"], answer["current_price"]) == ("first", True, "0.99")
        heard = await spectator.hear_a("bid_placed")
        assert heard["leader"] == ada.username and "50.00" not in str(heard)
    assert await db.fetch_val("SELECT max_minor FROM bids WHERE lot = $1", lot_id) == 5000


async def test_refusals_in_the_room_use_the_same_codes_as_over_http(live):
    user, seller = await signed_in()
    auction_id, lot_id = await an_auction(user.id)
    ada = await a_user()
    await a_bid(lot_id, ada.id, "50")
    _, bidder = await signed_in()
    cases = [
        (bidder, {"amount": "1.00"}, "bid_too_low"), (bidder, {"amount": "x"}, "validation_error"),
        (bidder, {"amount": "9", "lot_id": str(uuid4())}, "lot_not_found"),
        (bidder, {"amount": "9", "auction_id": str(uuid4())}, "validation_error"),
        (bidder, {"amount": "9", "colour": "red"}, "validation_error"),
        (seller, {"amount": "9"}, "own_auction"), ({}, {"amount": "9"}, "not_authenticated"),
    ]  # fmt: skip
    for headers, body, code in cases:
        async with live.connect(at(auction_id), headers) as ws:
            await ws.say(type="place_bid", id="7", **body)
            refused = await ws.hear_a("error")
            assert (refused["code"], refused["id"]) == (code, "7")
            if code == "bid_too_low":
                assert refused["details"] == {"minimum": "1.04", "currency": "USD"}
            await ws.say(type="ping", id="8")
            assert (await ws.hear_a("pong"))["id"] == "8"
    assert await db.fetch_val("SELECT count(*) FROM bids") == 1


async def test_only_who_was_outbid_hears_so(live):
    auction_id, lot_id = await an_auction()
    ada, ada_in = await signed_in()
    bob, bob_in = await signed_in()
    await a_bid(lot_id, ada.id, "20")
    rooms = (live.connect(at(auction_id), ada_in), live.connect(at(auction_id), bob_in), live.connect(at(auction_id)))
    async with rooms[0] as loser, rooms[1] as winner, rooms[2] as spectator:
        for ws in (loser, winner, spectator):
            await ws.hear_a("snapshot")
        await a_bid(lot_id, bob.id, "30")
        outbid = await loser.hear_a("user_outbid")
        assert (outbid["new_bid"], outbid["minimum_bid"]) == ("20.50", "21.00")
        await a_bid(lot_id, bob.id, "40")
        for ws in (winner, spectator):
            while (await ws.hear_a("bid_placed"))["total_bids"] < 3:
                pass
            assert not [message for message in ws.heard if message["type"] == "user_outbid"]


async def test_a_client_that_comes_back_hears_what_it_missed_and_nothing_twice(live):
    auction_id, lot_id = await an_auction()
    ada, ada_in = await signed_in()
    bob = await a_user()
    async with live.connect(at(auction_id), ada_in) as ws:
        seen = (await ws.hear_a("snapshot"))["seq"]
    await a_bid(lot_id, ada.id, "20")
    await a_bid(lot_id, bob.id, "30")
    async with live.connect(f"{at(auction_id)}?since={seen}", ada_in) as ws:
        await ws.hear_a("resumed")
        assert [m["type"] for m in ws.heard] == ["bid_placed", "bid_placed", "user_outbid", "resumed"]
        numbers = [m["seq"] for m in ws.heard[:-1]]
        assert numbers == list(range(seen + 1, seen + 4))
    async with live.connect(f"{at(auction_id)}?since={seen}") as spectator:
        await spectator.hear_a("resumed")
        assert [m["type"] for m in spectator.heard] == ["bid_placed", "bid_placed", "resumed"]


async def test_a_ticket_opens_one_socket(live, client):
    auction_id, _ = await an_auction()
    _, headers = await signed_in()
    ticket = (await client.post("/api/v1/auth/ws-ticket/", headers=headers)).json()["data"]["ticket"]
    async with live.connect(f"{at(auction_id)}?ticket={ticket}") as ws:
        await ws.hear_a("snapshot")
        await ws.say(type="place_bid", amount="5")
        await ws.hear_a("bid_accepted")
    async with live.connect(f"{at(auction_id)}?ticket={ticket}") as ws:
        assert (await ws.hear())["code"] == "ticket_invalid"
        assert await ws.closed() == 4401


async def test_the_room_hears_warnings_and_the_end(live):
    auction_id, lot_id = await an_auction()
    ada = await a_user(username="ada")
    await a_bid(lot_id, ada.id, "50")
    async with live.connect(at(auction_id)) as ws:
        await ws.hear_a("snapshot")
        await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", lot_id, clock.now() + timedelta(seconds=59))
        await warn(lot_id, 60)
        assert 55 <= (await ws.hear_a("auction_ending_soon"))["seconds_remaining"] <= 60
        await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", lot_id, clock.now() - timedelta(seconds=2))
        await close_due(lot_id)
        ended = await ws.hear_a("auction_ended")
        assert (ended["winner"], ended["final_bid"], ended["auction_over"]) == ("ada", "0.99", True)


async def test_presence_counts_everybody_in_the_room(live):
    auction_id, _ = await an_auction()
    async with live.connect(at(auction_id)) as ws:
        async with live.connect(at(auction_id)):
            while (await ws.hear_a("presence"))["count"] != 2:
                pass
        while (await ws.hear_a("presence"))["count"] != 1:
            pass


async def test_a_client_that_talks_too_much_is_throttled(live):
    auction_id, _ = await an_auction()
    _, headers = await signed_in()
    async with live.connect(at(auction_id), headers) as ws:
        for n in range(60):
            await ws.say(type="place_bid", amount="0.01", id=str(n))
        codes = [(await ws.hear_a("error"))["code"] for _ in range(60)]
    assert codes.count("rate_limited") >= 25
    assert set(codes) == {"rate_limited", "bid_too_low"}


async def test_a_bid_after_redis_has_gone_is_heard_all_the_same(live, monkeypatch):
    from marketplace.core import live as rooms

    auction_id, lot_id = await an_auction()
    ada = await a_user()
    async with live.connect(at(auction_id)) as ws:
        await ws.hear_a("snapshot")
        monkeypatch.setattr(rooms, "_say", None)  # as if every publish were lost
        await a_bid(lot_id, ada.id, "50")
        assert (await ws.hear_a("bid_placed"))["amount"] == "0.99"


# -- the law -------------------------------------------------------------------------------------------------------


async def last_for_all(auction_id) -> int:
    """The number of the last message that is not for one person only."""
    return await db.fetch_val(
        "SELECT max(seq) FROM live_messages WHERE room = $1 AND to_user IS NULL", f"auction:{auction_id}"
    )


async def check_law(live: LiveServer, auction_id, deeds, headers=None) -> dict:
    """Do `deeds` with a client in the room; what it then has must be what a newcomer gets."""
    async with live.connect(at(auction_id), headers) as ws:
        state = await ws.hear_a("snapshot")
        numbers = [state.pop("seq")]
        await deeds()
        await outbox.drain()
        until = await last_for_all(auction_id)
        for message in await follow(ws, until) if until > numbers[0] else []:
            numbers.append(message["seq"])
            state = applied(state, message)
    assert numbers == sorted(set(numbers))
    newcomer = await fresh(live, auction_id)
    assert newcomer.pop("seq") >= until
    assert state == newcomer
    return state


@pytest.mark.parametrize("seed", range(6))
async def test_snapshot_and_messages_make_a_fresh_snapshot(live, seed):
    chance = random.Random(seed)
    seller, headers = await signed_in()
    terms = {
        "lots": 1 + seed % 2,
        **({"reserve": "40"} if seed % 3 else {}),
        **({"buy_now": "300"} if seed % 2 else {}),
    }
    auction_id, _ = await an_auction(seller.id, starts_at=None if seed == 5 else clock.now(), **terms)
    people = [await a_user() for _ in range(4)]
    staff = Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    lots = [row["id"] for row in await db.fetch("SELECT id FROM lots WHERE auction = $1", auction_id)]

    async def deeds() -> None:
        if seed == 5:
            await activate(auction_id, Actor(seller.id))
        placed = []
        for _ in range(35):
            lot_id, person = chance.choice(lots), chance.choice(people)
            amount = Decimal(chance.randint(100, 9000)) / 100
            deed = chance.random()
            try:
                if deed < 0.75:
                    placed.append((person.id, (await a_bid(lot_id, person.id, amount)).bid_id))
                elif deed < 0.9:
                    await create_rule(LotRef(lot_id=lot_id), person.id, amount, clock.now())
                elif placed:
                    bidder, bid_id = placed.pop(chance.randrange(len(placed)))
                    await retract_bid(bid_id, bidder, RetractionReason.WRONG_AMOUNT, clock.now())
            except DomainError:
                continue
        if seed % 3 == 0:
            await end_early(auction_id, Actor(seller.id))
        elif seed % 3 == 1:
            for lot_id in lots:
                await end_early(auction_id, staff, "a test", lot_id)
        else:
            await remove(auction_id, staff, "a test")

    state = await check_law(live, auction_id, deeds, headers)
    assert sum(lot["bid_count"] for lot in state["lots"]) >= 2


async def test_the_law_holds_for_a_lot_bought_outright_and_for_a_changed_listing(live):
    seller, buyer = await a_user(), await a_user()
    auction_id, lot_id = await an_auction(seller.id, buy_now="80")

    async def deeds() -> None:
        patch = AuctionPatch(
            title="A clock", lots={lot_id: LotPatch(start_minor=500, reserve_minor=900, buy_now_minor=9000)}
        )
        await update_auction(auction_id, Actor(seller.id), patch)
        await outbox.drain()
        await a_bid(lot_id, (await a_user()).id, "6")
        await buy_now(LotRef(auction_id), buyer.id, clock.now())

    state = await check_law(live, auction_id, deeds)
    assert state["title"] == "A clock" and state["lots"][0]["winner"] == buyer.username


async def test_the_law_holds_while_many_bid_at_once(live):
    auction_id, lot_id = await an_auction()
    people = [await a_user() for _ in range(8)]

    async def deeds() -> None:
        async def bidding(person, n) -> None:
            for step in range(5):
                try:
                    await a_bid(lot_id, person.id, Decimal(n + 1 + step * 9))
                except DomainError:
                    continue

        await asyncio.gather(*(bidding(person, n) for n, person in enumerate(people)))

    await check_law(live, auction_id, deeds)


async def test_names_can_be_kept_from_the_room(live):
    from marketplace.core import platform

    auction_id, lot_id = await an_auction()
    ada = await a_user(username="ada")
    await platform.change({"auctions.public_bidder_names": False}, by=None)
    try:

        async def deeds() -> None:
            await a_bid(lot_id, ada.id, "50")
            await end_early(auction_id, Actor((await a_user(Role.MODERATOR)).id, is_staff=True), "a test")

        state = await check_law(live, auction_id, deeds)
        assert state["lots"][0]["leader"] == state["lots"][0]["winner"] == "bidder 1"
        assert "ada" not in str(state)
    finally:
        await platform.forget()


async def test_a_page_of_another_site_may_not_connect(live):
    auction_id, _ = await an_auction()
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with live.connect(at(auction_id), origin="https://evil.example"):
            pass
    assert refused.value.response.status_code == 403
