"""Orders of gigs are reviewed by both sides; what came late is in the seller's record."""

from datetime import timedelta

import pytest

from marketplace.core import db, timers
from marketplace.engagements.states import Gig
from marketplace.orders.service import cancelling, freezing
from marketplace.reviews.service import standing
from tests.factories import bearer, signed_in
from tests.factories.engagements import an_engagement, set_due, work_of
from tests.factories.gigs import a_gig
from tests.factories.orders import hold_invariants, read
from tests.factories.payments import work_off
from tests.factories.reviews import silence_ends
from tests.statements import statements

API = "/api/v1/reviews/"


@pytest.fixture(autouse=True)
async def _books(tables, monkeypatch):
    monkeypatch.setattr(standing, "PACE", timedelta())
    yield
    await work_off()
    await hold_invariants()


async def accepted(buyer, seller):
    """The id of an order that has come to its end."""
    order_id = await an_engagement(buyer=buyer.id, seller=seller.id, to=Gig.IN_PROGRESS)
    await end(order_id)
    return order_id


async def end(order_id):
    await freezing.freeze(order_id, freezing.DISPUTE, None, "They do not agree")
    await freezing.resolve(order_id, 0, (await read(order_id)).held_minor, None, "The work is good")


async def test_a_gig_and_its_client_are_rated_when_both_have_spoken(client):
    (buyer, as_buyer), (seller, as_seller) = await signed_in(), await signed_in()
    order_id = await accepted(buyer, seller)
    gig = await a_gig(seller.id)
    await db.execute("UPDATE engagements SET gig = $2 WHERE id = $1", order_id, gig)
    said = {"order_id": str(order_id), "comment": "As agreed."}
    first = await client.post(API, json=said | {"rating": 4}, headers=as_buyer)
    assert first.status_code == 201 and first.json()["data"]["subject_id"] == str(gig), first.text
    empty = await client.get(f"{API}gig/{gig}/", headers=as_seller)
    assert empty.json()["data"]["count"] == 0
    assert await db.fetch_val("SELECT rating_count FROM gigs WHERE id = $1", gig) == 0
    assert (await client.post(API, json=said | {"rating": 5}, headers=as_seller)).status_code == 201
    async with statements() as made:
        listed = (await client.get(f"{API}gig/{gig}/?rating=4")).json()["data"]["results"]
    assert [(one["kind"], one["rating"], one["user"]) for one in listed] == [("gig", 4, buyer.username)] and len(
        made
    ) == 1
    row = await db.fetch_row("SELECT rating_sum, rating_count FROM gigs WHERE id = $1", gig)
    assert tuple(row) == (4, 1)


async def test_a_gig_that_is_ordered_again_is_reviewed_again(client):
    (buyer, as_buyer), (seller, _) = await signed_in(), await signed_in()
    for rating in (2, 4):
        order_id = await accepted(buyer, seller)
        said = {"order_id": str(order_id), "rating": rating, "comment": "As agreed."}
        assert (await client.post(API, json=said, headers=as_buyer)).status_code == 201
        await silence_ends(order_id)
    await work_off()
    record = (await client.get(f"/api/v1/users/{seller.id}/reputation/")).json()["data"]
    assert (record["average_rating"], record["review_count"]) == (3.0, 2)


async def test_a_gig_nobody_sees_has_no_list(client):
    (buyer, _), (seller, _) = await signed_in(), await signed_in()
    gig = (await work_of(await accepted(buyer, seller))).gig  # a draft
    refused = await client.get(f"{API}gig/{gig}/", headers=await bearer(buyer.id))
    assert (refused.status_code, refused.json()["code"]) == (404, "gig_not_found")


async def test_what_came_late_is_in_the_sellers_record(client):
    (buyer, _), (seller, _) = await signed_in(), await signed_in()
    await accepted(buyer, seller)
    late = await an_engagement(buyer=buyer.id, seller=seller.id, to=Gig.IN_PROGRESS)
    await set_due(late, timedelta(hours=1))
    await timers.run_due()
    await end(late)
    await work_off()
    record = (await client.get(f"/api/v1/users/{seller.id}/reputation/")).json()["data"]
    assert (record["completed_orders"], record["completion_rate"], record["on_time_rate"]) == (2, 1.0, 0.5)


async def test_how_long_buyers_waited_for_an_answer_is_in_the_sellers_record(client):
    (buyer, _), (seller, _) = await signed_in(), await signed_in()
    for minutes in (90, 30, 100):
        order_id = await an_engagement(buyer=buyer.id, seller=seller.id, to=Gig.IN_PROGRESS)
        await db.execute(
            "UPDATE engagements SET answered_at = accepted_at - make_interval(mins => $2) WHERE id = $1",
            order_id,
            minutes,
        )
        await end(order_id)
    ignored = await an_engagement(buyer=buyer.id, seller=seller.id)
    await cancelling.cancel_own(ignored, buyer.id, "Nobody answers.")
    await work_off()
    record = (await client.get(f"/api/v1/users/{seller.id}/reputation/")).json()["data"]
    assert (record["response_rate"], record["response_minutes"]) == (0.75, 90)
    assert (record["completed_orders"], record["completion_rate"]) == (3, 1.0)
