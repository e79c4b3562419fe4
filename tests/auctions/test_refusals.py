"""What a client is told when it may not: what is hidden stays hidden, and the wrong field is named as it was sent."""

from uuid import uuid4

import pytest

from marketplace.accounts.tables import Session
from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.moderation.tables import ModerationCase
from tests.factories import a_user, signed_in
from tests.factories.auctions import a_bid, an_auction

API = "/api/v1"


@pytest.mark.parametrize("by", ["auction_id", "lot_id"])
@pytest.mark.parametrize(("path", "amount"), [("bids", "amount"), ("auto-bids", "max_bid")])
async def test_a_listing_that_waits_for_its_seller_is_not_there_to_bid_on(client, path, amount, by):
    auction_id, lot_id = await an_auction(starts_at=None)
    _, ada_in = await signed_in()
    named = {"auction_id": str(auction_id)} if by == "auction_id" else {"lot_id": str(lot_id)}
    answer = await client.post(f"{API}/{path}/", headers=ada_in, json={amount: "5", **named})
    assert (answer.status_code, answer.json()["code"]) == (404, "auction_not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"starting_price": "0"}, "starting_price"),
        ({"starting_price": "5", "reserve_price": "1"}, "reserve_price"),
        ({"starting_price": "5", "buy_now_price": "1"}, "buy_now_price"),
        ({"lots": [{"starting_price": "1"}, {"starting_price": "5", "reserve_price": "1"}]}, "lots[1].reserve_price"),
    ],
)
async def test_a_wrong_price_is_named_as_it_was_sent(client, body, field):
    _, seller = await signed_in()
    answer = await client.post(f"{API}/auctions/", headers=seller, json={"title": "Vase", **body})
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]


async def test_a_wrong_price_of_a_change_is_named_as_it_was_sent(client):
    user, seller = await signed_in()
    auction_id, _ = await an_auction(user.id, start="5")
    url = f"{API}/auctions/{auction_id}/"
    answer = await client.patch(url, headers=seller, json={"reserve_price": "1"})
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["reserve_price"]
    several, _ = await an_auction(user.id, start="5", lots=2)
    second = (await client.get(f"{API}/auctions/{several}/")).json()["data"]["lots"][1]["id"]
    body = {"lots": [{"id": second, "buy_now_price": "1"}]}
    answer = await client.patch(f"{API}/auctions/{several}/", headers=seller, json=body)
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["lots[0].buy_now_price"]


async def test_what_a_change_leaves_as_it_is_may_be_sent_after_the_first_bid(client):
    _, seller = await signed_in()
    made = await client.post(
        f"{API}/auctions/", headers=seller,
        json={"title": "Vase", "description": "Blue.", "starting_price": "5", "reserve_price": "50", "starts_at": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    auction = made.json()["data"]
    await a_bid(auction["lots"][0]["id"], (await a_user()).id, "60")
    url = f"{API}/auctions/{auction['id']}/"
    same = {"title": "Vase", "starting_price": "5.00", "reserve_price": "50"}
    answer = await client.patch(url, headers=seller, json={**same, "description": "Blue. 31 cm."})
    assert answer.status_code == 200 and answer.json()["data"]["description"] == "Blue. 31 cm."
    answer = await client.patch(url, headers=seller, json={**same, "reserve_price": "40"})
    assert (answer.status_code, answer.json()["code"]) == (409, "auction_has_bids")
    assert list(answer.json()["errors"]) == ["reserve_price"], "step by step it would tell the leader's maximum"


async def test_raising_an_auto_bid_again_with_its_key_replays_the_answer(client):
    auction_id, _ = await an_auction()
    _, ada_in = await signed_in()
    made = await client.post(f"{API}/auto-bids/", headers=ada_in, json={"auction_id": str(auction_id), "max_bid": "50"})
    url, keyed = f"{API}/auto-bids/{made.json()['data']['id']}/", {**ada_in, "Idempotency-Key": str(uuid4())}
    first = await client.put(url, headers=keyed, json={"max_bid": "60"})
    again = await client.put(url, headers=keyed, json={"max_bid": "60"})
    assert (first.status_code, again.status_code, again.text) == (200, 200, first.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert await db.fetch_val("SELECT count(*) FROM bids") == 2


@pytest.mark.parametrize("deed", ["bid", "auto-bid", "buy now"])
async def test_a_refused_attempt_by_a_linked_account_is_reported_also_with_a_key(client, deed):
    """The refusal undoes what the request wrote; what moderators must know of it stays."""
    seller, (bidder, bidder_in) = await a_user(), await signed_in()
    auction_id, lot_id = await an_auction(seller.id, buy_now="100")
    for user in (seller, bidder):
        await Session(id=uuid7(), user=user.id, address="203.0.113.9", user_agent="Browser/1").save()
    path, body = {
        "bid": ("bids", {"auction_id": str(auction_id), "amount": "5"}),
        "auto-bid": ("auto-bids", {"auction_id": str(auction_id), "max_bid": "5"}),
        "buy now": (f"auctions/{auction_id}/buy-now", {}),
    }[deed]
    answer = await client.post(f"{API}/{path}/", headers={**bidder_in, "Idempotency-Key": str(uuid4())}, json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "linked_to_seller")
    await outbox.drain()
    [case] = await ModerationCase.select()
    assert (case["kind"], case["user"], case["object_id"]) == ("linked_to_seller", bidder.id, lot_id)


async def test_a_missing_parameter_is_named(client):
    answer = await client.get(f"{API}/bid-history/verify/")
    assert answer.status_code == 400 and answer.json()["errors"] == {"auction_id": ["This field is required."]}


async def test_an_unknown_value_is_refused_with_the_known_ones(client):
    _, ada_in = await signed_in()
    answer = await client.get(f"{API}/auctions/?status=running")
    assert "scheduled, active, ended, cancelled" in answer.json()["errors"]["status"][0]
    answer = await client.post(f"{API}/bids/{uuid4()}/retract/", headers=ada_in, json={"reason": "bored"})
    assert "wrong_amount" in answer.json()["errors"]["reason"][0]
    answer = await client.post(f"{API}/auctions/{uuid4()}/end/", headers=ada_in, json={"why": "x"})
    assert "Known: lot_id, reason" in answer.json()["errors"]["why"][0]


async def test_an_extended_auction_is_found_by_the_end_it_shows(client):
    auction_id, lot_id = await an_auction()
    end = await db.fetch_val(
        "UPDATE lots SET ends_at = ends_at + interval '1 hour' WHERE id = $1 RETURNING ends_at - interval '1 minute'",
        lot_id,
    )
    listed = (await client.get(f"{API}/auctions/", params={"ends_after": end.isoformat()})).json()["data"]["results"]
    assert [one["id"] for one in listed] == [str(auction_id)]
    listed = (await client.get(f"{API}/auctions/", params={"ends_before": end.isoformat()})).json()["data"]["results"]
    assert listed == []
