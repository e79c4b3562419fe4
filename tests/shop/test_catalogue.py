"""Finding products: filters, orders, search, facets, what is featured and what is like another."""

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from tests.factories import a_user, signed_in
from tests.factories.shop import a_product, a_variant
from tests.statements import statements

API = "/api/v1/products/"


async def a_category(slug, parent=None):
    category = uuid7()
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description, parent) VALUES ($1, $2::text, initcap($2::text), '', '', $3)",
        category, slug, parent,
    )  # fmt: skip
    return category


async def a_shop():
    """Four products of two sellers in a small tree; returns the sellers."""
    ann, bob = await a_user(username="ann"), await a_user(username="bob")
    electronics = await a_category("electronics")
    laptops = await a_category("laptops", electronics)
    home = await a_category("home")
    await a_product(
        ann.id, name="MacBook Pro 16", price_minor=249999, compare_minor=299999, category=laptops, sku="MBPRO-16-2024",
        tags=["apple", "laptop"], variants=[a_variant("16GB", 3, attributes={"ram": "16GB"})],
    )  # fmt: skip
    await a_product(
        ann.id,
        name="Desk lamp",
        price_minor=3900,
        category=home,
        tags=["lamp"],
        attributes='{"colour": "green"}',
        quantity=0,
    )
    await a_product(
        bob.id,
        name="青瓷茶壶 celadon teapot",
        price_minor=12000,
        category=home,
        tags=["tea"],
        description="龙泉窑，手工拉坯。",
    )
    await a_product(
        bob.id, name="Headphones", price_minor=15000, currency="EUR", category=electronics, tags=["audio", "apple"]
    )
    await db.execute(
        "UPDATE products SET rating_sum = 9, rating_count = 2, is_featured = true, sold_count = 7 WHERE name = 'Desk lamp'"
    )
    await db.execute("UPDATE products SET rating_sum = 10, rating_count = 3 WHERE name = 'Headphones'")
    return ann, bob


MAC, LAMP, POT, EARS = "MacBook Pro 16", "Desk lamp", "青瓷茶壶 celadon teapot", "Headphones"


async def names(client, query):
    answer = await client.get(f"{API}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["data"]["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [EARS, POT, LAMP, MAC]),
        ("category=electronics", [EARS, MAC]),
        ("category=laptops", [MAC]),
        ("category=nowhere", []),
        ("min_price=100&max_price=150", [EARS, POT]),
        ("min_price=100&max_price=149.99&currency=USD", [POT]),
        ("in_stock=true", [EARS, POT, MAC]),
        ("in_stock=false", [LAMP]),
        ("featured=true", [LAMP]),
        ("on_sale=true", [MAC]),
        ("seller=ann", [LAMP, MAC]),
        ("tag=apple", [EARS, MAC]),
        ("tag=apple,audio", [EARS]),
        ("rating_min=4", [LAMP]),
        ("rating_min=3.3", [EARS, LAMP]),
        ("attribute=ram:16GB", [MAC]),
        ("attribute=colour:green", [LAMP]),
        ("attribute=colour:red", []),
        ("search=macbook", [MAC]),
        ("search=macb pro", [MAC]),
        ("search=MBPRO-16-2024", [MAC]),
        ("search=mbpro", [MAC]),
        ("search=teapot celadon", [POT]),
        ("search=茶壶", [POT]),
        ("search=瓷茶", [POT]),
        ("search=壶茶", []),
        ("search=手工", [POT]),
        ("search=青瓷 celadon", [POT]),
        ("search=lamp teapot", []),
        ("search=%25", []),
        ("search=%27) | (%3A*", []),
        ("ordering=price&currency=USD", [LAMP, POT, MAC]),
        ("ordering=-price&currency=USD", [MAC, POT, LAMP]),
        ("ordering=name&in_stock=true", [EARS, MAC, POT]),
        ("ordering=-rating&page_size=2", [LAMP, EARS]),
        ("ordering=-popularity&page_size=1", [LAMP]),
        ("date_after=2020-01-01&date_before=2021-01-01", []),
        ("category=electronics&min_price=100&max_price=3000&in_stock=true&search=pro&ordering=-created_at", [MAC]),
    ],
)
async def test_each_filter_finds_what_it_says(client, query, found):
    await a_shop()
    assert await names(client, query) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [("min_price=NaN", "min_price"), ("rating_min=6", "rating_min"), ("attribute=red", "attribute"), ("colour=red", "colour"), ("page_size=101", "page_size")],
)  # fmt: skip
async def test_a_filter_that_means_nothing_is_named(client, query, field):
    answer = await client.get(f"{API}?{query}")
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [field]


async def test_every_order_is_paged_by_cursor(client):
    await a_shop()
    for ordering in ("created_at", "-price", "name", "-rating", "popularity"):
        found, cursor = [], ""
        while cursor is not None:
            answer = (await client.get(API, params={"ordering": ordering, "page_size": 1, "cursor": cursor})).json()
            found += [one["name"] for one in answer["data"]["results"]]
            cursor = answer["meta"]["next_cursor"]
        assert found == await names(client, f"ordering={ordering}") and len(found) == 4


async def test_the_most_relevant_comes_first_and_equals_by_id(client):
    ids = {}
    for name, description in (
        ("A lamp", ""), ("A shelf", "Holds a lamp."), ("Lamp, lamp", "A lamp."), ("B lamp", ""), ("A chair", "To sit on."),
    ):  # fmt: skip
        ids[name] = str(await a_product(name=name, description=description))
    found = await names(client, "search=lamp&ordering=relevance")
    assert found == ["Lamp, lamp", *sorted(["A lamp", "B lamp"], key=ids.get), "A shelf"]
    assert await names(client, "search=lamp&ordering=-relevance") == found[::-1]
    paged, cursor = [], ""
    while cursor is not None:
        query = {"search": "lamp", "ordering": "relevance", "page_size": 1, "cursor": cursor}
        answer = (await client.get(API, params=query)).json()
        paged += [one["name"] for one in answer["data"]["results"]]
        cursor = answer["meta"]["next_cursor"]
    assert paged == found
    assert await names(client, "search=lamp&ordering=relevance&page=2&page_size=2") == found[2:]
    assert sorted(await names(client, "ordering=relevance")) == sorted(ids)
    async with statements() as ran:
        await names(client, "search=lamp&ordering=relevance")
    assert len(ran) == 1, ran


async def test_facets_count_what_the_same_filters_find(client):
    await a_shop()
    async with statements() as ran:
        answer = await client.get(f"{API}facets/")
    assert len(ran) == 1, ran
    facets = answer.json()["data"]
    assert facets["count"] == 4 and facets["stock"] == {"in_stock": 3, "out_of_stock": 1}
    assert {one["slug"]: one["count"] for one in facets["categories"]} == {"electronics": 2, "laptops": 1, "home": 2}
    assert {one["rating"]: one["count"] for one in facets["ratings"]} == {4: 1, 3: 2, 2: 2, 1: 2}
    assert facets["currency"] == "USD"
    assert facets["prices"] == [
        {"min_price": "25.00", "max_price": "49.99", "count": 1},
        {"min_price": "100.00", "max_price": "249.99", "count": 1},
        {"min_price": "1000.00", "max_price": "2499.99", "count": 1},
    ]
    for band in facets["prices"]:
        query = f"currency=USD&min_price={band['min_price']}&max_price={band['max_price']}"
        assert len(await names(client, query)) == band["count"]
    narrowed = (await client.get(f"{API}facets/?category=electronics&search=pro")).json()["data"]
    assert narrowed["count"] == 1 and [one["slug"] for one in narrowed["categories"]] == ["electronics", "laptops"]
    empty = (await client.get(f"{API}facets/?search=nothing-like-it")).json()["data"]
    assert (empty["count"], empty["prices"], empty["currency"], empty["categories"]) == (0, [], None, [])
    paged = await client.get(f"{API}facets/?page=2")
    assert paged.status_code == 400 and list(paged.json()["errors"]) == ["page"]


async def test_categories_are_those_of_the_whole_house(client):
    await a_shop()
    top = (await client.get(f"{API}categories/")).json()["data"]["results"]
    electronics = next(one for one in top if one["slug"] == "electronics")
    assert [one["slug"] for one in electronics["children"]] == ["laptops"]
    assert electronics["item_counts"] == {"product": 2}
    assert [one["slug"] for one in top] == [
        one["slug"] for one in (await client.get("/api/v1/categories/")).json()["data"]["results"]
    ]


async def test_what_is_like_it_has_the_same_tags_first(client):
    home = await a_category("home")
    one, plain, alike = [
        await a_product(name=name, category=home, tags=tags)
        for name, tags in (("Lamp", ["brass", "lamp"]), ("Chair", []), ("Brass bell", ["brass"]))
    ]
    await a_product(name="Elsewhere")
    await a_product(name="Draft", category=home, status="draft")
    related = (await client.get(f"{API}{one}/related/")).json()["data"]
    assert [each["id"] for each in related] == [str(alike), str(plain)]
    assert [each["id"] for each in (await client.get(f"{API}{one}/")).json()["data"]["related"]] == [
        str(alike),
        str(plain),
    ]
    assert (await client.get(f"{API}{uuid7()}/related/")).json()["code"] == "product_not_found"


async def test_the_featured_are_listed(client):
    await a_shop()
    assert [one["name"] for one in (await client.get(f"{API}featured/")).json()["data"]["results"]] == [LAMP]


async def test_a_seller_finds_what_runs_low_and_drafts(client):
    user, seller = await signed_in()
    await a_product(user.id, name="Low", quantity=2)
    await a_product(user.id, name="Draft", status="draft", quantity=50)
    await a_product(name="Another's")

    async def mine(query=""):
        rows = (await client.get(f"{API}mine/?{query}", headers=seller)).json()["data"]["results"]
        return [(row["name"], row["is_low_stock"]) for row in rows]

    assert await mine() == [("Draft", False), ("Low", True)]
    assert await mine("low_stock=true") == [("Low", True)]
    assert await mine("status=draft") == [("Draft", False)]


async def test_a_wish_comes_and_goes(client):
    _, alice = await signed_in()
    product = await a_product()
    slug = (await client.get(f"{API}{product}/")).json()["data"]["slug"]
    url = f"{API}{slug}/wishlist/"
    added = await client.post(url, headers=alice)
    assert added.status_code == 201
    assert (added.json()["message"], added.json()["data"]["in_wishlist"]) == ("Product added to wishlist", True)
    page = (await client.get(f"{API}wishlist/me/?page=1&page_size=20", headers=alice)).json()["data"]
    assert page["count"] == 1 and page["results"][0]["product"]["slug"] == slug and page["results"][0]["added_at"]
    assert (await client.get(f"{API}{slug}/", headers=alice)).json()["data"]["in_wishlist"] is True
    removed = await client.post(url, headers=alice)
    assert removed.status_code == 200
    assert (removed.json()["message"], removed.json()["data"]["in_wishlist"]) == (
        "Product removed from wishlist",
        False,
    )
    assert (await client.get(f"{API}wishlist/me/", headers=alice)).json()["data"]["results"] == []
    assert (await client.post(f"{API}nothing/wishlist/", headers=alice)).json()["code"] == "product_not_found"
    again = [await client.post(url, headers=alice | {"Idempotency-Key": "w"}) for _ in range(2)]
    assert [one.status_code for one in again] == [201, 201]


async def test_a_hundred_toggles_at_once_are_one_after_the_other(tables):
    import asyncio

    from marketplace.shop.service.wishing import toggle

    alice, product = (await a_user()).id, await a_product()
    outcomes = await asyncio.gather(*(toggle(alice, product) for _ in range(99)))
    assert sum(outcomes) == 50
    assert await db.fetch_val("SELECT count(*) FROM product_wishes") == 1


async def test_a_product_can_be_a_favourite(client):
    _, alice = await signed_in()
    product = await a_product()
    answer = await client.post(
        "/api/v1/users/favorites/", headers=alice, json={"target_type": "product", "target_id": str(product)}
    )
    assert answer.json()["data"]["target"] == {"title": "A kettle", "path": "/products/a-kettle"}
