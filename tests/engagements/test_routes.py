"""Work over HTTP: what each side sees, in how many statements, and what is asked only once."""

import pytest

from marketplace.core import ratelimit
from marketplace.core.ids import uuid7
from marketplace.engagements.files import BRIEF, DELIVERY
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service import asking, delivering
from marketplace.engagements.states import Gig, QuestionKind
from tests.factories import bearer, signed_in
from tests.factories.engagements import a_bare_gig, a_file_for, an_engagement, an_offer, parties
from tests.factories.gigs import STANDARD, a_gig, packages_of
from tests.factories.orders import an_order, hold_invariants
from tests.statements import statements

API = "/api/v1"
FILE = [Question(question="What is there already?", kind=QuestionKind.FILE, is_required=False)]


class Deal:
    """An order of a gig, its two sides, and a stranger."""

    async def begin(self, client, to=Gig.IN_PROGRESS) -> "Deal":
        self.client = client
        self.buyer, self.as_buyer = await signed_in()
        self.seller, self.as_seller = await signed_in()
        _, self.as_stranger = await signed_in()
        self.id = await an_engagement(buyer=self.buyer.id, seller=self.seller.id, to=to, questions=FILE)
        return self

    async def get(self, path, headers, **params):
        return await self.client.get(f"{API}{path}", headers=headers, params=params)

    async def post(self, path, headers, **body):
        return await self.client.post(f"{API}{path}", json=body, headers=headers)


@pytest.fixture
async def deal(client) -> Deal:
    return await Deal().begin(client)


async def test_the_work_is_shown_to_both_sides_and_nobody_else(deal):
    for headers, role in ((deal.as_buyer, "buyer"), (deal.as_seller, "seller")):
        shown = (await deal.get(f"/orders/{deal.id}/engagement/", headers)).json()["data"]
        assert (shown["role"], shown["status"], shown["revisions_left"], shown["delivery_days"]) == (
            role,
            "in_progress",
            1,
            5,
        )
        assert shown["is_clock_running"] and not shown["is_late"] and shown["buyer_may_cancel_from"] > shown["due_at"]
    for path in ("engagement", "requirements", "deliveries", "extension-requests", "cancel-requests"):
        answer = await deal.get(f"/orders/{deal.id}/{path}/", deal.as_stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "engagement_not_found")


async def test_an_order_of_goods_has_no_work_under_it(deal):
    goods = await an_order(buyer=deal.buyer.id, seller=deal.seller.id, paid=True)
    for path in ("engagement", "requirements", "deliveries"):
        assert (await deal.get(f"/orders/{goods}/{path}/", deal.as_buyer)).json()["code"] == "engagement_not_found"
    refused = await deal.post(f"/orders/{goods}/deliveries/", deal.as_seller, message="Here it is.")
    assert refused.status_code == 404, refused.text


async def test_reading_takes_one_statement_or_two(deal):
    seller, buyer = deal.seller.id, deal.buyer.id
    await asking.ask_extension(deal.id, seller, 2, "Slow paint.")
    await asking.ask_cancellation(deal.id, buyer, "I move house.")
    await a_file_for(buyer, BRIEF)
    files = [await a_file_for(seller, DELIVERY) for _ in range(3)]
    delivery = await delivering.submit(deal.id, seller, "Here it is.", files)
    counts = {
        f"/orders/{deal.id}/engagement/": 1, f"/orders/{deal.id}/requirements/": 1, f"/orders/{deal.id}/deliveries/": 2,
        f"/orders/{deal.id}/extension-requests/": 2, f"/orders/{deal.id}/cancel-requests/": 2, f"/deliveries/{delivery}/": 1,
    }  # fmt: skip
    for path, expected in counts.items():
        for _ in range(2):
            await deal.get(path, deal.as_seller)
        async with statements() as made:
            assert (await deal.get(path, deal.as_seller)).status_code == 200
        assert len(made) == 1 + expected, (path, made)  # who asks, and what is shown
    offer = await an_offer(seller, buyer)
    await deal.get(f"/custom-offers/{offer}/", deal.as_buyer)
    async with statements() as made:
        await deal.get(f"/custom-offers/{offer}/", deal.as_buyer)
    assert len(made) == 2, made


async def test_that_the_buyer_has_looked_is_noted_once(deal):
    delivery = await delivering.submit(deal.id, deal.seller.id, "Here it is.", [])
    assert (await deal.get(f"/deliveries/{delivery}/", deal.as_seller)).json()["data"]["seen_at"] is None
    async with statements() as first:
        await deal.get(f"/deliveries/{delivery}/", deal.as_buyer)
    async with statements() as second:
        seen = (await deal.get(f"/deliveries/{delivery}/", deal.as_buyer)).json()["data"]
    assert seen["seen_at"] is not None and len(first) == len(second) + 2
    late = await deal.client.put(f"{API}/deliveries/{delivery}/", json={"message": "Other."}, headers=deal.as_seller)
    assert (late.status_code, late.json()["code"]) == (409, "delivery_seen")


async def test_a_delivery_that_is_sent_twice_is_one(deal):
    headers = deal.as_seller | {"Idempotency-Key": str(uuid7())}
    body = {"message": "Here it is."}
    first = await deal.client.post(f"{API}/orders/{deal.id}/deliveries/", json=body, headers=headers)
    again = await deal.client.post(f"{API}/orders/{deal.id}/deliveries/", json=body, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json() and again.headers["Idempotent-Replayed"] == "true"
    refused = await deal.post(f"/orders/{deal.id}/deliveries/", deal.as_seller, **body)
    assert refused.json()["code"] == "illegal_transition"
    assert refused.json()["details"] == {
        "current": "delivered", "target": "delivered", "allowed": ["cancelled", "completed", "disputed", "in_progress", "in_revision"],
    }  # fmt: skip
    await hold_invariants()


async def test_what_is_wrong_with_a_body_is_said(deal):
    for path, body, wrong in (
        ("deliveries", {"message": "  "}, {"message"}),
        ("deliveries", {"message": "Here", "file_ids": [str(uuid7())]}, {"file_ids"}),
        ("deliveries", {"note": "Here"}, {"message", "note"}),
        ("extension-requests", {"days": 0, "reason": "x"}, {"days"}),
        ("extension-requests", {"days": 2}, {"reason"}),
        ("cancel-requests", {"reason": ""}, {"reason"}),
    ):
        refused = await deal.post(f"/orders/{deal.id}/{path}/", deal.as_seller, **body)
        assert refused.status_code == 400 and set(refused.json()["errors"]) == wrong, refused.text


async def test_an_order_is_placed_by_its_package_without_its_kind_too(client):
    _, headers = await signed_in()
    package = (await packages_of(await a_gig()))[STANDARD]
    for body in ({"kind": "gig", "package_id": str(package)}, {"package_id": str(package), "extras": []}):
        answer = await client.post(f"{API}/orders/", json=body, headers=headers)
        assert answer.status_code == 201 and answer.json()["data"]["kind"] == "gig", answer.text
    refused = await client.post(f"{API}/orders/", json={"kind": "gig", "package_id": str(uuid7())}, headers=headers)
    assert refused.status_code == 400 and set(refused.json()["errors"]) == {"package_id"}


async def test_offers_are_limited(client):
    seller, headers = await signed_in()
    buyer, _ = await signed_in()
    body = {
        "gig_id": str(await a_bare_gig(seller.id)),
        "user_id": str(buyer.id),
        "price": "5.00",
        "delivery_days": 1,
        "description": "A fox",
    }
    with ratelimit.using("*=off,custom_offers=2/h"):
        codes = [(await client.post(f"{API}/custom-offers/", json=body, headers=headers)).status_code for _ in range(3)]
    assert codes == [201, 201, 429]


async def test_offers_are_listed_by_role_status_and_thread(client):
    seller, as_seller = await signed_in()
    buyer, as_buyer = await signed_in()
    offer = await an_offer(seller.id, buyer.id)
    countered = await client.post(f"{API}/custom-offers/{offer}/counter/", json={"revisions": None}, headers=as_buyer)
    assert countered.status_code == 201, countered.text

    async def count(headers, **params):
        answer = await client.get(f"{API}/custom-offers/", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["count"]

    assert (
        await count(as_seller)
        == await count(as_buyer, role="buyer")
        == await count(as_buyer, thread_id=str(offer))
        == 2
    )
    assert await count(as_buyer, role="seller") == 0 and await count(as_seller, status="open") == 1
    assert await count(await bearer((await parties(await an_order()))[0])) == 0
