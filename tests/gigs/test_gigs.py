"""Gigs over HTTP: written, shown, changed, published, put away."""

import pytest

from marketplace.accounts.service.governance import ban_user, unban_user
from marketplace.accounts.states import Role
from marketplace.core import db, platform, ratelimit
from marketplace.gigs.service import ordering
from tests.factories import a_user, signed_in
from tests.factories.gigs import SAID, a_category, a_gig, seller_of, status_of
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import work_off
from tests.statements import statements

API = "/api/v1/gigs/"
LOGO = {
    "title": "A logo for your shop", "description": SAID, "category": "design", "currency": "USD", "languages": ["en", "ZH-hans"],
    "tags": ["Logo", "branding"],
    "packages": [
        {"tier": "basic", "title": "One draft", "price": "50.00", "delivery_days": 7, "features": ["One draft"]},
        {"tier": "standard", "title": "Three drafts", "price": "120.00", "delivery_days": 5, "revisions": 3, "is_main": True},
        {"tier": "premium", "title": "Everything", "price": "300.00", "delivery_days": 3, "revisions": None},
    ],
    "extras": [{"title": "A day sooner", "price": "25.00", "extra_days": -1}],
    "faqs": [{"question": "Do you draw by hand?", "answer": "Always."}],
    "requirements": [{"question": "What is your shop called?"}, {"kind": "choice", "question": "Style?", "choices": ["Plain", "Rich"]}],
}  # fmt: skip


async def made(client, headers, **over):
    await a_category()
    answer = await client.post(API, headers=headers, json=LOGO | over)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def post(client, headers, gig, deed, **body):
    return await client.post(f"{API}{gig}/{deed}/", headers=headers, json=body or None)


async def test_a_gig_is_written_published_and_shown(client):
    user, seller = await signed_in()
    own = await made(client, seller)
    assert (own["status"], own["starting_price"], own["delivery_days"], own["view_count"]) == ("draft", "120.00", 5, 0)
    assert (await client.get(f"{API}{own['slug']}/")).status_code == 404
    answer = await post(client, seller, own["slug"], "publish")
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "published", answer.text
    shown = (await client.get(f"{API}a-logo-for-your-shop/")).json()["data"]
    assert shown["seller"] == {"id": str(user.id), "username": user.username, "level": "new"}
    assert [(one["tier"], one["price"], one["revisions"], one["is_main"]) for one in shown["packages"]] == [
        ("basic", "50.00", 0, False), ("standard", "120.00", 3, True), ("premium", "300.00", None, False),
    ]  # fmt: skip
    assert shown["packages"][0]["features"] == ["One draft"] and shown["languages"] == ["en", "zh-Hans"]
    assert [(one["title"], one["price"], one["extra_days"]) for one in shown["extras"]] == [
        ("A day sooner", "25.00", -1)
    ]
    assert shown["faqs"] == [{"question": "Do you draw by hand?", "answer": "Always."}]
    assert [(one["kind"], one["choices"], one["is_required"]) for one in shown["requirements"]] == [
        ("text", [], True), ("choice", ["Plain", "Rich"], True),
    ]  # fmt: skip
    assert (shown["tags"], shown["category"]["slug"]) == (["branding", "Logo"], "design")
    assert (shown["view_count"], shown["rejected_reason"], shown["average_rating"]) == (None, None, None)
    [card] = (await client.get(API)).json()["data"]["results"]
    assert {name: shown[name] for name in card} == card | {"published_at": shown["published_at"]}
    [mine] = (await client.get(f"{API}mine/", headers=seller)).json()["data"]["results"]
    assert (mine["id"], mine["is_hidden"], mine["ordered_count"]) == (own["id"], False, 0)
    await hold_invariants()


async def test_what_is_missing_is_named_all_at_once(client):
    _, seller = await signed_in()
    answer = await client.post(API, headers=seller, json={"title": "A logo"})
    gig = answer.json()["data"]["id"]
    answer = await post(client, seller, gig, "publish")
    assert answer.status_code == 400 and answer.json()["code"] == "gig_incomplete"
    assert answer.json()["details"]["missing"] == ["category", "description", "packages"]
    assert set(answer.json()["errors"]) == {"category", "description", "packages"}
    async with db.transaction():
        await platform.change({"gigs.media_required": True}, None)
    answer = await post(client, seller, (await made(client, seller))["id"], "publish")
    assert answer.json()["details"]["missing"] == ["media"]


async def test_what_is_published_stays_complete(client):
    _, seller = await signed_in()
    gig = await made(client, seller)
    await post(client, seller, gig["id"], "publish")
    answer = await client.patch(f"{API}{gig['id']}/", headers=seller, json={"description": "Short."})
    assert answer.status_code == 400 and answer.json()["details"]["missing"] == ["description"]
    assert (await client.get(f"{API}{gig['id']}/")).json()["data"]["description"] == SAID


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"title": "  "}, "title"),
        ({"category": "nowhere"}, "category"),
        ({"currency": "XYZ"}, "currency"),
        ({"languages": ["english"]}, "languages[0]"),
        ({"tags": ["!!!"]}, "tags"),
        ({"status": "published"}, "status"),
        ({"rating_sum": 500}, "rating_sum"),
        ({"packages": [LOGO["packages"][0], LOGO["packages"][0]]}, "packages"),
        ({"packages": [LOGO["packages"][0] | {"price": "0"}]}, "packages[0].price"),
        ({"packages": [LOGO["packages"][0] | {"price": "1.999"}]}, "packages[0].price"),
        ({"packages": [LOGO["packages"][0] | {"delivery_days": 0}]}, "packages[0].delivery_days"),
        ({"packages": [LOGO["packages"][0] | {"tier": "gold"}]}, "packages[0].tier"),
        ({"extras": [LOGO["extras"][0] | {"id": "00000000-0000-7000-8000-000000000000"}]}, "extras[0].id"),
        ({"requirements": [{"kind": "choice", "question": "?", "choices": ["One"]}]}, "requirements[0].choices"),
        ({"requirements": [{"kind": "text", "question": "?", "choices": ["A", "B"]}]}, "requirements[0].choices"),
    ],
)
async def test_what_is_wrong_is_named(client, over, field):
    _, seller = await signed_in()
    await a_category()
    answer = await client.post(API, headers=seller, json=LOGO | over)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"], answer.text
    assert await db.fetch_val("SELECT count(*) FROM gigs") == 0


async def test_a_gig_is_changed_in_parts(client):
    _, seller = await signed_in()
    gig = await made(client, seller)
    await post(client, seller, gig["id"], "publish")
    kept = gig["extras"][0]
    changed = {
        "title": "A logo and a card", "tags": ["cards"],
        "extras": [{"title": "Source file", "price": "15.00"}, {"id": kept["id"], "title": "Much sooner", "price": "40.00", "extra_days": -2}],
        "faqs": [], "requirements": [{"kind": "file", "question": "Your old logo", "is_required": False}],
    }  # fmt: skip
    answer = await client.put(f"{API}{gig['id']}/", headers=seller, json=changed)
    assert answer.status_code == 200, answer.text
    shown = answer.json()["data"]
    assert (shown["title"], shown["slug"], shown["tags"]) == ("A logo and a card", gig["slug"], ["cards"])
    assert [(one["title"], one["id"] == kept["id"]) for one in shown["extras"]] == [
        ("Source file", False), ("Much sooner", True)
    ]  # fmt: skip
    assert (shown["faqs"], shown["requirements"][0]["kind"], len(shown["packages"])) == ([], "file", 3)
    answer = await client.put(f"{API}{gig['id']}/", headers=seller, json={"extras": []})
    assert answer.json()["data"]["extras"] == []
    # it may have been ordered, so its row stays for the orders that name it
    assert await db.fetch_val("SELECT count(*) FROM gig_extras WHERE archived_at IS NOT NULL") == 2
    answer = await client.patch(f"{API}{gig['id']}/", headers=seller, json={"currency": "EUR"})
    assert answer.status_code == 400 and "currency" in answer.json()["errors"]


async def test_others_neither_see_a_draft_nor_change_what_they_see(client):
    _, seller = await signed_in()
    _, other = await signed_in()
    gig = await made(client, seller)
    assert (await client.patch(f"{API}{gig['id']}/", headers=other, json={"title": "Mine"})).status_code == 404
    await post(client, seller, gig["id"], "publish")
    assert (await client.patch(f"{API}{gig['id']}/", headers=other, json={"title": "Mine"})).status_code == 403
    for deed in ("publish", "pause", "archive", "duplicate"):
        assert (await post(client, other, gig["id"], deed)).status_code == 403
    assert (await client.delete(f"{API}{gig['id']}/", headers=other)).status_code == 403


async def test_the_states_and_what_is_not_allowed(client):
    _, seller = await signed_in()
    gig = (await made(client, seller))["id"]
    answer = await post(client, seller, gig, "pause")
    assert answer.status_code == 409 and answer.json()["code"] == "illegal_transition"
    assert answer.json()["details"]["allowed"] == ["archived", "pending", "published"]
    for deed, status in [("publish", "published"), ("publish", "published"), ("pause", "paused"), ("pause", "paused"),
                         ("publish", "published"), ("archive", "archived"), ("publish", "published")]:  # fmt: skip
        answer = await post(client, seller, gig, deed)
        assert (answer.status_code, answer.json()["data"]["status"]) == (200, status)
        assert (await client.get(f"{API}{gig}/")).status_code == (200 if status == "published" else 404)
        await hold_invariants()


async def test_publishing_again_is_not_new(client):
    _, seller = await signed_in()
    gig = (await made(client, seller))["id"]
    first = (await post(client, seller, gig, "publish")).json()["data"]["published_at"]
    await post(client, seller, gig, "pause")
    assert (await post(client, seller, gig, "publish")).json()["data"]["published_at"] == first


async def test_a_draft_is_deleted_and_what_was_published_is_archived(client):
    _, seller = await signed_in()
    draft, live = (await made(client, seller))["id"], (await made(client, seller))["id"]
    await post(client, seller, live, "publish")
    for gig in (draft, live):
        assert (await client.delete(f"{API}{gig}/", headers=seller)).status_code == 204
    assert (await client.delete(f"{API}{draft}/", headers=seller)).status_code == 404
    assert await db.fetch_val("SELECT count(*) FROM gig_packages WHERE gig = $1", draft) == 0
    [mine] = (await client.get(f"{API}mine/", headers=seller)).json()["data"]["results"]
    assert (mine["id"], mine["status"]) == (live, "archived")
    await hold_invariants()


async def test_a_copy_is_a_draft_of_its_own(client):
    _, seller = await signed_in()
    gig = await made(client, seller)
    await post(client, seller, gig["id"], "publish")
    await db.execute("UPDATE gigs SET rating_sum = 10, rating_count = 2, order_count = 3 WHERE id = $1", gig["id"])
    answer = await post(client, seller, gig["id"], "duplicate")
    assert answer.status_code == 201, answer.text
    copy = answer.json()["data"]
    assert (copy["title"], copy["status"], copy["review_count"], copy["ordered_count"]) == (
        "Copy of A logo for your shop", "draft", 0, 0
    )  # fmt: skip
    assert copy["slug"] != gig["slug"] and copy["starting_price"] == "120.00" and copy["tags"] == ["branding", "Logo"]
    for part in ("packages", "extras", "requirements"):
        assert not {one["id"] for one in copy[part]} & {one["id"] for one in gig[part]}
        assert len(copy[part]) == len(gig[part])
    assert copy["faqs"] == gig["faqs"]
    await db.execute("UPDATE gigs SET rating_sum = 0, rating_count = 0")  # nobody has rated it
    await hold_invariants()


async def test_only_who_is_verified_publishes(client):
    _, seller = await signed_in(email_verified_at=None)
    gig = (await made(client, seller))["id"]
    answer = await post(client, seller, gig, "publish")
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")
    async with db.transaction():
        await platform.change({"gigs.verified_sellers_only": False}, None)
    assert (await post(client, seller, gig, "publish")).status_code == 200


async def test_a_suspended_sellers_gigs_are_hidden_until_they_are_let_in_again(client):
    staff = await a_user(Role.ADMIN)
    gig, paused = await a_gig(), await a_gig()
    await db.execute("UPDATE gigs SET seller = (SELECT seller FROM gigs WHERE id = $1) WHERE id = $2", gig, paused)
    seller = await seller_of(gig)
    from marketplace.gigs.service import publishing

    await publishing.pause(paused, seller)
    await ban_user(staff.id, seller.id, "fraud")
    await work_off()
    assert (await client.get(API)).json()["data"]["count"] == 0
    assert (await client.get(f"{API}{gig}/")).status_code == 404
    assert (await client.get("/api/v1/search/gigs/?search=logo")).json()["data"]["count"] == 0
    await hold_invariants()
    await unban_user(staff.id, seller.id, "")
    await work_off()
    [shown] = (await client.get(API)).json()["data"]["results"]
    assert shown["id"] == str(gig) and await status_of(paused) == "paused"
    await hold_invariants()


async def test_reading_one_takes_one_statement(client):
    gig = await a_gig()
    await a_gig()
    for path in ("", "similar/", "packages/", "media/"):
        async with statements() as ran:
            assert (await client.get(f"{API}{gig}/{path}")).status_code == 200
        assert len(ran) == 1, ran


async def test_writing_is_limited(client):
    _, seller = await signed_in()
    await a_category()
    with ratelimit.using("gig_create=2/h,gig_update=1/h"):
        gigs = [await client.post(API, headers=seller, json={"title": f"Gig {n}"}) for n in range(3)]
        assert [one.status_code for one in gigs] == [201, 201, 429] and "Retry-After" in gigs[2].headers
        path = f"{API}{gigs[0].json()['data']['id']}/"
        changes = [await client.put(path, headers=seller, json={"title": "Other"}) for _ in range(2)]
        assert [one.status_code for one in changes] == [200, 429]


async def test_an_order_counts_when_it_is_placed_and_when_it_is_done(client):
    gig = await a_gig()
    await ordering.note_ordered(gig)
    await ordering.note_ordered(gig)
    await ordering.note_completed(gig)
    row = await db.fetch_row("SELECT order_count, completed_count FROM gigs WHERE id = $1", gig)
    assert (row["order_count"], row["completed_count"]) == (2, 1)
    assert await db.fetch_val("SELECT orders FROM gig_days WHERE gig = $1", gig) == 2
