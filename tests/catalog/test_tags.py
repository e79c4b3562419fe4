"""Tags: one for each spelling, counted by what carries them."""

import asyncio

import pytest

from marketplace.accounts.states import Role
from marketplace.catalog.errors import TooManyTags
from marketplace.catalog.service.filing import set_tag_active, set_tags, tag_slug, take_out
from marketplace.catalog.states import ItemKind
from marketplace.catalog.tables import Tag, TagItem
from marketplace.core import db
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from tests.factories import a_user
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")


@pytest.mark.parametrize(
    ("names", "slug"),
    [
        (["Logo Design", "logo-design", " LOGO  design ", "logo_design"], "logo-design"), (["C++", "c++"], "c++"),
        (["C#"], "c#"), (["Node.js"], "node-js"), (["Café", "CAFE", "Cafe\u0301"], "cafe"), (["Straße", "STRASSE"], "strasse"),
        (["标志设计"], "标志设计"), (["हिन्दी"], None), (["ＡＢＣ"], "abc"), (["50's"], "50-s"),
    ],
)  # fmt: skip
def test_spellings_of_one_tag_have_one_form(names, slug):
    forms = {tag_slug(name) for name in names}
    assert len(forms) == 1 and (slug is None or forms == {slug})
    assert all(forms)


def test_tags_that_differ_stay_apart():
    assert len({tag_slug(name) for name in ("c", "C++", "C#", "c d", "设计", "設計")}) == 6


async def test_a_thing_carries_exactly_the_tags_it_was_given(client):
    gig, other = uuid7(), uuid7()
    made = await set_tags(ItemKind.GIG, gig, ["Logo Design", "#branding", "logo-design"])
    assert [(tag.slug, tag.name, tag.item_count) for tag in made] == [
        ("branding", "branding", 1), ("logo-design", "Logo Design", 1),
    ]  # fmt: skip
    assert [tag.item_count for tag in await set_tags(ItemKind.AUCTION, other, ["LOGO DESIGN"])] == [2]
    assert [tag.slug for tag in await set_tags(ItemKind.GIG, gig, ["vector", "Branding"])] == ["branding", "vector"]
    await set_tags(ItemKind.AUCTION, other, [])
    assert await TagItem.count() == 2 and await Tag.count() == 3
    body = (await client.get("/api/v1/tags/")).json()["data"]
    assert [(one["slug"], one["item_count"]) for one in body["results"]] == [("vector", 1), ("branding", 1)]


async def test_popular_tags_come_first_and_are_found_by_a_part(client):
    for n, name in enumerate(["alpha", "beta", "gamma"], 1):
        for _ in range(n):
            await set_tags(ItemKind.PRODUCT, uuid7(), [name])
    answer = (await client.get("/api/v1/tags/")).json()["data"]
    assert [(one["name"], one["item_count"]) for one in answer["results"]] == [("gamma", 3), ("beta", 2), ("alpha", 1)]
    found = (await client.get("/api/v1/tags/?search=ET")).json()
    assert [one["slug"] for one in found["data"]["results"]] == ["beta"]
    by_name = (await client.get("/api/v1/tags/?ordering=name&page_size=2")).json()["data"]
    assert (
        [one["slug"] for one in by_name["results"]] == ["alpha", "beta"] and by_name["count"] == 3 and by_name["next"]
    )
    assert (await client.get("/api/v1/tags/?colour=red")).status_code == 400


async def test_what_is_taken_out_is_counted_no_more(client):
    gig = uuid7()
    await set_tags(ItemKind.GIG, gig, ["alpha"])
    await take_out(ItemKind.GIG, gig)
    await take_out(ItemKind.GIG, gig)
    assert (await client.get("/api/v1/tags/")).json()["data"]["results"] == []


@pytest.mark.parametrize(
    ("names", "refusal"),
    [(["!!!"], ValidationFailed), ([""], ValidationFailed), (["x" * 41], ValidationFailed), (["a\x00b"], ValidationFailed),
     (["#"], ValidationFailed), (["a\nb"], ValidationFailed), ([f"t{n}" for n in range(11)], TooManyTags)],
)  # fmt: skip
async def test_what_is_no_tag_is_refused_by_its_field(names, refusal):
    with pytest.raises(refusal) as refused:
        await set_tags(ItemKind.GIG, uuid7(), ["fine", *names], field="skills")
    assert list(refused.value.fields) == ["skills"]
    assert await Tag.count() == 0


async def test_a_tag_that_staff_took_out_of_use_is_refused_and_not_listed(client):
    await set_tags(ItemKind.GIG, uuid7(), ["Bad Word", "fine"])
    await Tag.update({Tag.is_active: False}).where(Tag.slug == "bad-word")
    with pytest.raises(ValidationFailed, match="Not in use here: Bad Word"):
        await set_tags(ItemKind.GIG, uuid7(), ["bad word"])
    assert [one["slug"] for one in (await client.get("/api/v1/tags/")).json()["data"]["results"]] == ["fine"]


async def test_racing_sellers_make_each_tag_once_and_never_wait_in_a_circle():
    names = [f"tag {n}" for n in range(6)]
    items = [uuid7() for _ in range(12)]
    orders = [names if n % 2 else names[::-1] for n in range(12)]
    await asyncio.gather(*(set_tags(ItemKind.GIG, item, order) for item, order in zip(items, orders, strict=True)))
    assert await Tag.count() == 6
    counts = await db.fetch("SELECT count(*) AS n FROM tag_items GROUP BY tag")
    assert [row["n"] for row in counts] == [12] * 6
    # The same thing tagged by two requests at once ends with one of the two answers or their union, never doubled.
    await asyncio.gather(*(set_tags(ItemKind.GIG, items[0], names[:3]) for _ in range(5)))
    assert await db.fetch_val("SELECT count(*) FROM tag_items WHERE item = $1", items[0]) == 3


async def test_staff_take_a_tag_out_of_use_and_back():
    staff = await a_user(Role.MODERATOR)
    await set_tags(ItemKind.GIG, uuid7(), ["Logo Design"])
    await set_tag_active(staff.id, "logo design", False)
    await set_tag_active(staff.id, "logo design", False)
    with pytest.raises(ValidationFailed):
        await set_tags(ItemKind.GIG, uuid7(), ["logo-design"])
    await set_tag_active(staff.id, "LOGO-DESIGN", True)
    await set_tags(ItemKind.GIG, uuid7(), ["logo-design"])
    with pytest.raises(NotFound):
        await set_tag_active(staff.id, "nothing", False)
    rows = await db.fetch("SELECT action, actor FROM audit_log ORDER BY seq")
    assert [(row["action"], row["actor"]) for row in rows] == [("tag.barred", staff.id), ("tag.allowed", staff.id)]


async def test_the_list_takes_one_statement(client):
    for n in range(5):
        await set_tags(ItemKind.GIG, uuid7(), [f"tag {n}", "common"])
    async with statements() as made:
        await client.get("/api/v1/tags/")
    assert len(made) == 1
