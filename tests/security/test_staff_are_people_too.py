"""Staff sell and bid as everybody does; their power ends where their own purse begins."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.ids import uuid7
from tests.factories import a_user, signed_in
from tests.factories.auctions import a_bid, an_auction

WHY = {"reason": "it suits me"}


async def auction_state(auction_id) -> str:
    return await db.fetch_val("SELECT status FROM auctions WHERE id = $1", auction_id)


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("POST", "end/")])
async def test_who_leads_does_not_end_or_remove_the_auction_as_staff(client, method, path):
    seller, (moderator, headers) = await a_user(), await signed_in(Role.MODERATOR)
    auction_id, lot_id = await an_auction(seller.id)
    await a_bid(lot_id, moderator.id, "50.00")
    answer = await client.request(method, f"/api/v1/admin/auctions/{auction_id}/{path}", json=WHY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_interest")
    answer = await client.post(f"/api/v1/auctions/{auction_id}/end/", json=WHY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_interest")
    assert await auction_state(auction_id) == "active"


async def test_a_seller_who_is_staff_takes_no_bids_back_as_staff(client):
    (seller, headers), bidder = await signed_in(Role.ADMIN), await a_user()
    auction_id, lot_id = await an_auction(seller.id)
    await a_bid(lot_id, bidder.id, "50.00")
    answer = await client.request("DELETE", f"/api/v1/admin/auctions/{auction_id}/", json=WHY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "own_interest")
    assert await auction_state(auction_id) == "active"


async def test_staff_who_are_no_party_do(client):
    seller, bidder, (_, headers) = await a_user(), await a_user(), await signed_in(Role.MODERATOR)
    auction_id, lot_id = await an_auction(seller.id)
    await a_bid(lot_id, bidder.id, "50.00")
    answer = await client.request("DELETE", f"/api/v1/admin/auctions/{auction_id}/", json=WHY, headers=headers)
    assert answer.status_code == 204
    assert await auction_state(auction_id) == "cancelled"


async def test_nobody_vouches_for_who_stands_above(client):
    (admin, _), (_, headers) = await signed_in(Role.ADMIN), await signed_in(Role.MODERATOR)
    await db.execute(
        'INSERT INTO identity_checks (id, "user", document_type, country_code) VALUES ($1, $2, $3, $4)',
        uuid7(), admin.id, "passport", "DE",
    )  # fmt: skip
    url = f"/api/v1/users/{admin.id}/verification/decision/"
    for body in ({"approved": False, "reason": "I want your place"}, {"approved": True}):
        answer = await client.post(url, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert await db.fetch_val("SELECT status FROM identity_checks") == "pending"
