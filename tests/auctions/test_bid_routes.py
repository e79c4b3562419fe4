import hashlib
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from marketplace.core import clock, db
from tests.factories import signed_in
from tests.factories.auctions import a_bid, an_auction, ends, sale_of, time_to_pay_passes

API = "/api/v1"


async def bid(client, headers, auction_id, amount, **more):
    body = {"auction_id": str(auction_id), "amount": amount, **more}
    return await client.post(f"{API}/bids/", headers=headers, json=body)


async def test_a_bid_is_answered_with_what_became_of_it(client):
    auction_id, lot_id = await an_auction()
    _, ada_in = await signed_in()
    answer = await bid(client, ada_in, auction_id, "50.00")
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["lot_id"] == str(lot_id) and data["bid_no"] == 1 and data["kind"] == "bid"
    assert (data["amount"], data["current_price"], data["minimum_bid"]) == ("50.00", "0.99", "1.04")
    assert data["leading"] and data["total_bids"] == 1

    _, bob_in = await signed_in()
    data = (await bid(client, bob_in, auction_id, 20)).json()["data"]
    assert (data["leading"], data["current_price"]) == (False, "20.50")


@pytest.mark.parametrize("amount", ["1.00", 1.03])
async def test_a_low_bid_is_told_the_minimum(client, amount):
    auction_id, lot_id = await an_auction()
    ada, _ = await signed_in()
    await a_bid(lot_id, ada.id, "50")
    _, bob_in = await signed_in()
    answer = await bid(client, bob_in, auction_id, amount)
    refusal = answer.json()
    assert (answer.status_code, refusal["code"]) == (400, "bid_too_low")
    assert refusal["details"] == {"minimum": "1.04", "currency": "USD"}
    assert refusal["errors"] == {"amount": ["The bid must be at least 1.04 USD."]}


async def test_who_may_not_bid_is_told_why(client):
    user, seller = await signed_in()
    auction_id, lot_id = await an_auction(user.id)
    assert (await bid(client, {}, auction_id, "5")).status_code == 401
    own = await bid(client, seller, auction_id, "5")
    assert (own.status_code, own.json()["code"]) == (403, "own_auction")
    _, other = await signed_in()
    assert (await bid(client, other, uuid4(), "5")).json()["code"] == "auction_not_found"
    assert (await bid(client, other, auction_id, "5", lot_id=str(uuid4()))).json()["code"] == "lot_not_found"
    wrong = await bid(client, other, auction_id, "5", currency="EUR")
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["currency"])
    missing = await client.post(f"{API}/bids/", headers=other, json={"amount": "5"})
    assert list(missing.json()["errors"]) == ["auction_id"]
    await ends(lot_id, -1)
    late = await bid(client, other, auction_id, "5")
    assert (late.status_code, late.json()["code"]) == (409, "auction_closed")
    assert await db.fetch_val("SELECT count(*) FROM bids") == 0


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-5", "0", "1e3000", True, None, [5], "5.001", ""])
async def test_what_is_no_amount_is_refused(client, amount):
    auction_id, _ = await an_auction()
    _, bidder = await signed_in()
    answer = await bid(client, bidder, auction_id, amount)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == ["amount"]


async def test_of_several_lots_one_must_be_named(client):
    auction_id, lot_id = await an_auction(lots=2)
    _, bidder = await signed_in()
    answer = await bid(client, bidder, auction_id, "5")
    assert (answer.status_code, answer.json()["code"]) == (400, "lot_required")
    assert (await bid(client, bidder, auction_id, "5", lot_id=str(lot_id))).status_code == 201


async def test_a_bid_sent_twice_with_its_key_counts_once(client):
    auction_id, _ = await an_auction()
    _, bidder = await signed_in()
    key = {"idempotency-key": "bid-1"}
    first = await bid(client, bidder | key, auction_id, "5")
    again = await bid(client, bidder | key, auction_id, "5")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    other = await bid(client, bidder | key, auction_id, "6")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await db.fetch_val("SELECT count(*) FROM bids") == 1


async def test_everybodys_bids_show_prices_and_never_a_maximum(client):
    auction_id, lot_id = await an_auction()
    ada, _ = await signed_in(username="ada")
    bob, _ = await signed_in(username="bob")
    await a_bid(lot_id, ada.id, "50")
    await a_bid(lot_id, bob.id, "20")
    answer = await client.get(f"{API}/bids/?auction_id={auction_id}&ordering=timestamp")
    shown = answer.json()["data"]["results"]
    assert [(b["bidder"], b["leader"], b["amount"]) for b in shown] == [("ada", "ada", "0.99"), ("bob", "ada", "20.50")]
    assert "50.00" not in answer.text
    assert (await client.get(f"{API}/bids/")).json()["errors"] == {"auction_id": ["Name the auction: ?auction_id=..."]}


async def test_my_bids_winning_and_losing(client):
    auction_id, lot_id = await an_auction()
    other_id, other_lot = await an_auction()
    ada, ada_in = await signed_in()
    bob, bob_in = await signed_in()
    await a_bid(lot_id, ada.id, "50")
    await a_bid(lot_id, bob.id, "20")
    await a_bid(lot_id, bob.id, "30")
    await a_bid(other_lot, bob.id, "7")

    async def listed(path, headers):
        answer = await client.get(f"{API}/bids/{path}/", headers=headers)
        assert answer.status_code == 200, answer.text
        return [(b["auction_id"], b["maximum"], b["leading"]) for b in answer.json()["data"]["results"]]

    assert await listed("winning", ada_in) == [(str(auction_id), "50.00", True)]
    assert await listed("losing", ada_in) == []
    assert await listed("winning", bob_in) == [(str(other_id), "7.00", True)]
    assert await listed("losing", bob_in) == [(str(auction_id), "30.00", False)]
    assert len(await listed("my-bids", bob_in)) == 3
    mine = (await client.get(f"{API}/bids/my-bids/?auction_id={auction_id}&ordering=placed_at", headers=bob_in)).json()
    assert [b["amount"] for b in mine["data"]["results"]] == ["20.50", "31.00"]
    for path in ("winning", "losing", "my-bids"):
        assert (await client.get(f"{API}/bids/{path}/")).status_code == 401


async def test_an_auto_bid_is_set_raised_and_taken_back(client):
    auction_id, lot_id = await an_auction()
    _, ada_in = await signed_in()
    bob, bob_in = await signed_in()
    made = await client.post(f"{API}/auto-bids/", headers=ada_in, json={"auction_id": str(auction_id), "max_bid": "40"})
    assert made.status_code == 201, made.text
    rule = made.json()["data"]
    assert (rule["max_bid"], rule["current_price"], rule["leading"]) == ("40.00", "0.99", True)
    twice = await client.post(
        f"{API}/auto-bids/", headers=ada_in, json={"auction_id": str(auction_id), "max_bid": "60"}
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "auto_bid_exists")

    url = f"{API}/auto-bids/{rule['id']}/"
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = {"max_bid": "99"} if method[0] == "P" else None
        assert (await client.request(method, url, headers=bob_in, json=body)).status_code == 404
    for method, most in (("PUT", "60"), ("PATCH", "70")):
        answer = await client.request(method, url, headers=ada_in, json={"max_bid": most})
        assert answer.json()["data"]["max_bid"] == f"{most}.00"
    lower = await client.put(url, headers=ada_in, json={"max_bid": "65"})
    assert (lower.status_code, lower.json()["code"]) == (400, "maximum_not_raised")

    assert len((await client.get(f"{API}/auto-bids/", headers=ada_in)).json()["data"]["results"]) == 1
    assert (await client.delete(url, headers=ada_in)).status_code == 204
    assert (await client.get(f"{API}/auto-bids/", headers=ada_in)).json()["data"]["count"] == 0
    gone = (await client.get(f"{API}/auto-bids/?status=deleted", headers=ada_in)).json()["data"]["results"]
    assert [one["id"] for one in gone] == [rule["id"]]
    await a_bid(lot_id, bob.id, "2")
    assert (await client.get(f"{API}/bids/losing/", headers=ada_in)).json()["data"]["count"] == 1


async def test_a_bid_is_taken_back_by_its_bidder_only(client):
    auction_id, lot_id = await an_auction()
    ada, ada_in = await signed_in()
    _, bob_in = await signed_in()
    placed = await a_bid(lot_id, ada.id, "50")
    url = f"{API}/bids/{placed.bid_id}/retract/"
    reason = {"reason": "wrong_amount"}
    assert (await client.post(url, headers=bob_in, json=reason)).status_code == 404
    assert (await client.post(url, headers=ada_in, json={"reason": "bored"})).status_code == 400
    answer = await client.post(url, headers=ada_in, json=reason)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["retracted"] is True
    assert (await client.get(f"{API}/auctions/{auction_id}/")).json()["data"]["lots"][0]["bids"][0]["retracted"]
    again = await client.post(url, headers=ada_in, json=reason)
    assert (again.status_code, again.json()["code"]) == (422, "not_retractable")


async def test_a_lot_is_bought_outright_once(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id, buy_now="80")
    ada, ada_in = await signed_in()
    _, bob_in = await signed_in()
    url = f"{API}/auctions/{auction_id}/buy-now/"
    assert (await client.post(url, headers=seller)).json()["code"] == "own_auction"
    answer = await client.post(url, headers=ada_in)
    assert answer.status_code == 201, answer.text
    sale = answer.json()["data"]
    assert (sale["amount"], sale["kind"], sale["buyer"]["username"]) == ("80.00", "buy_now", ada.username)
    late = await client.post(url, headers=bob_in, json={})
    assert (late.status_code, late.json()["code"]) == (409, "auction_closed")


async def test_anybody_can_check_the_history_from_what_is_public(client):
    auction_id, lot_id = await an_auction()
    ada, ada_in = await signed_in()
    bob, _ = await signed_in()
    await a_bid(lot_id, ada.id, "50")
    await a_bid(lot_id, bob.id, "20")
    rows = (await client.get(f"{API}/bid-history/?auction_id={auction_id}")).json()["data"]["results"]
    before = ""
    for row in rows:
        text = msgspec.json.encode(row["link"], order="sorted")
        assert row["prev_hash"] == before
        assert hashlib.sha256(before.encode() + text).hexdigest() == row["hash"]
        assert row["opening"] is None
        before = row["hash"]
    mine = (await client.get(f"{API}/bid-history/?auction_id={auction_id}", headers=ada_in)).json()["data"]["results"]
    opening = mine[0]["opening"]
    sealed = f"{opening['salt']}:{opening['bidder_id']}:{opening['maximum_minor']}"
    assert opening["maximum_minor"] == 5000
    assert hashlib.sha256(sealed.encode()).hexdigest() == mine[0]["link"]["commitment"]
    assert mine[1]["opening"] is None

    url = f"{API}/bid-history/verify/?auction_id={auction_id}"
    check = (await client.get(url)).json()["data"]
    assert check["intact"] and check["lots"][0]["length"] == 2 and check["lots"][0]["head"] == before


async def test_a_changed_past_shows(client):
    auction_id, lot_id = await an_auction()
    ada, _ = await signed_in()
    await a_bid(lot_id, ada.id, "50")
    await a_bid(lot_id, ada.id, "60")
    async with db.transaction():
        await db.execute("ALTER TABLE bids DISABLE TRIGGER bids_append_only")
        await db.execute("UPDATE bids SET price_after = 98 WHERE seq = 1")
        await db.execute("ALTER TABLE bids ENABLE TRIGGER bids_append_only")
    check = (await client.get(f"{API}/bid-history/verify/?auction_id={auction_id}")).json()["data"]
    assert not check["intact"]
    assert check["lots"][0]["broken_at"] == 1


async def test_the_second_bidder_takes_or_leaves_a_second_chance(client):
    from marketplace.auctions.service.lifecycle import close_due

    ada, _ = await signed_in()
    bob, bob_in = await signed_in()
    _, other = await signed_in()
    offers = []
    for _ in range(2):
        _, lot_id = await an_auction()
        await a_bid(lot_id, ada.id, "50")
        await a_bid(lot_id, bob.id, "20")
        await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", lot_id, clock.now() - timedelta(seconds=5))
        assert await close_due(lot_id)
        await time_to_pay_passes(await sale_of(lot_id))
    listed = (await client.get(f"{API}/second-chance-offers/", headers=bob_in)).json()["data"]["results"]
    offers = [(offer["id"], offer["amount"], offer["status"]) for offer in listed]
    assert [offer[1:] for offer in offers] == [("20.00", "open")] * 2
    assert (await client.get(f"{API}/second-chance-offers/", headers=other)).json()["data"]["count"] == 0

    taken, left = (f"{API}/second-chance-offers/{offer[0]}" for offer in offers)
    assert (await client.post(f"{taken}/accept/", headers=other)).status_code == 404
    sale = await client.post(f"{taken}/accept/", headers=bob_in)
    assert sale.status_code == 201, sale.text
    assert (sale.json()["data"]["amount"], sale.json()["data"]["kind"]) == ("20.00", "second_chance")
    declined = await client.post(f"{left}/decline/", headers=bob_in)
    assert declined.json()["data"]["status"] == "declined"
    assert (await client.post(f"{left}/accept/", headers=bob_in)).json()["code"] == "illegal_transition"
