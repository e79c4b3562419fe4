"""Two sides that review each other: nobody hears the one before the other has spoken, or the time of silence is over."""

from datetime import timedelta
from uuid import uuid4

import pytest

from marketplace.core import db, timers
from marketplace.orders.service import completing
from marketplace.orders.service.placing import place
from marketplace.reviews.service import revealing, writing
from tests.factories import a_user, signed_in
from tests.factories.orders import a_draft, a_line, an_order, hold_invariants, pay, set_times
from tests.factories.payments import work_off
from tests.factories.reviews import GIGS, completed, silence_ends, words
from tests.statements import statements

API = "/api/v1/reviews/"


@pytest.fixture(autouse=True)
async def _books(tables):
    GIGS.moved.clear()
    yield
    await hold_invariants()


class Deal:
    """A completed order with its two sides, and what they send with their requests."""

    @classmethod
    async def done(cls):
        deal = cls()
        (deal.buyer, deal.as_buyer), (deal.seller, deal.as_seller) = await signed_in(), await signed_in()
        deal.order = await completed(deal.buyer.id, deal.seller.id)
        deal.subject = await db.fetch_val('SELECT subject FROM order_lines WHERE "order" = $1', deal.order)
        return deal

    def said(self, rating=4, **over):
        return {"order_id": str(self.order), "rating": rating, "comment": "As agreed."} | over

    async def rated(self):
        row = await db.fetch_row(
            "SELECT (SELECT (seller_sum, seller_count) FROM user_ratings WHERE \"user\" = $1) AS seller, "
            "(SELECT (client_sum, client_count) FROM user_ratings WHERE \"user\" = $2) AS client",
            self.seller.id, self.buyer.id,
        )  # fmt: skip
        return row["seller"] or (0, 0), row["client"] or (0, 0)


async def told(user_id):
    rows = await db.fetch(
        "SELECT type FROM notifications WHERE \"user\" = $1 AND (type LIKE 'review%' OR type LIKE 'client%')", user_id
    )
    return [row["type"] for row in rows]


async def test_what_one_side_said_is_seen_by_nobody_else(client):
    deal = await Deal.done()
    written = await client.post(API, json=deal.said(1), headers=deal.as_buyer)
    assert written.status_code == 201, written.text
    mine = written.json()["data"]
    assert mine["blind_until"] is not None and (mine["kind"], mine["side"]) == ("test_gig", "seller")
    await work_off()
    _, as_stranger = await signed_in()
    for headers in ({}, deal.as_seller, as_stranger):
        hidden = await client.get(f"{API}{mine['id']}/", headers=headers)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "review_not_found")
        page = (await client.get(f"{API}user/{deal.seller.id}/", headers=headers)).json()["data"]
        assert (page["count"], page["results"]) == (0, [])
        record = (await client.get(f"/api/v1/users/{deal.seller.id}/reputation/", headers=headers)).json()["data"]
        assert (record["review_count"], record["average_rating"]) == (0, None)
    for method, body in (("PUT", {"rating": 5}), ("DELETE", None), ("POST", {"reply": "No."})):
        path = f"{API}{mine['id']}/" + ("reply/" if method == "POST" else "")
        refused = await client.request(method, path, json=body, headers=deal.as_seller)
        assert (refused.status_code, refused.json()["code"]) == (404, "review_not_found")
    assert await told(deal.seller.id) == [] and GIGS.moved == [] and await deal.rated() == ((0, 0), (0, 0))
    assert (await client.get(f"{API}{mine['id']}/", headers=deal.as_buyer)).status_code == 200
    [own] = (await client.get(f"{API}mine/", headers=deal.as_buyer)).json()["data"]["results"]
    assert (own["id"], own["order_id"]) == (mine["id"], str(deal.order))


async def test_both_are_public_when_the_second_is_in(client):
    deal = await Deal.done()
    first = (await client.post(API, json=deal.said(5), headers=deal.as_seller)).json()["data"]
    assert (first["kind"], first["side"], first["subject_id"]) == ("client", "client", str(deal.buyer.id))
    second = (await client.post(API, json=deal.said(2), headers=deal.as_buyer)).json()["data"]
    assert second["blind_until"] is None
    await work_off()
    for person, one in ((deal.seller, second), (deal.buyer, first)):
        async with statements() as made:
            page = (await client.get(f"{API}user/{person.username}/")).json()["data"]
        assert [row["id"] for row in page["results"]] == [one["id"]] and len(made) == 1
        assert (await client.get(f"{API}{one['id']}/")).json()["data"]["rating"] == one["rating"]
    assert await deal.rated() == ((2, 1), (5, 1)) and GIGS.moved == [(deal.subject, 2, 1)]
    assert await told(deal.seller.id) == ["review_received"] and await told(deal.buyer.id) == ["client_reviewed"]
    record = (await client.get(f"/api/v1/users/{deal.buyer.id}/reputation/")).json()["data"]
    assert (record["client_rating"], record["client_review_count"], record["review_count"]) == (5.0, 1, 0)
    by_side = (await client.get(f"{API}user/{deal.buyer.id}/?side=seller")).json()["data"]
    assert by_side["count"] == 0
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = $1", revealing.TIMER) == 0


async def test_one_alone_is_public_after_seven_days_and_counts_once(client):
    deal = await Deal.done()
    review = await writing.review_order(deal.order, deal.buyer.id, words(4))
    until = await db.fetch_val("SELECT blind_until FROM reviews WHERE id = $1", review)
    done = await db.fetch_val("SELECT completed_at FROM orders WHERE id = $1", deal.order)
    assert until - done == timedelta(days=7)
    await revealing.reveal(deal.order)  # too early
    assert await deal.rated() == ((0, 0), (0, 0))
    await silence_ends(deal.order)
    assert (await client.get(f"{API}{review}/")).status_code == 200  # whether or not the timer has run
    assert (await client.get(f"{API}user/{deal.seller.id}/")).json()["data"]["count"] == 1
    assert await timers.run_due() == 1
    for _ in range(2):
        await revealing.reveal(deal.order)
    assert await deal.rated() == ((4, 1), (0, 0)) and GIGS.moved == [(deal.subject, 4, 1)]
    late = await client.post(API, json=deal.said(1), headers=deal.as_seller)
    assert (late.status_code, late.json()["code"]) == (409, "review_closed")


async def test_what_is_said_after_the_silence_is_public_at_once(client):
    deal = await Deal.done()
    await set_times(deal.order, completed_at=timedelta(days=8))
    review = (await client.post(API, json=deal.said(), headers=deal.as_buyer)).json()["data"]
    assert review["blind_until"] is None and await deal.rated() == ((4, 1), (0, 0))
    assert (await client.get(f"{API}{review['id']}/")).status_code == 200


async def test_it_is_changed_and_taken_back_while_it_is_blind_and_never_after(client):
    deal = await Deal.done()
    path = f"{API}{await writing.review_order(deal.order, deal.buyer.id, words(4))}/"
    for method in ("PUT", "PATCH"):
        changed = await client.request(method, path, json={"rating": 2, "comment": "Late."}, headers=deal.as_buyer)
        assert changed.status_code == 200, changed.text
    assert (changed.json()["data"]["rating"], changed.json()["data"]["title"]) == (2, "Excellent laptop!")
    assert (await client.delete(path, headers=deal.as_buyer)).status_code == 204
    path = f"{API}{await writing.review_order(deal.order, deal.buyer.id, words(3))}/"
    await writing.review_order(deal.order, deal.seller.id, words(5))
    for method, body in (("PUT", {"rating": 1}), ("PATCH", {"comment": "x"}), ("DELETE", None)):
        refused = await client.request(method, path, json=body, headers=deal.as_buyer)
        assert (refused.status_code, refused.json()["code"]) == (409, "review_revealed")
    assert await deal.rated() == ((3, 1), (5, 1))


async def test_the_seller_replies_and_the_client_does_not(client):
    deal = await Deal.done()
    of_seller = await writing.review_order(deal.order, deal.buyer.id, words(3))
    of_client = await writing.review_order(deal.order, deal.seller.id, words(3))
    answer = await client.post(f"{API}{of_seller}/reply/", json={"reply": "Thank you."}, headers=deal.as_seller)
    assert (answer.status_code, answer.json()["data"]["reply"]) == (201, "Thank you.")
    again = await client.post(f"{API}{of_seller}/reply/", json={"reply": "And again."}, headers=deal.as_seller)
    assert again.json()["code"] == "already_replied"
    for review, headers in ((of_client, deal.as_buyer), (of_seller, deal.as_buyer)):
        assert (await client.post(f"{API}{review}/reply/", json={"reply": "x"}, headers=headers)).status_code == 403


async def test_each_side_has_one(client):
    deal = await Deal.done()
    for headers in (deal.as_buyer, deal.as_seller):
        assert (await client.post(API, json=deal.said(), headers=headers)).status_code == 201
    for headers in (deal.as_buyer, deal.as_seller):
        again = await client.post(API, json=deal.said(1), headers=headers)
        assert again.status_code == 409 and again.json()["code"] in ("already_reviewed", "review_closed")
    assert await deal.rated() == ((4, 1), (4, 1))


async def test_before_the_other_side_spoke_a_second_is_refused_too(client):
    deal = await Deal.done()
    assert (await client.post(API, json=deal.said(), headers=deal.as_seller)).status_code == 201
    again = await client.post(API, json=deal.said(1), headers=deal.as_seller)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")


async def test_only_the_sides_of_a_completed_order(client):
    buyer, as_buyer = await signed_in()
    placed = await an_order(buyer=buyer.id, paid=True)
    early = await client.post(API, json={"order_id": str(placed), "rating": 5, "comment": "Soon."}, headers=as_buyer)
    assert (early.status_code, early.json()["code"]) == (409, "order_not_completed")
    assert early.json()["details"]["status"] == "processing"
    for order in (placed, uuid4()):
        said = {"order_id": str(order), "rating": 5, "comment": "Hm."}
        refused = await client.post(API, json=said, headers=(await signed_in())[1])
        assert (refused.status_code, refused.json()["code"]) == (404, "order_not_found")
    for field, value in (
        ("rating", 0),
        ("rating", 6),
        ("comment", " "),
        ("title", "x" * 201),
        ("stars", 1),
        ("order_id", "x"),
    ):
        said = {"order_id": str(placed), "rating": 5, "comment": "Hm."} | {field: value}
        refused = await client.post(API, json=said, headers=as_buyer)
        assert refused.status_code == 400 and field in refused.text


async def test_staff_see_it_and_what_they_hide_does_not_count_when_its_time_comes(client):
    deal = await Deal.done()
    review = await writing.review_order(deal.order, deal.buyer.id, words(1))
    _, as_staff = await signed_in("moderator")
    [row] = (await client.get("/api/v1/admin/reviews/?blind=true", headers=as_staff)).json()["data"]["results"]
    assert (row["id"], row["author_id"]) == (str(review), str(deal.buyer.id))
    hidden = await client.post(f"/api/v1/admin/reviews/{review}/hide/", json={"reason": "Insults."}, headers=as_staff)
    assert hidden.status_code == 200, hidden.text
    await writing.review_order(deal.order, deal.seller.id, words(5))
    assert await deal.rated() == ((0, 0), (5, 1))
    assert (await client.get(f"{API}{review}/")).status_code == 404
    shown = await client.post(f"/api/v1/admin/reviews/{review}/show/", json={"reason": "After all."}, headers=as_staff)
    assert shown.json()["data"]["is_approved"] is True and await deal.rated() == ((1, 1), (5, 1))


async def test_each_line_has_its_review_and_is_named_where_there_are_several(client):
    (buyer, as_buyer), seller = await signed_in(), await a_user()
    placed = await place(buyer.id, [a_draft(seller.id, a_line(), a_line())], actor=buyer.id)
    await pay(placed.checkout_id)
    order = placed.orders[0].id
    await completing.complete(order, None, "received")
    said = {"order_id": str(order), "rating": 4, "comment": "As agreed."}
    unclear = await client.post(API, json=said, headers=as_buyer)
    lines = unclear.json()["details"]["lines"]
    assert unclear.status_code == 400 and "line_id" in unclear.json()["errors"] and len(lines) == 2
    assert (await client.post(API, json=said | {"line_id": str(uuid4())}, headers=as_buyer)).status_code == 400
    for line in lines:
        assert (await client.post(API, json=said | {"line_id": line}, headers=as_buyer)).status_code == 201
    again = await client.post(API, json=said | {"line_id": lines[0]}, headers=as_buyer)
    assert again.json()["code"] == "already_reviewed"
    await writing.review_order(order, seller.id, words(5))
    assert len(GIGS.moved) == 2


async def test_lists_of_nobody_and_nothing_are_not_found(client):
    for path in (f"user/{uuid4()}/", "user/nobody/", f"gig/{uuid4()}/", f"{uuid4()}/"):
        assert (await client.get(f"{API}{path}")).status_code == 404
    assert (await client.get(f"{API}mine/")).status_code == 401
