"""A review of what one bought: changed by its author until the seller has answered; hidden and shown by staff."""

import pytest

from marketplace.accounts.privacy import EXPORTERS
from marketplace.core import db
from marketplace.reviews.service import changing, hiding
from tests.factories import a_user, bearer, signed_in
from tests.factories.orders import hold_invariants
from tests.factories.reviews import bought, review
from tests.factories.shop import a_product
from tests.statements import statements

API = "/api/v1/reviews/"
STAFF = "/api/v1/admin/reviews/"


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


class Bought:
    """A product that was bought and reviewed with three stars."""

    @classmethod
    async def reviewed(cls):
        it = cls()
        it.seller, it.as_seller = await signed_in()
        it.product = await a_product(it.seller.id)
        it.buyer = await bought(it.product)
        it.as_buyer = await bearer(it.buyer)
        it.review = await review(it.product, it.buyer, 3)
        it.path = f"{API}{it.review}/"
        return it

    async def rated(self):
        return tuple(
            await db.fetch_row(
                "SELECT p.rating_sum, p.rating_count, u.seller_sum, u.seller_count FROM products p "
                'JOIN user_ratings u ON u."user" = p.seller WHERE p.id = $1',
                self.product,
            )
        )


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_its_author_changes_it_and_the_rating_moves(client, method):
    it = await Bought.reviewed()
    changed = await client.request(
        method, it.path, json={"rating": 5, "comment": "It grew on me."}, headers=it.as_buyer
    )
    assert changed.status_code == 200, changed.text
    shown = changed.json()["data"]
    assert (shown["rating"], shown["title"], shown["comment"]) == (5, "Excellent laptop!", "It grew on me.")
    assert shown["edited_at"] is not None and await it.rated() == (5, 1, 5, 1)
    assert (await client.get("/api/v1/products/a-kettle/")).json()["data"]["average_rating"] == 5.0
    for wrong in ({"rating": 6}, {"comment": ""}, {"reply": "x"}):
        refused = await client.request(method, it.path, json=wrong, headers=it.as_buyer)
        assert refused.status_code == 400 and next(iter(wrong)) in refused.text


async def test_nobody_else_changes_it(client):
    it = await Bought.reviewed()
    for headers in (it.as_seller, (await signed_in("admin"))[1]):
        refused = await client.patch(it.path, json={"rating": 1}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "review_not_found")
    assert (await client.patch(it.path, json={"rating": 1})).status_code == 401
    assert await it.rated() == (3, 1, 3, 1)


async def test_what_was_answered_stays_as_it_was(client):
    it = await Bought.reviewed()
    await changing.reply(it.review, it.seller.id, "Sorry to hear that.")
    refused = await client.patch(it.path, json={"rating": 1}, headers=it.as_buyer)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_replied")
    assert await it.rated() == (3, 1, 3, 1)


async def test_staff_hide_and_show_with_a_reason_that_is_kept(client):
    it = await Bought.reviewed()
    staff, as_staff = await signed_in("moderator")
    for body in ({}, {"reason": " "}, {"reason": "x" * 1001}):
        refused = await client.post(f"{STAFF}{it.review}/hide/", json=body, headers=as_staff)
        assert refused.status_code == 400 and "reason" in refused.text
    hidden = await client.post(f"{STAFF}{it.review}/hide/", json={"reason": "Insults."}, headers=as_staff)
    assert hidden.status_code == 200, hidden.text
    row = hidden.json()["data"]
    assert (row["is_approved"], row["hidden_reason"], row["hidden_by"]) == (False, "Insults.", str(staff.id))
    assert await it.rated() == (0, 0, 0, 0)
    assert (await client.get(it.path)).status_code == 404
    assert (await client.get(it.path, headers=it.as_buyer)).json()["data"]["is_approved"] is False
    refused = await client.patch(it.path, json={"rating": 5}, headers=it.as_buyer)
    assert (refused.status_code, refused.json()["code"]) == (409, "review_hidden")
    async with statements() as made:
        listed = (await client.get(f"{STAFF}?hidden=true&kind=product", headers=as_staff)).json()["data"]
    assert [one["id"] for one in listed["results"]] == [str(it.review)]
    assert len([one for one in made if "FROM sessions s JOIN users u" not in one]) == 1
    shown = await client.post(f"{STAFF}{it.review}/show/", json={"reason": "Not so bad."}, headers=as_staff)
    assert shown.json()["data"]["hidden_reason"] == "" and await it.rated() == (3, 1, 3, 1)
    rows = await db.fetch(
        "SELECT action, actor, reason FROM audit_log WHERE object_id = $1 ORDER BY seq", str(it.review)
    )
    assert [tuple(row) for row in rows] == [
        ("review.hidden", staff.id, "Insults."), ("review.shown", staff.id, "Not so bad."),
    ]  # fmt: skip


async def test_staff_do_not_judge_what_is_about_them(client):
    it = await Bought.reviewed()
    await db.execute("UPDATE users SET role = 'moderator' WHERE id = $1", it.seller.id)
    refused = await client.post(
        f"{STAFF}{it.review}/hide/", json={"reason": "Lies."}, headers=await bearer(it.seller.id)
    )
    assert refused.status_code in (403, 409) and await it.rated() == (3, 1, 3, 1)


async def test_staff_delete_by_hiding_and_authors_for_good(client):
    it = await Bought.reviewed()
    _, as_staff = await signed_in("moderator")
    assert (await client.delete(it.path, headers=as_staff)).status_code == 204
    assert await db.fetch_val("SELECT hidden_reason FROM reviews WHERE id = $1", it.review) == "Taken down by staff."
    await hiding.hide_review((await a_user()).id, it.review, False, "By mistake.")
    assert (await client.delete(it.path, headers=it.as_buyer)).status_code == 204
    assert await db.fetch_val("SELECT count(*) FROM reviews") == 0 and await it.rated() == (0, 0, 0, 0)


async def test_a_copy_has_what_one_is_rated():
    it = await Bought.reviewed()
    [row] = await EXPORTERS["ratings"](it.seller.id)
    assert (row["seller_sum"], row["seller_count"]) == (3, 1)
    assert await EXPORTERS["seller_standing"](it.buyer) == []
