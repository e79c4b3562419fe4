"""Disputes over HTTP: what is asked, what is refused, and what each side is told."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import audit
from tests.factories import a_user, bearer, signed_in
from tests.factories.disputes import STORY, a_dispute, sides, time_passes
from tests.factories.orders import an_order, hold_invariants, read
from tests.factories.payments import work_off
from tests.factories.pictures import a_picture
from tests.statements import statements

API = "/api/v1"
BODY = {"reason": "not_as_described", "description": STORY}


@pytest.fixture
async def case(client):
    """A paid order and the headers of its buyer, its seller, and a moderator."""
    (buyer, buyers), (seller, sellers), (_, staff) = (
        await signed_in(),
        await signed_in(),
        await signed_in(Role.MODERATOR),
    )
    return await an_order(buyer=buyer.id, seller=seller.id, paid="wallet"), buyers, sellers, staff


async def post(client, path, headers, body=None, status=200):
    answer = await client.post(f"{API}{path}/", json=body or {}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json().get("data") if status < 300 else answer.json()


async def test_a_dispute_from_its_opening_to_the_last_cent(client, case):
    order_id, buyers, sellers, staff = case
    made = await post(client, f"/orders/{order_id}/dispute", buyers, BODY | {"requested_amount": "60.00"}, 201)
    assert (made["status"], made["awaits"], made["requested_amount"]) == ("negotiating", "seller", "60.00")
    path = f"/disputes/{made['id']}"
    assert (await post(client, f"{path}/messages", sellers, {"message": "It was whole."}, 201))["awaits"] == "buyer"
    said = await post(client, f"{path}/proposals", sellers, {"buyer_amount": "20", "message": "For the scratch"}, 201)
    proposal = said["proposals"][0]
    assert (proposal["by"], proposal["buyer_amount"], proposal["seller_amount"]) == ("seller", "20.00", "80.00")
    refused = await post(client, f"{path}/proposals/{proposal['id']}/accept", sellers, status=403)
    assert refused["code"] == "own_proposal"
    await post(client, f"{path}/proposals/{proposal['id']}/decline", buyers)
    assert (await post(client, f"{path}/escalate", buyers))["status"] == "under_review"
    queue = (await client.get(f"{API}/admin/disputes/?awaits=staff&mine=false", headers=staff)).json()["data"][
        "results"
    ]
    assert [(row["id"], row["held_amount"], row["assigned_to"]) for row in queue] == [(made["id"], "100.00", None)]
    url = f"{API}/admin{path}/"
    taken = await client.put(url, json={"take": True, "ask": {"side": "seller", "message": "A photo?"}}, headers=staff)
    assert taken.status_code == 200 and taken.json()["data"]["awaits"] == "seller"
    await post(client, f"/admin{path}/messages", staff, {"message": "I doubt it", "internal": True}, 201)
    seen = (await client.get(f"{API}{path}/", headers=buyers)).json()["data"]
    assert [(one["by"], one["message"]) for one in seen["messages"]] == [
        ("seller", "It was whole."),
        ("staff", "A photo?"),
    ]
    split = {"buyer_amount": "30.00", "seller_amount": "69.99", "reason": "Both of them erred."}
    refused = await post(client, f"{path}/resolve", staff, split, status=422)
    assert (refused["code"], refused["details"]["held"]) == ("split_not_exact", "100.00")
    decided = await post(client, f"{path}/resolve", staff, split | {"seller_amount": "70.00"})
    assert decided["decisions"][0]["buyer_amount"] == "30.00"
    assert (await post(client, f"{path}/accept", buyers))["status"] == "decided"
    over = await post(client, f"{path}/accept", sellers)
    assert (over["status"], over["awaits"], over["order"]["held_amount"]) == ("resolved", None, "0.00")
    order = await read(order_id)
    assert (order.refunded_minor, order.released_minor) == (3_000, 7_000)
    assert await audit.verify() is None
    await work_off()
    notices = (await client.get(f"{API}/notifications/", headers=staff)).json()["data"]["results"]
    assert [one["type"] for one in notices] == ["dispute_for_staff"]
    inbox = (await client.get(f"{API}/notifications/", headers=buyers)).json()["data"]["results"]
    assert {"dispute_proposed", "dispute_decided", "dispute_resolved"} <= {one["type"] for one in inbox}
    await hold_invariants()


async def test_an_illegal_move_names_the_states(client, case):
    order_id, buyers, _, _ = case
    made = await post(client, f"/orders/{order_id}/dispute", buyers, BODY, 201)
    path = f"/disputes/{made['id']}"
    await post(client, f"{path}/withdraw", buyers, {"note": "We have talked"})
    for verb, body in (
        ("escalate", {}), ("withdraw", {}), ("messages", {"message": "But"}), ("accept", {}),
        ("appeal", {"reason": "I have thought about it again."}), ("proposals", {"buyer_amount": "1"}),
    ):  # fmt: skip
        refused = await post(client, f"{path}/{verb}", buyers, body, 409)
        assert refused["code"] == "illegal_transition", verb
        assert (refused["details"]["current"], refused["details"]["allowed"]) == ("withdrawn", [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"description": STORY}, "reason"), (BODY | {"reason": "boredom"}, "reason"), (BODY | {"description": "Bad."}, "description"),
        (BODY | {"requested_amount": "100.01"}, "requested_amount"), (BODY | {"requested_amount": "-1"}, "requested_amount"),
        (BODY | {"status": "resolved"}, "status"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_it_is_said(client, case, body, field):
    order_id, buyers, _, _ = case
    refused = await post(client, f"/orders/{order_id}/dispute", buyers, body, 400)
    assert list(refused["errors"]) == [field]


async def test_what_is_said_is_changed_by_who_opened_it(client, case):
    order_id, buyers, sellers, _ = case
    made = await post(client, f"/orders/{order_id}/dispute", buyers, BODY, 201)
    url = f"{API}/disputes/{made['id']}/"
    assert (await client.put(url, json={"requested_amount": "10"}, headers=sellers)).status_code == 403
    changed = (await client.put(url, json={"requested_amount": "10", "reason": "late"}, headers=buyers)).json()["data"]
    assert (changed["requested_amount"], changed["reason"], changed["description"]) == ("10.00", "late", STORY)
    shown = (await client.get(f"{API}/orders/{order_id}/dispute/", headers=sellers)).json()["data"]
    assert (shown["id"], shown["role"]) == (made["id"], "seller")


async def test_lists_take_one_statement(client, case):
    _, _, _, staff = case
    ids = [await a_dispute() for _ in range(3)]
    buyer, _ = await sides(ids[0])
    mine = await bearer(buyer)
    for path, headers, many in (
        ("/disputes/", mine, 1), ("/admin/disputes/", staff, 3), (f"/disputes/{ids[0]}/", mine, None),
        (f"/admin/disputes/{ids[0]}/", staff, None),
    ):  # fmt: skip
        await client.get(API + path, headers=headers)
        async with statements() as made:
            answer = await client.get(API + path, headers=headers)
        assert answer.status_code == 200
        assert many is None or len(answer.json()["data"]["results"]) == many
        assert len([one for one in made if "disputes" in one]) == 1, made


async def test_the_queue_is_filtered(client, case):
    _, _, _, staff = case
    late, mine = await a_dispute(), await a_dispute()
    await time_passes(late)
    await client.put(f"{API}/admin/disputes/{mine}/", json={"take": True}, headers=staff)

    async def found(query):
        rows = (await client.get(f"{API}/admin/disputes/?{query}", headers=staff)).json()["data"]["results"]
        return {row["id"] for row in rows}

    assert await found("mine=true") == {str(mine)}
    assert await found("status=decided") == {str(late)}
    assert await found("is_open=true&kind=test_goods") == {str(late), str(mine)}
    assert await found("kind=shop") == set()
    small = await a_dispute(101, currency="JPY")
    assert await found("max_amount=101&currency=JPY") == {str(small)}
    assert await found("max_amount=99.99") == set() and await found("min_amount=100.01") == {str(small)}
    rows = (await client.get(f"{API}/admin/disputes/?mine=true", headers=staff)).json()["data"]["results"]
    assert await found(f"assigned_to={rows[0]['assigned_to']['id']}") == {str(mine)}
    assert (await client.get(f"{API}/admin/disputes/?kinds=shop", headers=staff)).status_code == 400


async def test_nobody_decides_what_is_their_own(client):
    boss, headers = await signed_in(Role.ADMIN)
    dispute_id = await a_dispute(order_id=await an_order(buyer=boss.id, paid=True))
    body = {"buyer_amount": "100", "seller_amount": "0", "reason": "It is mine, I say."}
    refused = await post(client, f"/disputes/{dispute_id}/resolve", headers, body, 403)
    assert refused["code"] == "own_interest"
    _, managers = await signed_in(Role.MANAGER)
    order_id = (await client.get(f"{API}/admin/disputes/{dispute_id}/", headers=managers)).json()["data"]["order"]["id"]
    for verb, said in (("unfreeze", {}), ("settle", {"buyer_amount": "1", "seller_amount": "99"})):
        refused = await post(client, f"/admin/orders/{order_id}/{verb}", managers, {"reason": "enough"} | said, 409)
        assert refused["details"]["frozen_by"] == "dispute"


async def test_a_second_dispute_while_one_is_open_is_refused(client, case):
    order_id, buyers, sellers, _ = case
    await post(client, f"/orders/{order_id}/dispute", buyers, BODY, 201)
    refused = await post(client, f"/orders/{order_id}/dispute", sellers, BODY, 409)
    assert refused["details"]["frozen_by"] == "dispute"
    stranger = await bearer((await a_user()).id)
    assert (await client.get(f"{API}/orders/{order_id}/dispute/", headers=stranger)).status_code == 404


async def test_sides_and_staff_see_the_evidence_and_nobody_takes_it_away(client, case):
    order_id, buyers, sellers, staff = case

    async def upload(headers):
        files = {"file": ("broken.png", a_picture(), "image/png")}
        answer = await client.post(f"{API}/media/", data={"purpose": "evidence"}, files=files, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["id"]

    photo, receipt = await upload(buyers), await upload(sellers)
    refused = await post(client, f"/orders/{order_id}/dispute", buyers, BODY | {"evidence": [receipt]}, 400)
    assert list(refused["errors"]) == ["evidence"]
    made = await post(client, f"/orders/{order_id}/dispute", buyers, BODY | {"evidence": [photo]}, 201)
    said = {"message": "Here is the receipt.", "evidence": [receipt]}
    await post(client, f"/disputes/{made['id']}/messages", sellers, said, 201)
    await work_off()
    for path, headers in (
        (f"/orders/{order_id}/dispute/", sellers), (f"/disputes/{made['id']}/", buyers), (f"/admin/disputes/{made['id']}/", staff),
    ):  # fmt: skip
        shown = (await client.get(API + path, headers=headers)).json()["data"]["evidence"]
        assert [(one["by"], one["file"]["id"]) for one in shown] == [("buyer", photo), ("seller", receipt)]
        assert len(shown[0]["sha256"]) == 64
        assert (await client.get(f"{API}/media/{photo}/", headers=headers)).status_code == 200
    stranger = await bearer((await a_user()).id)
    assert (await client.get(f"{API}/media/{photo}/", headers=stranger)).status_code == 404
    assert (await client.delete(f"{API}/media/{photo}/", headers=buyers)).status_code >= 400
    await hold_invariants()
