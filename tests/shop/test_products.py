"""Products over HTTP: listed, shown, changed, taken away."""

import pytest

from marketplace.accounts.service.governance import ban_user
from marketplace.accounts.states import Role
from marketplace.core import db
from tests.factories import a_user, signed_in
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import work_off
from tests.factories.shop import a_product, an_order_of, the_variant
from tests.statements import statements

API = "/api/v1/products/"
MACBOOK = {
    "name": 'MacBook Pro 16"', "description": "Powerful laptop with M2 Pro chip.", "price": "2499.99", "compare_price": "2999.99",
    "cost_price": "1500.00", "sku": "MBPRO-16-2024", "weight": "2.1", "dimensions": "35 x 24 x 1.6 cm",
    "attributes": {"chip": "M2 Pro"}, "tags": ["Laptops", "apple"],
    "variants": [
        {"name": "16GB RAM - 512GB SSD", "sku": "MBPRO-16-512", "quantity": 10, "attributes": {"ram": "16GB", "storage": "512GB"}},
        {"name": "32GB RAM - 1TB SSD", "sku": "MBPRO-32-1T", "price": "3199.99", "quantity": 5, "weight": "2.15"},
    ],
}  # fmt: skip


async def made(client, headers, **over):
    answer = await client.post(API, headers=headers, json={"name": "A kettle", "price": "20.00", "quantity": 3} | over)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_a_product_is_listed_and_shown_as_the_document_shows_it(client):
    user, seller = await signed_in()
    answer = await client.post(API, headers=seller, json=MACBOOK)
    assert answer.status_code == 201, answer.text
    own = answer.json()["data"]
    assert own["cost_price"] == "1500.00" and own["low_stock_at"] == 5
    shown = (await client.get(f"{API}macbook-pro-16/")).json()["data"]
    wanted = {
        "id": own["id"], "name": 'MacBook Pro 16"', "slug": "macbook-pro-16", "price": "2499.99", "compare_price": "2999.99",
        "cost_price": None, "sku": "MBPRO-16-2024", "quantity": 15, "is_in_stock": True, "is_featured": False, "weight": "2.1",
        "dimensions": "35 x 24 x 1.6 cm", "discount_percentage": 17, "images": [], "reviews": [], "average_rating": None,
        "review_count": 0, "attributes": {"chip": "M2 Pro"}, "tags": ["apple", "Laptops"], "status": "active",
        "seller": {"id": str(user.id), "username": user.username}, "in_wishlist": False, "low_stock_at": None, "related": [],
    }  # fmt: skip
    assert {name: shown[name] for name in wanted} == wanted
    small, large = shown["variants"]
    assert (small["price"], small["quantity"], small["sku"], small["weight"]) == ("2499.99", 10, "MBPRO-16-512", None)
    assert small["attributes"] == {"ram": "16GB", "storage": "512GB"} and small["on_hand"] is None
    assert (large["price"], large["quantity"], large["weight"]) == ("3199.99", 5, "2.15")
    assert (await client.get(f"{API}{own['id']}/")).json()["data"] == shown
    mine = (await client.get(f"{API}mine/", headers=seller)).json()["data"]["results"]
    assert [one["cost_price"] for one in mine] == ["1500.00"]
    await hold_invariants()


async def test_the_list_shows_what_the_document_shows(client):
    _, seller = await signed_in()
    await client.post(API, headers=seller, json=MACBOOK)
    [card] = (await client.get(API)).json()["data"]["results"]
    assert (card["quantity"], card["is_in_stock"], card["discount_percentage"]) == (15, True, 17)
    assert "cost_price" not in card and card["average_rating"] is None


async def test_cost_is_for_its_seller_and_staff(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    _, staff = await signed_in(Role.MODERATOR)
    product = await made(client, seller, cost_price="7.00")
    for headers, cost in ((seller, "7.00"), (staff, "7.00"), (other, None), ({}, None)):
        assert (await client.get(f"{API}{product['id']}/", headers=headers)).json()["data"]["cost_price"] == cost


async def test_reading_one_takes_one_statement_and_so_does_what_is_like_it(client):
    _, seller = await signed_in()
    for n in range(3):
        await made(client, seller, name=f"Kettle {n}", variants=[{"name": "Red"}, {"name": "Blue"}], quantity=None)
    for path in ("kettle-1/", "kettle-1/related/"):
        async with statements() as ran:
            assert (await client.get(API + path)).status_code == 200
        assert len(ran) == 1, ran


async def test_a_slug_is_its_own_and_stays(client):
    _, seller = await signed_in()
    first, second = await made(client, seller), await made(client, seller)
    assert first["slug"] == "a-kettle" and second["slug"].startswith("a-kettle-") and first["slug"] != second["slug"]
    answer = await client.patch(f"{API}a-kettle/", headers=seller, json={"name": "A better kettle"})
    assert answer.json()["data"]["slug"] == "a-kettle"
    chinese = await made(client, seller, name="青瓷茶壶")
    assert chinese["slug"].startswith("product-") and (await client.get(f"{API}{chinese['slug']}/")).status_code == 200
    hidden = await made(client, seller, name="Featured")
    assert hidden["slug"] != "featured" and (await client.get(f"{API}{hidden['slug']}/")).status_code == 200


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"price": "0"}, "price"),
        ({"price": "1.999"}, "price"),
        ({"compare_price": "20.00"}, "compare_price"),
        ({"name": "   "}, "name"),
        ({"category": "nowhere"}, "category"),
        ({"currency": "XYZ"}, "currency"),
        ({"weight": "0.0001"}, "weight"),
        ({"weight": "NaN"}, "weight"),
        ({"quantity": -1}, "quantity"),
        ({"variants": [{"name": "Red"}]}, "quantity"),
        ({"quantity": None, "variants": [{"name": "Red", "price": "0"}]}, "variants[0].price"),
        ({"quantity": None, "variants": [{"name": "Red", "sku": "R"}, {"name": "Rot", "sku": "R"}]}, "variants[1].sku"),
        ({"quantity": None, "variants": [{"name": "Red"}, {"name": "Red"}]}, "variants[1].name"),
        ({"attributes": {"a:b": "c"}}, "attributes"),
        ({"tags": ["!!!"]}, "tags"),
        ({"status": "archived"}, "status"),
        ({"seller": "me"}, "seller"),
        ({"is_featured": True}, "is_featured"),
    ],
)
async def test_what_is_wrong_is_named(client, over, field):
    _, seller = await signed_in()
    answer = await client.post(API, headers=seller, json={"name": "A kettle", "price": "20.00", "quantity": 3} | over)
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field], answer.text
    assert await db.fetch_val("SELECT count(*) FROM products") == 0


async def test_a_sku_is_once_a_seller(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    product = await made(client, seller, sku="K-1")
    again = await client.post(API, headers=seller, json={"name": "Another", "price": "1.00", "sku": "K-1"})
    assert (again.status_code, again.json()["code"]) == (409, "sku_taken") and list(again.json()["errors"]) == ["sku"]
    await made(client, other, sku="K-1")
    second = await made(client, seller, sku="K-2")
    taken = await client.patch(f"{API}{second['id']}/", headers=seller, json={"sku": "K-1"})
    assert taken.json()["code"] == "sku_taken"
    assert (await client.delete(f"{API}{product['id']}/", headers=seller)).status_code == 204
    assert (await client.patch(f"{API}{second['id']}/", headers=seller, json={"sku": "K-1"})).status_code == 200


async def test_only_verified_accounts_sell(client):
    _, unverified = await signed_in(email_verified_at=None)
    answer = await client.post(API, headers=unverified, json={"name": "A kettle", "price": "20.00"})
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")


async def test_a_draft_is_its_sellers_alone_until_it_is_published(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    product = await made(client, seller, status="draft")
    url = f"{API}{product['slug']}/"
    assert (await client.get(url)).json()["code"] == "product_not_found"
    assert (await client.get(url, headers=other)).status_code == 404
    assert (await client.post(f"{url}publish/", headers=other)).status_code == 404
    assert (await client.get(url, headers=seller)).status_code == 200
    assert (await client.get(API)).json()["data"]["count"] == 0
    published = await client.post(f"{url}publish/", headers=seller)
    assert published.status_code == 200 and published.json()["data"]["status"] == "active"
    assert (await client.post(f"{url}publish/", headers=seller)).status_code == 200
    assert (await client.get(API)).json()["data"]["count"] == 1
    assert (await client.post(f"{url}unpublish/", headers=other)).status_code == 403
    assert (await client.post(f"{url}unpublish/", headers=seller)).json()["data"]["status"] == "draft"
    assert (await client.get(url)).status_code == 404


async def test_a_change_leaves_what_it_does_not_name(client):
    _, seller = await signed_in()
    product = (await client.post(API, headers=seller, json=MACBOOK)).json()["data"]
    url = f"{API}{product['slug']}/"
    for send in (client.put, client.patch):
        answer = await send(url, headers=seller, json={"price": "2399.99", "category": None, "tags": ["apple"]})
        assert answer.status_code == 200, answer.text
    now = answer.json()["data"]
    changed = {name for name in product if product[name] != now[name]}
    assert changed == {"price", "discount_percentage", "tags", "updated_at", "variants"}
    for wrong, field in (
        ({"compare_price": "5.00"}, "compare_price"), ({"currency": "EUR"}, "currency"), ({"quantity": 4}, "quantity"),
        ({"name": ""}, "name"), ({"price": "0.00"}, "price"),
    ):  # fmt: skip
        answer = await client.patch(url, headers=seller, json=wrong)
        assert answer.status_code == 400 and list(answer.json()["errors"]) == [field], answer.text


async def test_variants_are_kept_added_and_taken_away(client):
    _, seller = await signed_in()
    product = (await client.post(API, headers=seller, json=MACBOOK)).json()["data"]
    url = f"{API}{product['slug']}/"
    small, large = product["variants"]
    wanted = [
        {"id": large["id"], "sku": "MBPRO-16-512", "quantity": 7},
        {"name": "64GB", "sku": "MBPRO-64", "quantity": 2, "price": "4000.00"},
    ]
    answer = await client.patch(url, headers=seller, json={"variants": wanted})
    assert answer.status_code == 200, answer.text
    now = answer.json()["data"]
    assert [(one["sku"], one["quantity"], one["price"]) for one in now["variants"]] == [
        ("MBPRO-16-512", 7, "3199.99"), ("MBPRO-64", 2, "4000.00"),
    ]  # fmt: skip
    assert now["quantity"] == 9
    gone = await client.patch(url, headers=seller, json={"variants": [{"id": product["id"], "name": "x"}]})
    assert (gone.status_code, gone.json()["code"]) == (404, "variant_not_found")
    nameless = await client.patch(url, headers=seller, json={"variants": [{"sku": "x"}]})
    assert list(nameless.json()["errors"]) == ["variants[0].name"]
    twins = [{"id": large["id"]}, {"name": large["name"]}]
    alike = await client.patch(url, headers=seller, json={"variants": twins})
    assert alike.status_code == 400 and list(alike.json()["errors"]) == ["variants[1].name"]
    plain = (await client.patch(url, headers=seller, json={"variants": [], "quantity": 4})).json()["data"]
    assert plain["variants"] == [] and plain["quantity"] == 4
    back = [{"id": small["id"], "name": "Small again"}]
    assert (await client.patch(url, headers=seller, json={"variants": back})).json()["data"]["quantity"] == 10
    await hold_invariants()


async def test_what_nobody_ordered_is_deleted(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    product = await made(client, seller, tags=["steel"])
    url = f"{API}{product['id']}/"
    assert (await client.delete(url)).status_code == 401
    assert (await client.delete(url, headers=other)).status_code == 403
    assert (await client.delete(url, headers=seller)).status_code == 204
    assert (await client.get(url, headers=seller)).status_code == 404
    assert (await client.get(f"{API}mine/", headers=seller)).json()["data"]["count"] == 0
    assert await db.fetch_val("SELECT count(*) FROM tag_items") == 0


async def test_what_was_ordered_is_archived(client):
    user, seller = await signed_in()
    product_id = await a_product(user.id)
    await an_order_of(await the_variant(product_id))
    url = f"{API}{product_id}/"
    assert (await client.delete(url, headers=seller)).status_code == 204
    assert (await client.get(url)).status_code == 404
    assert (await client.get(url, headers=seller)).json()["data"]["status"] == "archived"
    refused = await client.patch(url, headers=seller, json={"name": "New"})
    assert (refused.status_code, refused.json()["code"]) == (409, "product_archived")
    refused = await client.post(f"{url}publish/", headers=seller)
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert refused.json()["details"]["allowed"] == ["draft"]
    assert (await client.post(f"{url}unpublish/", headers=seller)).status_code == 200
    assert (await client.post(f"{url}publish/", headers=seller)).json()["data"]["status"] == "active"


async def test_a_category_counts_what_is_for_sale(client):
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description) VALUES (gen_random_uuid(), 'kettles', 'Kettles', '', '')"
    )
    _, seller = await signed_in()
    product = await made(client, seller, category="kettles")
    assert product["category"]["slug"] == "kettles"
    count = "SELECT count(*) FROM category_items WHERE kind = 'product'"
    assert await db.fetch_val(count) == 1
    await client.post(f"{API}{product['id']}/unpublish/", headers=seller)
    assert await db.fetch_val(count) == 0
    await client.post(f"{API}{product['id']}/publish/", headers=seller)
    assert await db.fetch_val(count) == 1
    await client.patch(f"{API}{product['id']}/", headers=seller, json={"category_id": None})
    assert await db.fetch_val(count) == 0


async def test_the_banned_sell_nothing(client):
    user = await a_user()
    admin = await a_user(Role.ADMIN)
    product_id = await a_product(user.id)
    await ban_user(admin.id, user.id, "Spam.")
    await work_off()
    assert (await client.get(f"{API}{product_id}/")).status_code == 404


async def test_who_is_erased_sells_nothing(client):
    from marketplace.accounts.service import erasure

    user = await a_user()
    product_id = await a_product(user.id, cost_minor=700)
    await a_product(user.id, name="A draft", status="draft")
    await erasure._erase(user.id, user.password_hash)
    assert (await client.get(f"{API}{product_id}/")).status_code == 404
    rows = await db.fetch("SELECT DISTINCT status, cost_minor FROM products")
    assert [tuple(row) for row in rows] == [("archived", None)]
    await hold_invariants()
