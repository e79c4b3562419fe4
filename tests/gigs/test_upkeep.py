"""Caches that are dropped, rules that are broken once each, and what is kept of a person."""

import asyncio

import pytest

from marketplace.accounts import privacy
from marketplace.accounts.service import erasure
from marketplace.core import cache, db
from marketplace.gigs.invariants import BROKEN, violations
from marketplace.gigs.service import media, moving, packages, publishing
from marketplace.gigs.service.listing import GigPatch, update_gig
from marketplace.gigs.service.rating import move_rating
from tests.factories import signed_in
from tests.factories.accounts import a_user
from tests.factories.gigs import PREMIUM, a_gig, packages_of, seller_of, status_of
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import AFile, a_picture, work_off
from tests.statements import statements

API = "/api/v1"


@pytest.fixture
async def cached(client, monkeypatch):
    """The client, with the cache on."""
    monkeypatch.setattr(cache.shared, "enabled", True)
    cache.clear()
    async with asyncio.timeout(10):
        while not cache.shared.hearing:
            await asyncio.sleep(0.01)
    yield client
    cache.clear()


PATHS = [
    "gigs/", "gigs/a-logo-for-your-shop/", "gigs/a-logo-for-your-shop/similar/", "gigs/facets/", "search/gigs/?search=logo",
    "categories/design/gigs/", "tags/logo/gigs/", "gigs/a-logo-for-your-shop/packages/", "gigs/a-logo-for-your-shop/media/",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_an_anonymous_answer_is_made_once_and_has_a_tag(cached, path):
    await a_gig()

    async def read():
        async with statements() as ran:
            answer = await cached.get(f"{API}/{path}")
        return answer, len(ran)

    first, _ = await read()
    async with asyncio.timeout(10):  # what was dropped a moment ago is dropped once more when Redis has told of it
        while (again := await read())[1]:
            await asyncio.sleep(0.01)
    assert again[0].status_code == 200 and again[0].content == first.content
    same = await cached.get(f"{API}/{path}", headers={"if-none-match": first.headers["etag"]})
    assert same.status_code == 304


async def changed(gig, seller):
    await update_gig(gig, seller, GigPatch(title="Another title"))


async def repriced(gig, seller):
    await packages.set_main((await packages_of(gig))[PREMIUM], seller)


async def rated(gig, seller):
    async with db.transaction():
        await move_rating(gig, rating=4, count=1)


async def pictured(gig, seller):
    await media.add_media(gig, seller, AFile(a_picture()))
    await work_off()


async def hidden(gig, seller):
    await moving.hide_all_of(seller.id)


DEEDS = [changed, repriced, rated, pictured, hidden, publishing.pause]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
async def test_what_changes_a_gig_drops_it(cached, deed):
    gig = await a_gig()
    before = (await cached.get(f"{API}/gigs/")).content
    await deed(gig, await seller_of(gig))
    assert (await cached.get(f"{API}/gigs/")).content != before


FILED = "INSERT INTO category_items (category, kind, item) SELECT category, 'gig', {} FROM gigs LIMIT 1"
BREACHES = {
    "a gig with packages has one main one": "UPDATE gig_packages SET is_main = false",
    "a gig says what its main package costs": "UPDATE gigs SET starting_minor = 1",
    "what is shown, or waits for that, has a price and a category": (
        "ALTER TABLE gigs DROP CONSTRAINT gigs_published; UPDATE gigs SET category = NULL"
    ),
    "a gig is completed no more often than it was ordered": (
        "ALTER TABLE gigs DROP CONSTRAINT gigs_counts; UPDATE gigs SET completed_count = 1"
    ),
    "a category counts the gigs that are shown in it": "DELETE FROM category_items",
    "nothing is filed for a gig that is not there": FILED.format("gen_random_uuid()"),
    "the gigs of a suspended seller are hidden": "UPDATE users SET status = 'banned', updated_at = now() - interval '1 hour'",
}


class _Undo(Exception):
    pass


@pytest.mark.parametrize("rule", BREACHES)
async def test_a_breach_is_found(tables, rule):
    await a_gig()
    await hold_invariants()
    with pytest.raises(_Undo):
        async with db.transaction():
            await db.execute(BREACHES[rule])
            found = [breach async for breach in violations()]
            assert any(breach.startswith(f"{rule}: ") for breach in found), found
            raise _Undo
    await hold_invariants()


def test_every_rule_has_its_breach():
    assert set(BROKEN) == set(BREACHES)


async def test_a_copy_of_their_data_has_their_gigs(tables):
    gig = await a_gig()
    [told] = await privacy.EXPORTERS["gigs"]((await seller_of(gig)).id)
    assert (told["id"], told["title"], len(told["packages"])) == (str(gig), "A logo for your shop", 3)
    assert told["faqs"] == [{"question": "Do you draw by hand?", "answer": "Always."}]
    assert await privacy.EXPORTERS["gigs"]((await a_user()).id) == []


async def test_who_is_erased_offers_nothing_and_their_words_go(client):
    user = await a_user()
    gig, draft = await a_gig(user.id), await a_gig(user.id, published=False)
    await media.add_media(gig, await seller_of(gig), AFile(a_picture()))
    await erasure._erase(user.id, user.password_hash)
    await work_off()
    assert (await client.get(f"{API}/gigs/{gig}/")).status_code == 404
    assert await status_of(gig) == "archived"
    assert await db.fetch_val("SELECT count(*) FROM gigs WHERE id = $1", draft) == 0
    row = await db.fetch_row("SELECT description, keywords FROM gigs WHERE id = $1", gig)
    assert tuple(row) == ("", "")
    assert (
        await db.fetch_val("SELECT count(*) FROM gig_faqs") == await db.fetch_val("SELECT count(*) FROM gig_media") == 0
    )
    assert await db.fetch_val("SELECT count(*) FROM media WHERE state <> 'removed'") == 0
    await hold_invariants()


async def test_a_gig_can_be_kept_as_a_favourite_while_it_is_shown(client):
    gig = await a_gig()
    _, buyer = await signed_in()
    body = {"target_type": "gig", "target_id": str(gig)}
    assert (await client.post(f"{API}/users/favorites/", headers=buyer, json=body)).status_code == 201
    hidden_one = {"target_type": "gig", "target_id": str(await a_gig(published=False))}
    assert (await client.post(f"{API}/users/favorites/", headers=buyer, json=hidden_one)).status_code in (400, 404)
