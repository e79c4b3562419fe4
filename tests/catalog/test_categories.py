"""The tree: what is shown, in which language, cached until it changes; and that it stays a tree whatever staff do at once."""

import asyncio
import random

import asyncpg
import pytest

from marketplace.accounts.states import Role
from marketplace.catalog.errors import CategoryCircle, CategoryTaken, TreeTooDeep, UnknownCategory
from marketplace.catalog.queries import categories as queries
from marketplace.catalog.service import ensure_default_categories, filing
from marketplace.catalog.service.categories import (
    CategoryTexts,
    change_category,
    create_category,
    move_category,
    set_active,
    set_image,
    slug_of,
)
from marketplace.catalog.service.defaults import DEFAULT_TREE
from marketplace.catalog.states import ItemKind
from marketplace.catalog.tables import Category
from marketplace.core import cache, db
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.media.purposes import Purpose, declare
from tests.factories import a_user, signed_in
from tests.factories.pictures import an_upload

pytestmark = pytest.mark.usefixtures("tables")

PICTURE = declare(Purpose("test_category", sizes=(200,)))


@pytest.fixture(autouse=True)
def caching(monkeypatch) -> None:
    cache.clear()
    monkeypatch.setattr(cache.shared, "enabled", True)


async def a_category(name: str, parent=None, **texts):
    return await create_category(None, CategoryTexts(name=name, **texts), parent_id=parent)


async def slugs(language="en"):
    def told(level):
        return {one.slug: told(one.children) for one in level}

    return told(await queries.get_tree(language))


async def test_the_tree_is_told_whole_and_in_order(client):
    electronics = await a_category("Electronics", name_zh="电子产品", description="Devices")
    computers = await a_category("Computers", electronics)
    await a_category("Laptops", computers)
    await create_category(None, CategoryTexts(name="Art"), position=-1)
    body = (await client.get("/api/v1/categories/")).json()
    assert body["data"]["count"] == 2 and body["data"]["next"] is None
    first, second = body["data"]["results"]
    assert (first["slug"], second["slug"]) == ("art", "electronics")
    assert second["description"] == "Devices" and second["parent"] is None and second["image"] is None
    [child] = second["children"]
    assert child["slug"] == "computers" and child["parent"] == str(electronics)
    assert [one["slug"] for one in child["children"]] == ["laptops"]
    assert child["children"][0]["children"] == []


@pytest.mark.parametrize(
    ("headers", "query", "name"),
    [
        ({}, "", "Books"), ({"accept-language": "zh-CN,en;q=0.5"}, "", "图书"), ({}, "?language=zh", "图书"),
        ({"accept-language": "zh"}, "?language=en", "Books"), ({"accept-language": "fr"}, "", "Books"),
    ],
)  # fmt: skip
async def test_names_are_in_the_readers_language(client, headers, query, name):
    await a_category("Books", name_zh="图书")
    await a_category("Maps")
    answer = (await client.get(f"/api/v1/categories/{query}", headers=headers)).json()["data"]["results"]
    assert [one["name"] for one in answer] == [name, "Maps"]
    one = await client.get(f"/api/v1/categories/books/{query}", headers=headers)
    assert one.json()["data"]["name"] == name


async def test_a_signed_in_reader_gets_the_language_of_the_account(client):
    await a_category("Books", name_zh="图书")
    _, headers = await signed_in(language="zh")
    assert (await client.get("/api/v1/categories/books/", headers=headers)).json()["data"]["name"] == "图书"


@pytest.mark.parametrize("query", ["?language=xx", "?colour=red", "?ordering=slug", "?page=0"])
async def test_a_wrong_parameter_is_named(client, query):
    answer = await client.get(f"/api/v1/categories/{query}")
    assert answer.status_code == 400 and query[1:].partition("=")[0] in answer.json()["errors"]


@pytest.mark.parametrize(
    ("ordering", "names"),
    [("position", "bac"), ("-position", "cab"), ("name", "abc"), ("-name", "cba"), ("-item_count", "cba")],
)
async def test_the_top_may_be_ordered(client, ordering, names):
    for n, name in enumerate("bac"):
        made = await create_category(None, CategoryTexts(name=name), position=n)
        for _ in range(ord(name) - ord("a")):
            await filing.file_under(ItemKind.GIG, uuid7(), made)
    answer = await client.get(f"/api/v1/categories/?ordering={ordering}")
    assert "".join(one["name"] for one in answer.json()["data"]["results"]) == names


async def test_one_category_is_found_by_id_and_slug_with_the_way_to_it(client):
    top = await a_category("Electronics")
    middle = await a_category("Computers", top)
    low = await a_category("Laptops", middle)
    for wanted in (str(low), "laptops", "LAPTOPS", str(low).upper()):
        data = (await client.get(f"/api/v1/categories/{wanted}/")).json()["data"]
        assert data["id"] == str(low)
        assert [one["slug"] for one in data["ancestors"]] == ["electronics", "computers"]
    for wanted in ("nothing", str(uuid7()), "%00", "' OR 1=1", "x" * 80):
        assert (await client.get(f"/api/v1/categories/{wanted}/")).status_code == 404


async def test_what_is_filed_counts_all_the_way_up():
    top = await a_category("Electronics")
    low = await a_category("Cameras", top)
    thing = uuid7()
    await filing.file_under(ItemKind.AUCTION, thing, low)
    await filing.file_under(ItemKind.AUCTION, thing, low)
    await filing.file_under(ItemKind.GIG, uuid7(), low)
    await filing.file_under(ItemKind.GIG, thing, top)
    [one] = await queries.get_tree("en")
    assert (one.item_count, one.item_counts) == (3, {"auction": 1, "gig": 2})
    assert one.children[0].item_counts == {"auction": 1, "gig": 1}
    cache.clear()
    await filing.file_under(ItemKind.AUCTION, thing, top)
    await filing.take_out(ItemKind.GIG, thing)
    [one] = await queries.get_tree("en")
    assert one.item_counts == {"auction": 1, "gig": 1} and one.children[0].item_counts == {"gig": 1}


async def test_fresh_counts_are_told_soon_and_not_at_each_filing(monkeypatch):
    monkeypatch.setattr(filing, "COUNTS_LAG_SECONDS", 0.05)
    monkeypatch.setattr(filing, "_pending", set())
    made = await a_category("Art")
    assert (await queries.get_tree("en"))[0].item_count == 0
    for _ in range(3):
        await filing.file_under(ItemKind.AUCTION, uuid7(), made)
    assert filing._pending == {queries.TAG}  # one drop is planned, not three
    async with asyncio.timeout(10):
        while filing._pending or (await queries.get_tree("en"))[0].item_count != 3:
            await asyncio.sleep(0.02)


async def test_a_change_shows_at_once(client):
    made = await a_category("Art")

    async def shown():
        return [one["name"] for one in (await client.get("/api/v1/categories/")).json()["data"]["results"]]

    assert await shown() == ["Art"]
    await change_category(None, made, CategoryTexts(name="Fine art"))
    assert await shown() == ["Fine art"]
    await set_active(None, made, False)
    assert await shown() == []


async def test_the_tree_is_read_once_for_many(monkeypatch):
    await a_category("Art")
    reads, fetch = [], db.fetch

    async def counted(query, *args):
        reads.append(query)
        return await fetch(query, *args)

    monkeypatch.setattr(db, "fetch", counted)
    await asyncio.gather(*(queries.get_tree("en") for _ in range(20)), queries.get_category("art", "en"))
    assert len(reads) == 1


async def test_what_lies_below_a_hidden_one_is_hidden_and_takes_nothing(client):
    top = await a_category("Weapons")
    low = await a_category("Swords", top)
    assert await queries.find_category("swords") == low and await queries.find_category(low) == low
    await set_active(None, top, False)
    assert await slugs() == {}
    assert (await client.get("/api/v1/categories/swords/")).status_code == 404
    for wanted in ("weapons", "swords", low, "nothing", "", uuid7()):
        with pytest.raises(UnknownCategory) as refused:
            await queries.find_category(wanted, "category_id")
        assert list(refused.value.fields) == ["category_id"]
    await set_active(None, top, True)
    assert await slugs() == {"weapons": {"swords": {}}} and await queries.find_category("swords") == low


async def test_staff_deeds_are_audited():
    staff = await a_user(Role.MANAGER)
    made = await create_category(staff.id, CategoryTexts(name="Art"))
    await change_category(staff.id, made, CategoryTexts(name="Fine art", slug="fine-art"))
    await change_category(staff.id, made, CategoryTexts(name="Fine art"))
    other = await create_category(staff.id, CategoryTexts(name="Things"))
    await move_category(staff.id, made, other)
    await set_active(staff.id, made, False)
    await set_active(staff.id, made, False)
    rows = await db.fetch("SELECT actor, action, before::text, after::text FROM audit_log ORDER BY seq")
    assert [row["action"] for row in rows] == [
        "category.created", "category.changed", "category.created", "category.moved", "category.hidden",
    ]  # fmt: skip
    assert {row["actor"] for row in rows} == {staff.id}
    assert '"Fine art"' in rows[1]["after"] and '"Art"' in rows[1]["before"]


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({}, "name"), ({"name": " "}, "name"), ({"name": "x" * 81}, "name"), ({"name": "A", "slug": "A b"}, "slug"),
        ({"name": "A", "slug": "-a"}, "slug"), ({"name": "A", "slug": ""}, "slug"), ({"name": "图书"}, "slug"),
        ({"name": "A", "description": "x" * 2001}, "description"), ({"name": "A\x00"}, "name"),
    ],
)  # fmt: skip
async def test_wrong_words_are_named(texts, field):
    with pytest.raises(ValidationFailed) as refused:
        await create_category(None, CategoryTexts(**texts))
    assert list(refused.value.fields) == [field]
    assert await Category.count() == 0


async def test_slugs_are_unique_everywhere_and_names_among_siblings():
    top = await a_category("Art")
    await a_category("Other", top, slug="art-other")
    with pytest.raises(CategoryTaken) as refused:
        await a_category("Something", slug="art")
    assert "slug" in refused.value.fields
    with pytest.raises(CategoryTaken) as refused:
        await a_category("ART", slug="art-2")
    assert "name" in refused.value.fields
    below = await a_category("Art", top, slug="art-art")
    with pytest.raises(CategoryTaken):
        await move_category(None, below, None)


async def test_a_category_never_lies_below_itself():
    top = await a_category("A")
    middle = await a_category("B", top)
    low = await a_category("C", middle)
    for target in (top, middle, low):
        with pytest.raises(CategoryCircle):
            await move_category(None, top, target)
    with pytest.raises(asyncpg.CheckViolationError):  # whoever writes
        await db.execute("UPDATE categories SET parent = $2 WHERE id = $1", top, low)
    with pytest.raises(NotFound):
        await move_category(None, top, uuid7())
    with pytest.raises(NotFound):
        await move_category(None, uuid7(), top)
    assert await slugs() == {"a": {"b": {"c": {}}}}
    await move_category(None, low, None, position=5)
    assert await slugs() == {"a": {"b": {}}, "c": {}}


async def test_the_tree_is_six_deep_at_most():
    parent, made = None, []
    for n in range(6):
        parent = await a_category(f"N{n}", parent)
        made.append(parent)
    with pytest.raises(TreeTooDeep):
        await a_category("N6", parent)
    other = await a_category("Other")
    with pytest.raises(TreeTooDeep):
        await move_category(None, made[0], other)
    await move_category(None, made[1], other)


async def test_racing_moves_leave_a_tree():
    """Pairs of moves that are each right and together a circle: one of each is refused, and every node hangs from the top."""
    for _ in range(5):
        await Category.delete(force=True)
        a, b = await a_category("A"), await a_category("B")
        outcome = await asyncio.gather(
            move_category(None, a, b), move_category(None, b, a), return_exceptions=True
        )  # fmt: skip
        assert [type(one) for one in outcome if one is not None] == [CategoryCircle]
    made = [await a_category(f"N{n}") for n in range(8)]
    chance = random.Random(7)
    for _ in range(4):
        pairs = [chance.sample(made, 2) for _ in range(8)]
        results = await asyncio.gather(*(move_category(None, *pair) for pair in pairs), return_exceptions=True)
        assert all(one is None or isinstance(one, (CategoryCircle, TreeTooDeep)) for one in results), results
        reached = await db.fetch_val(
            "WITH RECURSIVE below AS (SELECT id FROM categories WHERE parent IS NULL "
            "UNION ALL SELECT c.id FROM categories c JOIN below ON c.parent = below.id) SELECT count(*) FROM below"
        )
        assert reached == await Category.count()


async def test_racing_equal_categories_make_one():
    outcome = await asyncio.gather(*(a_category("Art") for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, CategoryTaken) for one in outcome) == 7
    assert await Category.count() == 1


async def test_a_category_may_have_a_picture(configure, tmp_path):
    configure(home=tmp_path)
    user = await a_user()
    made, media = await a_category("Art"), await an_upload(user.id, PICTURE)
    await set_image(user.id, made, media.id)
    [one] = await queries.get_tree("en")
    assert one.image == f"/media/{media.renditions[-1].key}"
    with pytest.raises(NotFound):
        await set_image(user.id, made, uuid7())
    await set_image(user.id, made, None)
    assert (await queries.get_tree("en"))[0].image is None


async def test_the_default_tree_is_made_once_and_never_overwritten():
    expected = sum(1 for _ in walk(DEFAULT_TREE))
    added = await asyncio.gather(*(ensure_default_categories() for _ in range(3)))
    assert sorted(added) == [0, 0, expected]
    row = await db.fetch_row("SELECT id, parent FROM categories WHERE slug = 'laptops'")
    await change_category(None, row["id"], CategoryTexts(name="Notebooks"))
    await move_category(None, row["id"], None)
    await db.execute("DELETE FROM categories WHERE slug = 'yoga'")
    assert await ensure_default_categories() == 1
    again = await db.fetch_row("SELECT name, parent FROM categories WHERE slug = 'laptops'")
    assert (again["name"], again["parent"]) == ("Notebooks", None)
    assert len({branch.slug for branch in walk(DEFAULT_TREE)}) == expected
    assert all(branch.zh and branch.en for branch in walk(DEFAULT_TREE))


def walk(level):
    for branch in level:
        yield branch
        yield from walk(branch.below)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Café & Bar", "cafe-bar"),
        ("  Home   & Garden ", "home-garden"),
        ("图书", ""),
        ("C++", "c"),
        ("---", ""),
        ("x" * 99, "x" * 80),
    ],
)
def test_names_become_slugs(name, slug):
    assert slug_of(name) == slug


async def test_anonymous_readers_of_each_language_are_served_from_the_cache(client):
    made = await a_category("Books", name_zh="图书")
    for language, name in (("en", "Books"), ("zh-CN", "图书")):
        for _ in range(2):
            answer = await client.get("/api/v1/categories/", headers={"accept-language": language})
            assert answer.json()["data"]["results"][0]["name"] == name
            assert answer.headers["etag"] and "accept-language" in answer.headers["vary"]
    # Written past the services, so nothing is dropped: what is told now can only come from the cache.
    await db.execute("UPDATE categories SET name = 'Changed' WHERE id = $1", made)
    answer = await client.get("/api/v1/categories/", headers={"accept-language": "en"})
    assert answer.json()["data"]["results"][0]["name"] == "Books"
    again = await client.get(
        "/api/v1/categories/", headers={"accept-language": "en", "if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304
