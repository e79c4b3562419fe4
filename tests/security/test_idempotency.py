"""Idempotency keys as a way around the limits."""

from marketplace.core import ratelimit
from tests.factories import a_user, bearer
from tests.factories.auctions import an_auction


async def test_replays_count_as_the_requests_they_are(client):
    seller, bidder = await a_user(), await a_user()
    auction_id, _ = await an_auction(seller.id)
    headers = await bearer(bidder.id) | {"idempotency-key": "the same"}
    body = {"auction_id": str(auction_id), "amount": "50.00"}
    with ratelimit.using("*=off,api=3/m"):
        answers = [await client.post("/api/v1/bids/", json=body, headers=headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert [answer.headers.get("ratelimit-remaining") for answer in answers[:3]] == ["2", "1", "0"]
    assert [answer.headers.get("idempotent-replayed") for answer in answers[:3]] == [None, "true", "true"]
