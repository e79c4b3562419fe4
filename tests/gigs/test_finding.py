"""Finding gigs: filters, orders, search in two languages, facets, categories, tags, what is like another."""

import pytest

from marketplace.core import db, rarity
from marketplace.gigs.service.listing import GigPatch, update_gig
from tests.factories import signed_in
from tests.factories.accounts import a_user
from tests.factories.gigs import BASIC, a_category, a_gig, a_package, seller_of
from tests.factories.pictures import work_off
from tests.statements import statements

API = "/api/v1/gigs/"
LOGO, SITE, SONG, POEM = (
    "A logo drawn by hand",
    "网站开发 a site in a week",
    "A song for your film",
    "A poem in two languages",
)


async def some_gigs():
    """Four of three sellers in a small tree; returns the sellers."""
    ann, bob, cho = await a_user(username="ann"), await a_user(username="bob"), await a_user(username="cho")
    design, code = await a_category("design"), await a_category("code", name_zh="编程开发")
    web = await a_category("web", parent=code)
    await a_gig(
        ann.id,
        title=LOGO,
        category=design,
        tags=["Logo", "C++"],
        languages=["en", "zh-Hans"],
        packages=[a_package(BASIC, 5000, 7)],
    )
    await a_gig(
        bob.id,
        title=SITE,
        category=web,
        tags=["site"],
        languages=["zh-Hans"],
        packages=[a_package(BASIC, 120000, 7)],
        description="用心制作每一个网页，支持手机浏览，七天之内完成，包含域名和主机配置，并提供三个月的维护服务，欢迎随时咨询。",
    )
    await a_gig(bob.id, title=SONG, category=design, tags=["logo"], languages=[], packages=[a_package(BASIC, 9000, 14)])
    await a_gig(
        cho.id,
        title=POEM,
        category=code,
        tags=[],
        languages=["fr"],
        packages=[a_package(BASIC, 3000, 2)],
        currency="EUR",
    )
    for title, rating, count, completed, trending in [
        (LOGO, 5, 1, 1, 10),
        (SITE, 490, 100, 120, 5),
        (SONG, 6, 2, 3, 900),
    ]:
        await db.execute(
            "UPDATE gigs SET rating_sum = $2, rating_count = $3, order_count = $4, completed_count = $4, trending = $5 WHERE title = $1",
            title, rating, count, completed, trending,
        )  # fmt: skip
    await db.execute(
        "INSERT INTO seller_standings (seller, level, completed_orders, cancelled_orders, promised_orders, kept_orders, year_completed, year_refunded, computed_at) "
        "VALUES ($1, 'top', 0, 0, 0, 0, 0, 0, now())",
        bob.id,
    )  # fmt: skip
    return ann, bob, cho


async def titles(client, query, path=API):
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()["data"]
    assert body["count"] == len(body["results"])
    return [one["title"] for one in body["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {LOGO, SITE, SONG, POEM}),
        ("category=design", {LOGO, SONG}),
        ("category=code", {SITE, POEM}),
        ("seller=BOB", {SITE, SONG}),
        ("currency=EUR", {POEM}),
        ("min_price=50&max_price=100", {LOGO, SONG}),
        ("max_price=49.99", {POEM}),
        ("delivery_days=7", {LOGO, SITE, POEM}),
        ("rating_min=4.9", {LOGO, SITE}),
        ("seller_level=top", {SITE, SONG}),
        ("seller_level=new", {LOGO, POEM}),
        ("seller_level=new,top", {LOGO, SITE, SONG, POEM}),
        ("language=zh-hans,fr", {LOGO, SITE, POEM}),
        ("tag=logo", {LOGO, SONG}),
        ("tag=logo&tag=c%2B%2B", {LOGO}),
        ("has_video=false", {LOGO, SITE, SONG, POEM}),
        ("has_video=true", set()),
        ("featured=true", set()),
        ("search=logo", {LOGO, SONG}),
        ("search=LOGO drawn", {LOGO}),
        ("search=网站", {SITE}),
        ("search=手机", {SITE}),
        ("search=编程", {SITE, POEM} - {SITE}),
        ("search=nothing", set()),
        ("search=%21%21", set()),
        ("category=code&language=fr&delivery_days=3&search=poem", {POEM}),
    ],
)
async def test_filters_and_words(client, query, found):
    await some_gigs()
    assert set(await titles(client, query)) == found
    assert set(await titles(client, query, "/api/v1/search/gigs/")) == found


@pytest.mark.parametrize(
    ("ordering", "wanted"),
    [
        ("published_at", [LOGO, SITE, SONG, POEM]),
        ("price", [POEM, LOGO, SONG, SITE]),
        ("-delivery_days", [SONG]),
        ("-orders", [SITE, SONG, LOGO, POEM]),
        ("-trending", [SONG, LOGO, SITE, POEM]),
        ("-rating", [SITE, LOGO, POEM, SONG]),
        ("-relevance", [SITE, LOGO, POEM, SONG]),
    ],
)
async def test_orders_and_a_single_five_does_not_lead(client, ordering, wanted):
    await some_gigs()
    assert (await titles(client, f"ordering={ordering}"))[: len(wanted)] == wanted


async def test_what_fits_best_comes_first_and_pages_go_on(client, monkeypatch):
    ann, *_ = await some_gigs()
    await a_gig(
        ann.id,
        title="Poems of all kinds",
        description="Poem after poem, a poem for each poem that you send, in a week or so.",
    )
    path = "/api/v1/search/gigs/"
    assert (await titles(client, "search=poem", path)) == ["Poems of all kinds", POEM]
    found, url = [], f"{path}?search=poem&page_size=1&cursor="
    while url:
        page = (await client.get(url)).json()["data"]
        found += [one["title"] for one in page["results"]]
        url = page["next"]
    assert found == ["Poems of all kinds", POEM]
    monkeypatch.setattr(rarity, "COMMON", 1)  # a word that so many have says nothing: the best rated first
    rarity._known.clear()
    await db.execute("UPDATE gigs SET rating_sum = 50, rating_count = 10 WHERE title = $1", POEM)
    assert (await titles(client, "search=poem", path)) == [POEM, "Poems of all kinds"]
    rarity._known.clear()


async def test_a_category_shows_what_is_below_it_and_a_tag_what_carries_it(client):
    await some_gigs()
    assert set(await titles(client, "", "/api/v1/categories/code/gigs/")) == {SITE, POEM}
    category = await db.fetch_val("SELECT id FROM categories WHERE slug = 'web'")
    assert await titles(client, "ordering=price", f"/api/v1/categories/{category}/gigs/") == [SITE]
    assert await titles(client, "max_price=1", "/api/v1/categories/code/gigs/") == []
    assert set(await titles(client, "", "/api/v1/tags/LOGO/gigs/")) == {LOGO, SONG}
    assert await titles(client, "", "/api/v1/tags/c++/gigs/") == [LOGO]
    for path in ("categories/nowhere", "tags/nothing"):
        assert (await client.get(f"/api/v1/{path}/gigs/")).status_code == 404
    await db.execute("UPDATE categories SET is_active = false WHERE slug = 'code'")
    assert (await client.get("/api/v1/categories/code/gigs/")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/v1/categories/code/gigs/", "/api/v1/tags/logo/gigs/", "/api/v1/search/gigs/?search=logo", API]
)
async def test_a_list_takes_one_statement(client, path):
    await some_gigs()
    await client.get(path)  # what is learned once a process is learned now
    async with statements() as ran:
        assert (await client.get(path)).status_code == 200
    assert len(ran) == 1, ran


async def test_facets_count_what_the_same_filters_find(client):
    await some_gigs()
    facets = (await client.get(f"{API}facets/")).json()["data"]
    assert (facets["count"], facets["currency"], facets["with_video"]) == (4, "USD", 0)
    assert {one["slug"]: one["count"] for one in facets["categories"]} == {"design": 2, "code": 2, "web": 1}
    assert [(one["min_price"], one["max_price"], one["count"]) for one in facets["prices"]] == [
        ("50.00", "99.99", 2), ("1000.00", None, 1)
    ]  # fmt: skip
    assert {one["delivery_days"]: one["count"] for one in facets["delivery"]} == {1: 0, 3: 1, 7: 3, 14: 4, 30: 4}
    assert {one["rating"]: one["count"] for one in facets["ratings"]} == {4: 2, 3: 3, 2: 3, 1: 3}
    assert facets["levels"] == [{"level": "top", "count": 2}, {"level": "new", "count": 2}]
    assert facets["languages"] == [
        {"language": "zh-Hans", "count": 2}, {"language": "en", "count": 1}, {"language": "fr", "count": 1}
    ]  # fmt: skip
    narrowed = (await client.get(f"{API}facets/?seller_level=top&search=logo")).json()["data"]
    assert narrowed["count"] == 1 and [one["slug"] for one in narrowed["categories"]] == ["design"]
    async with statements() as ran:
        await client.get(f"{API}facets/?max_price=70")
    assert len([one for one in ran if "WITH found" in one]) == 1


async def test_what_is_like_it_has_its_tags_first(client):
    ann, *_ = await some_gigs()
    near = await a_gig(ann.id, title="Near", category=await a_category("design"), tags=["c++", "logo"])
    similar = (await client.get(f"{API}{near}/similar/")).json()["data"]
    assert [one["title"] for one in similar] == [LOGO, SONG]


async def test_a_gig_is_found_by_what_it_is_filed_under_also_when_that_is_renamed(client):
    from marketplace.catalog.service.categories import CategoryTexts, change_category

    gig = await a_gig(category=await a_category("music", name_zh="音乐"), tags=["Jingle"])
    for search in ("music", "音乐", "jingle"):
        assert len(await titles(client, f"search={search}")) == 1
    await change_category(
        None, await db.fetch_val("SELECT id FROM categories WHERE slug = 'music'"), CategoryTexts(name="Sounds")
    )
    await work_off()
    assert len(await titles(client, "search=sounds")) == 1 and await titles(client, "search=music") == []
    await update_gig(gig, await seller_of(gig), GigPatch(tags=["ringtone"]))
    assert await titles(client, "search=jingle") == [] and len(await titles(client, "search=ringtone")) == 1


@pytest.mark.parametrize(
    "query", ["price=5", "ordering=slug", "seller_level=master", "delivery_days=0", "min_price=NaN", "has_video=2"]
)
async def test_what_cannot_be_asked_is_named(client, query):
    answer = await client.get(f"{API}?{query}")
    assert answer.status_code == 400 and query.partition("=")[0] in answer.json()["errors"]


async def test_the_sellers_own_list_has_all_of_theirs(client):
    user, seller = await signed_in()
    await a_gig(user.id, title="Shown")
    await a_gig(user.id, title="Draft", published=False)
    await a_gig(title="Others'")
    assert await titles(client, "", f"{API}") == ["Others'", "Shown"]
    answer = await client.get(f"{API}mine/?status=draft", headers=seller)
    assert [one["title"] for one in answer.json()["data"]["results"]] == ["Draft"]
    answer = await client.get(f"{API}mine/?ordering=-views", headers=seller)
    assert answer.json()["data"]["count"] == 2
