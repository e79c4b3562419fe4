import asyncio

import pytest

from marketplace.accounts.schemas.favorites import NewFavorite
from marketplace.accounts.service.favorites import add_favorite
from marketplace.accounts.states import AccountStatus
from marketplace.accounts.tables import Favorite, User
from tests.factories import a_user, signed_in
from tests.factories.auctions import an_auction

PATH = "/api/v1/users/favorites/"


async def test_kept_once_and_let_go(client):
    _, as_alice = await signed_in()
    bob = await a_user()
    body = {"target_type": "user", "target_id": str(bob.id)}
    first = await client.post(PATH, headers=as_alice, json=body)
    assert first.status_code == 201, first.text
    again = await client.post(PATH, headers=as_alice, json={"content_type": "user", "object_id": str(bob.id)})
    assert again.status_code == 200 and again.json()["data"] == first.json()["data"]
    kept = first.json()["data"]
    assert kept["target"] == {"title": bob.username, "path": f"/users/{bob.id}"}
    page = (await client.get(PATH, headers=as_alice)).json()["data"]
    assert page["count"] == 1 and page["results"][0] | {"created_at": kept["created_at"]} == kept
    assert (await client.get(f"/api/v1/users/{bob.id}")).json()["data"]["favorites_count"] == 1
    assert (await client.get(f"/api/v1/users/{bob.id}/reputation")).json()["data"]["favorites_count"] == 1
    assert (await client.delete(f"{PATH}{kept['id']}/", headers=as_alice)).status_code == 204
    assert (await client.delete(f"{PATH}{kept['id']}/", headers=as_alice)).status_code == 404


async def test_a_hundred_equal_favourites_are_one(tables):
    alice, bob = await a_user(), await a_user()
    new = NewFavorite(target_type="user", target_id=bob.id)
    outcomes = await asyncio.gather(*(add_favorite(alice.id, new) for _ in range(100)))
    assert len({favorite.id for favorite, _ in outcomes}) == 1
    assert sum(is_new for _, is_new in outcomes) == 1
    assert await Favorite.count() == 1


async def test_only_what_can_be_seen_can_be_kept(client):
    alice, as_alice = await signed_in()
    banned = await a_user(status=AccountStatus.BANNED)
    for target in (str(banned.id), "0197f000-0000-7000-8000-000000000001"):
        answer = await client.post(PATH, headers=as_alice, json={"target_type": "user", "target_id": target})
        assert answer.status_code == 404
    own = await client.post(PATH, headers=as_alice, json={"target_type": "user", "target_id": str(alice.id)})
    assert own.status_code == 422
    assert await Favorite.count() == 0


async def test_what_has_gone_since_has_no_card(client):
    _, as_alice = await signed_in()
    bob = await a_user()
    await client.post(PATH, headers=as_alice, json={"target_type": "user", "target_id": str(bob.id)})
    await User.update({User.status: AccountStatus.BANNED}).where(User.id == bob.id)
    page = (await client.get(f"{PATH}?target_type=user", headers=as_alice)).json()["data"]
    assert page["results"][0]["target"] is None


@pytest.mark.parametrize(
    "body",
    [
        {}, {"target_type": "user"}, {"target_id": "0197f000-0000-7000-8000-000000000001"}, {"target_type": "user", "target_id": 5},
        {"target_type": "users; DROP TABLE users", "target_id": "0197f000-0000-7000-8000-000000000001"}, {"target_type": "user", "target_id": "x"},
        {"target_type": "user", "content_type": "user", "target_id": "0197f000-0000-7000-8000-000000000001"},
        {"target_type": "user", "target_id": "0197f000-0000-7000-8000-000000000001", "user": "x"},
    ],
)  # fmt: skip
async def test_what_is_no_target(client, body):
    _, as_alice = await signed_in()
    assert (await client.post(PATH, headers=as_alice, json=body)).status_code == 400


async def test_other_peoples_favourites_do_not_exist(client):
    _, as_alice = await signed_in()
    _, as_bob = await signed_in()
    carol = await a_user()
    kept = (await client.post(PATH, headers=as_alice, json={"target_type": "user", "target_id": str(carol.id)})).json()[
        "data"
    ]
    assert (await client.delete(f"{PATH}{kept['id']}", headers=as_bob)).status_code == 404
    assert (await client.get(PATH, headers=as_bob)).json()["data"]["count"] == 0
    assert (await client.get(PATH)).status_code == 401
    assert await Favorite.count() == 1


async def test_an_auction_is_kept_while_others_may_see_it(client):
    alice, as_alice = await signed_in()
    auction_id, _ = await an_auction()
    hidden, _ = await an_auction(starts_at=None)
    kept = await client.post(PATH, headers=as_alice, json={"target_type": "auction", "target_id": str(auction_id)})
    assert kept.json()["data"]["target"] == {"title": "A watch", "path": f"/auctions/{auction_id}"}
    refused = await client.post(PATH, headers=as_alice, json={"target_type": "auction", "target_id": str(hidden)})
    assert refused.status_code == 404
    data = (await client.get(f"/api/v1/users/{alice.id}/reputation")).json()["data"]
    assert (data["auctions_sold"], data["auctions_won"]) == (0, 0)
