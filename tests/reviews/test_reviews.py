"""Reviews: who may write one, what it does to the rating, who answers, and who takes it away."""

import pytest

from marketplace.accounts.privacy import ERASERS, EXPORTERS
from marketplace.core import db, invariants
from marketplace.core.errors import ValidationFailed
from marketplace.reviews.service import changing, hiding, rating
from marketplace.shop.errors import OwnInterest
from tests.factories import a_user, bearer, signed_in
from tests.factories.orders import hold_invariants
from tests.factories.payments import work_off
from tests.factories.reviews import bought, ordered
from tests.factories.reviews import review as review_of
from tests.factories.shop import a_product
from tests.statements import statements

API = "/api/v1/products/a-kettle/reviews/"
SAID = {"rating": 5, "title": "Excellent laptop!", "comment": "Excellent performance and build quality."}


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def rating_of(product):
    return tuple(await db.fetch_row("SELECT rating_sum, rating_count FROM products WHERE id = $1", product))


async def test_who_bought_it_reviews_it_and_it_is_on_the_page(client):
    seller = await a_user()
    product = await a_product(seller.id)
    buyer = await bought(product)
    answer = await client.post(API, json=SAID, headers=await bearer(buyer))
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    name = await db.fetch_val("SELECT username FROM users WHERE id = $1", buyer)
    expected = SAID | {
        "user": name,
        "is_verified_purchase": True,
        "is_approved": True,
        "kind": "product", "side": "seller", "subject_id": str(product), "reviewee": seller.username,
        "reply": None, "replied_at": None, "blind_until": None, "edited_at": None,
    }  # fmt: skip
    assert made == expected | {"id": made["id"], "created_at": made["created_at"]}
    page = (await client.get("/api/v1/products/a-kettle/")).json()["data"]
    assert (page["average_rating"], page["review_count"]) == (5.0, 1)
    [line] = page["reviews"]
    assert (line["id"], line["user"], line["rating"], line["is_verified_purchase"]) == (made["id"], name, 5, True)
    await work_off()
    assert (
        await db.fetch_val("SELECT type FROM notifications WHERE \"user\" = $1 AND type LIKE 'review%'", seller.id)
        == "review_received"
    )


async def test_one_review_each(client):
    product = await a_product()
    buyer = await bought(product)
    await bought(product, buyer)
    headers = await bearer(buyer)
    assert (await client.post(API, json=SAID, headers=headers)).status_code == 201
    again = await client.post(API, json=SAID | {"rating": 1}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_reviewed")
    assert await rating_of(product) == (5, 1)


async def test_only_who_has_received_it(client):
    product = await a_product()
    stranger, headers = await signed_in()
    refused = await client.post(API, json=SAID, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_buyer")
    await ordered(product, stranger.id)
    refused = await client.post(API, json=SAID, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_a_buyer")
    await a_product(name="Another")
    other = await client.post(
        "/api/v1/products/another/reviews/", json=SAID, headers=await bearer(await bought(product))
    )
    assert other.json()["code"] == "not_a_buyer"
    assert await rating_of(product) == (0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("rating", 0), ("rating", 6), ("rating", 4.5), ("rating", "5"), ("title", ""), ("title", " "), ("title", "x" * 201),
     ("comment", ""), ("comment", "x" * 5001), ("rating", None), ("stars", 5)],
)  # fmt: skip
async def test_a_bad_review_names_the_field(client, field, value):
    await a_product()
    answer = await client.post(API, json=SAID | {field: value}, headers=(await signed_in())[1])
    assert answer.status_code == 400 and field in answer.text, answer.text


@pytest.mark.parametrize("field", SAID)
async def test_every_part_is_needed(client, field):
    await a_product()
    body = {name: value for name, value in SAID.items() if name != field}
    answer = await client.post(API, json=body, headers=(await signed_in())[1])
    assert answer.status_code == 400 and field in answer.text


async def test_the_list_is_filtered_ordered_and_one_statement(client):
    product = await a_product()
    for stars in (2, 5, 3):
        await review_of(product, await bought(product), stars)

    async def ratings(query):
        answer = await client.get(f"{API}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["rating"] for one in answer.json()["data"]["results"]], answer.json()

    async with statements() as made:
        found, _ = await ratings("")
    assert found == [3, 5, 2] and len(made) == 1
    assert (await ratings("ordering=-rating"))[0] == [5, 3, 2]
    assert (await ratings("rating=3"))[0] == [3]
    assert (await ratings("rating=1"))[0] == []
    first, page = await ratings("ordering=rating&page_size=2")
    rest, _ = await ratings(f"ordering=rating&page_size=2&cursor={page['meta']['next_cursor']}")
    assert (first, rest) == ([2, 3], [5])
    assert (await client.get(f"{API}?rating=6")).status_code == 400
    by_id = await client.get(f"/api/v1/products/{product}/reviews/")
    assert by_id.json()["data"]["count"] == 3
    assert (await client.get("/api/v1/products/nothing/reviews/")).json()["code"] == "product_not_found"


async def test_the_seller_replies_once(client):
    seller, headers = await signed_in()
    product = await a_product(seller.id)
    buyer = await bought(product)
    review = await review_of(product, buyer)
    path = f"{API}{review}/reply/"
    refused = await client.post(path, json={"reply": "Me too."}, headers=await bearer(buyer))
    assert refused.status_code == 403
    assert "reply" in (await client.post(path, json={"reply": ""}, headers=headers)).text
    answer = await client.post(path, json={"reply": "Thank you."}, headers=headers)
    assert answer.status_code == 201 and answer.json()["data"]["reply"] == "Thank you."
    again = await client.post(path, json={"reply": "Once more."}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_replied")
    await a_product(seller.id, name="Another")
    elsewhere = await client.post(
        f"/api/v1/products/another/reviews/{review}/reply/", json={"reply": "x"}, headers=headers
    )
    assert elsewhere.json()["code"] == "review_not_found"
    await work_off()
    told = await db.fetch_val(
        "SELECT count(*) FROM notifications WHERE \"user\" = $1 AND type = 'review_replied'", buyer
    )
    assert told == 1


async def test_its_author_takes_it_back_and_may_write_another(client):
    product = await a_product()
    buyer = await bought(product)
    headers = await bearer(buyer)
    review = await review_of(product, buyer, 2)
    other = await client.delete(f"{API}{review}/", headers=(await signed_in())[1])
    assert (other.status_code, other.json()["code"]) == (404, "review_not_found")
    assert (await client.delete(f"{API}{review}/", headers=headers)).status_code == 204
    assert await rating_of(product) == (0, 0)
    assert (await client.post(API, json=SAID, headers=headers)).status_code == 201
    assert await rating_of(product) == (5, 1)


async def test_staff_hide_a_review_and_show_it_again(client):
    seller, staff = await a_user(), await a_user()
    product = await a_product(seller.id)
    buyer = await bought(product)
    review = await review_of(product, buyer, 1)
    with pytest.raises(ValidationFailed):
        await hiding.hide_review(staff.id, review, True, " ")
    for one in (seller.id, buyer):
        with pytest.raises(OwnInterest):
            await hiding.hide_review(one, review, True, "It is about me.")
    await hiding.hide_review(staff.id, review, True, "Insults.")
    await hiding.hide_review(staff.id, review, True, "Insults.")
    assert await rating_of(product) == (0, 0)
    assert (await client.get(API)).json()["data"]["results"] == []
    assert (await client.get("/api/v1/products/a-kettle/")).json()["data"]["reviews"] == []
    headers = await bearer(buyer)
    kept = await client.delete(f"{API}{review}/", headers=headers)
    assert (kept.status_code, kept.json()["code"]) == (409, "review_hidden")
    assert (await client.post(API, json=SAID, headers=headers)).json()["code"] == "already_reviewed"
    reply = await client.post(f"{API}{review}/reply/", json={"reply": "x"}, headers=await bearer(seller.id))
    assert reply.json()["code"] == "review_not_found"
    await hiding.hide_review(staff.id, review, False, "Looked at again.")
    assert await rating_of(product) == (1, 1)
    rows = await db.fetch("SELECT action, actor, reason FROM audit_log WHERE object_type = 'review' ORDER BY at")
    assert [tuple(row) for row in rows] == [
        ("review.hidden", staff.id, "Insults."), ("review.shown", staff.id, "Looked at again."),
    ]  # fmt: skip


async def test_a_rating_can_be_worked_out_anew():
    product = await a_product()
    await review_of(product, await bought(product), 4)
    assert not await rating.recompute(None, "product", product)
    await db.execute("UPDATE products SET rating_sum = 9, rating_count = 2 WHERE id = $1", product)
    assert [one async for one in invariants.violations()] == [f"a product is rated as its reviews rate it: {product}"]
    assert await rating.recompute(None, "product", product)
    assert await rating_of(product) == (4, 1)


async def test_a_copy_has_the_texts_and_an_erasure_takes_them():
    seller = (await a_user()).id
    product = await a_product(seller)
    buyer = await bought(product)
    review = await review_of(product, buyer, 4)
    await changing.reply(review, seller, "Thank you.")
    [row] = await EXPORTERS["reviews"](buyer)
    assert (row["rating"], row["title"]) == (4, "Excellent laptop!")
    [reply] = await EXPORTERS["review_replies"](seller)
    assert reply["reply"] == "Thank you."
    async with db.transaction():
        assert await ERASERS["reviews"](buyer) == 1 and await ERASERS["reviews"](seller) == 1
    left = await db.fetch_row("SELECT rating, title, comment, reply FROM reviews WHERE id = $1", review)
    assert tuple(left) == (4, "", "", "")
    assert await rating_of(product) == (4, 1)
