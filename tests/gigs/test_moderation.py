"""Gigs that staff look at: before they are shown, or because of what they say; over the API and in the back office."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db, platform
from marketplace.gigs.service import publishing
from marketplace.gigs.service.listing import GigPatch, update_gig
from tests.admin.test_panel import sign_in, staff, submit
from tests.factories import signed_in
from tests.factories.gigs import a_gig, seller_of, status_of
from tests.factories.ledger import hold_invariants
from tests.factories.pictures import work_off

API = "/api/v1/admin/gigs/"


async def setting(value):
    async with db.transaction():
        await platform.change({"gigs.approval": value}, None)


async def audited():
    rows = await db.fetch("SELECT action, reason FROM audit_log WHERE object_type = 'gig' ORDER BY seq")
    return [tuple(row) for row in rows]


async def notices(gig):
    rows = await db.fetch(
        'SELECT type FROM notifications WHERE "user" = $1 ORDER BY created_at', (await seller_of(gig)).id
    )
    return [row["type"] for row in rows]


async def test_a_first_gig_waits_until_staff_approve_it(client):
    await setting("first")
    _, moderator = await signed_in(Role.MODERATOR)
    gig = await a_gig()
    assert await status_of(gig) == "pending"
    assert (await client.get("/api/v1/gigs/")).json()["data"]["count"] == 0
    [waiting] = (await client.get(f"{API}?status=pending&ordering=updated_at", headers=moderator)).json()["data"][
        "results"
    ]
    assert waiting["id"] == str(gig)
    dashboard = (await client.get("/api/v1/admin/dashboard/", headers=moderator)).json()["data"]
    assert (dashboard["gigs_published"], dashboard["gigs_pending"]) == (0, 1)
    answer = await client.put(f"{API}{gig}/", headers=moderator, json={"status": "published"})
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "published", answer.text
    await work_off()
    assert await notices(gig) == ["gig_approved"]
    again = await client.put(f"{API}{gig}/", headers=moderator, json={"status": "published"})
    assert again.status_code == 409 and again.json()["details"]["current"] == "published"
    # once approved, pausing does not bring it back to the queue
    seller = await seller_of(gig)
    await publishing.pause(gig, seller)
    assert await publishing.publish(gig, seller) == "published"
    assert await audited() == [("gig.approved", "")]
    await hold_invariants()


async def test_a_rejected_gig_is_mended_and_looked_at_again_whatever_the_setting(client):
    gig = await a_gig()
    seller = await seller_of(gig)
    _, moderator = await signed_in(Role.MODERATOR)
    nothing = await client.put(f"{API}{gig}/", headers=moderator, json={"status": "rejected"})
    assert nothing.status_code == 400 and "reason" in nothing.json()["errors"]
    answer = await client.put(
        f"{API}{gig}/", headers=moderator, json={"status": "rejected", "reason": "These are others' logos."}
    )
    assert answer.json()["data"]["rejected_reason"] == "These are others' logos."
    await work_off()
    assert await notices(gig) == ["gig_rejected"]
    assert (await client.get(f"/api/v1/gigs/{gig}/")).status_code == 404
    await publishing.archive(gig, seller)
    assert await publishing.publish(gig, seller) == "pending"
    assert await db.fetch_val("SELECT rejected_reason FROM gigs") == ""
    await client.put(f"{API}{gig}/", headers=moderator, json={"status": "published"})
    await publishing.pause(gig, seller)
    assert await publishing.publish(gig, seller) == "published"
    await hold_invariants()


async def test_changes_wait_where_they_are_looked_at(client):
    await setting("changes")
    gig = await a_gig()
    seller = await seller_of(gig)
    _, moderator = await signed_in(Role.MODERATOR)
    await client.put(f"{API}{gig}/", headers=moderator, json={"status": "published"})
    await update_gig(gig, seller, GigPatch(title="Another title"))
    assert await status_of(gig) == "pending"
    await hold_invariants()
    await client.put(f"{API}{gig}/", headers=moderator, json={"status": "published"})
    answer = await client.put(
        f"{API}{gig}/", headers=moderator, json={"title": "A better title", "reason": "Shouting."}
    )
    assert (answer.json()["data"]["status"], answer.json()["data"]["title"]) == ("published", "A better title")
    await publishing.pause(gig, seller)
    await update_gig(gig, seller, GigPatch(title="A third title"))
    assert await publishing.publish(gig, seller) == "pending"


async def test_staff_put_right_what_a_gig_says_and_leave_their_name(client):
    gig = await a_gig()
    user, moderator = await signed_in(Role.MODERATOR)
    body = {"title": "A logo", "tags": ["drawing"]}
    assert (await client.put(f"{API}{gig}/", headers=moderator, json=body)).status_code == 400
    answer = await client.patch(f"{API}{gig}/", headers=moderator, json=body | {"reason": "Misleading title."})
    assert (answer.json()["data"]["title"], answer.json()["data"]["tags"]) == ("A logo", ["drawing"])
    row = await db.fetch_row(
        "SELECT actor, before::text AS was, after::text AS is FROM audit_log WHERE action = 'gig.changed'"
    )
    assert row["actor"] == user.id and "A logo for your shop" in row["was"] and "drawing" in row["is"]
    for status, reason in (("paused", "Ask them first."), ("archived", "No answer.")):
        answer = await client.put(f"{API}{gig}/", headers=moderator, json={"status": status, "reason": reason})
        assert answer.json()["data"]["status"] == status
    assert (
        await client.put(f"{API}{gig}/", headers=moderator, json={"status": "draft", "reason": "No."})
    ).status_code == 400
    await hold_invariants()


async def test_what_is_theirs_is_for_another_to_judge(client):
    user, moderator = await signed_in(Role.MODERATOR)
    gig = await a_gig(user.id)
    for path, body in (("", {"status": "rejected", "reason": "Mine."}), ("", {"title": "x", "reason": "Mine."})):
        answer = await client.put(f"{API}{gig}/{path}", headers=moderator, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "own_interest")
    assert (await client.post(f"{API}{gig}/feature/", headers=moderator)).json()["code"] == "own_interest"


async def test_a_gig_is_featured_until_a_time(client):
    gig, other = await a_gig(), await a_gig()
    _, moderator = await signed_in(Role.MODERATOR)
    answer = await client.post(f"{API}{gig}/feature/", headers=moderator)
    assert answer.status_code == 200 and answer.json()["data"]["is_featured"], answer.text
    found = (await client.get("/api/v1/gigs/?featured=true")).json()["data"]
    assert [one["id"] for one in found["results"]] == [str(gig)]
    past = await client.post(f"{API}{other}/feature/", headers=moderator, json={"until": "2020-01-01T00:00:00Z"})
    assert past.status_code == 400 and "until" in past.json()["errors"]
    await client.post(f"{API}{other}/feature/", headers=moderator, json={"until": "2100-01-01T00:00:00Z"})
    await db.execute(
        "UPDATE gigs SET featured_at = now() - interval '2 days', featured_until = now() - interval '1 day' WHERE id = $1",
        other,
    )
    assert (await client.get("/api/v1/gigs/?featured=true")).json()["data"]["count"] == 1
    await client.post(f"{API}{gig}/feature/", headers=moderator, json={"featured": False})
    assert (await client.get("/api/v1/gigs/?featured=true")).json()["data"]["count"] == 0
    draft = await a_gig(published=False)
    assert (await client.post(f"{API}{draft}/feature/", headers=moderator)).status_code == 404
    assert [action for action, _ in await audited()] == ["gig.featured", "gig.featured", "gig.unfeatured"]


async def test_in_the_back_office(client):
    await setting("first")
    gig = await a_gig()
    await sign_in(client, await staff(Role.MODERATOR))
    for table in ("gigs", "gig_packages", "gig_extras", "gig_media"):
        answer = await client.get(f"/admin/api/tables/{table}/")
        assert answer.status_code == 200, answer.text
    assert (await submit(client, "approve-a-gig", gig="nothing")).status_code == 422
    assert (await submit(client, "approve-a-gig", gig="a-logo-for-your-shop")).status_code == 200
    assert await status_of(gig) == "published"
    assert (await submit(client, "feature-a-gig", gig=str(gig), featured=True, days=30)).status_code == 200
    assert await db.fetch_val("SELECT featured_until > now() + interval '29 days' FROM gigs")
    assert (await submit(client, "reject-a-gig", gig=str(gig), reason="no")).status_code == 422
    assert (await submit(client, "reject-a-gig", gig=str(gig), reason="Others' work.")).status_code == 200
    assert await status_of(gig) == "rejected"
    refused = await submit(client, "approve-a-gig", gig=str(gig))
    assert refused.status_code == 422 and "rejected" in refused.text
    assert await audited() == [("gig.approved", ""), ("gig.featured", ""), ("gig.rejected", "Others' work.")]


@pytest.mark.parametrize("form", ["approve-a-gig", "reject-a-gig", "feature-a-gig"])
async def test_not_their_own_there_either(client, form):
    moderator = await staff(Role.MODERATOR)
    gig = await a_gig(moderator.id)
    await sign_in(client, moderator)
    extra = {"reject-a-gig": {"reason": "Not mine."}, "feature-a-gig": {"featured": True, "days": 0}}.get(form, {})
    answer = await submit(client, form, gig=str(gig), **extra)
    assert answer.status_code == 422 and "another member of staff" in answer.text
    assert await audited() == []
