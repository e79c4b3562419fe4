import asyncio
from datetime import timedelta

import pytest

from marketplace.accounts.errors import VerificationOpen
from marketplace.accounts.service import identity_checks
from marketplace.accounts.states import DocumentSide, DocumentType, Role
from marketplace.accounts.tables import IdentityCheck, IdentityCheckMove, IdentityDocument
from marketplace.core import clock, db, timers
from marketplace.core.states import IllegalTransition
from marketplace.media.states import MediaState
from marketplace.media.tables import Media
from tests.factories import a_user, signed_in
from tests.factories.pictures import AFile, a_picture, work_off

VERIFY, STATUS = "/api/v1/users/verify/", "/api/v1/users/verification/status/"


async def submit(client, headers, **over):
    files = {"front": ("passport.jpg", a_picture(), "image/jpeg")} | over.pop("files", {})
    return await client.post(
        VERIFY, headers=headers, data={"document_type": "passport", "country": "Germany"} | over, files=files
    )


async def decide(client, headers, user, approved=True, reason=""):
    path = f"/api/v1/users/{user.id}/verification/decision"
    return await client.post(path, headers=headers, json={"approved": approved, "reason": reason})


async def test_submitted_looked_at_and_approved(client):
    alice, as_alice = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    nothing = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert nothing["status"] == "not_submitted" and nothing["documents"] == [] and nothing["history"] == []
    answer = await submit(client, as_alice, files={"selfie": ("me.jpg", a_picture(colour=(5, 5, 5)), "image/jpeg")})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["status"] == "pending" and data["document_type"] == "passport" and data["country_code"] == "DE"
    assert [d["side"] for d in data["documents"]] == ["front", "selfie"]
    assert (await decide(client, as_staff, alice)).json()["code"] == "documents_not_ready"
    await work_off()
    assert (await client.get("/api/v1/users/?verification=pending", headers=as_staff)).json()["data"]["count"] == 1
    answer = await decide(client, as_staff, alice)
    assert answer.status_code == 200, answer.text
    data = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert (
        data["status"] == "approved"
        and data["decided_at"]
        and [h["status"] for h in data["history"]] == ["pending", "approved"]
    )
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["identity_verified"] is True
    assert (await client.get("/api/v1/users/me", headers=as_alice)).json()["data"]["identity_verified"] is True
    actions = await db.fetch("SELECT action FROM audit_log ORDER BY seq")
    assert [row["action"] for row in actions] == ["identity.approved"]


async def test_a_rejection_says_why_and_leaves_the_way_open(client):
    alice, as_alice = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    await submit(client, as_alice)
    await work_off()
    assert (await decide(client, as_staff, alice, approved=False)).status_code == 400
    assert (await decide(client, as_staff, alice, approved=False, reason="Too dark")).status_code == 200
    data = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert data["status"] == "rejected" and data["reason"] == "Too dark"
    assert (await decide(client, as_staff, alice)).status_code == 404
    assert (await submit(client, as_alice)).status_code == 201
    data = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert data["status"] == "pending" and [h["status"] for h in data["history"]] == ["pending", "rejected", "pending"]


async def test_an_approval_can_be_taken_back_but_not_given_twice(client):
    alice, as_alice = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    await submit(client, as_alice)
    await work_off()
    await decide(client, as_staff, alice)
    assert (await decide(client, as_staff, alice)).json()["code"] == "illegal_transition"
    assert (await submit(client, as_alice)).json()["code"] == "verification_open"
    assert (await decide(client, as_staff, alice, approved=False, reason="Forged")).status_code == 200
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["identity_verified"] is False


async def test_documents_are_for_the_owner_and_staff(client):
    alice, as_alice = await signed_in()
    bob, as_bob = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    await submit(client, as_alice)
    await work_off()
    path = f"/api/v1/users/{alice.id}/verification"
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=as_bob)).status_code == 403
    assert (await client.get(path, headers=as_alice)).status_code == 403
    assert (await decide(client, as_bob, alice)).status_code == 403
    own = (await client.get(STATUS, headers=as_alice)).json()["data"]["documents"][0]["file"]
    staffs = (await client.get(path, headers=as_staff)).json()["data"]["documents"][0]["file"]
    for link in (own["url"], staffs["url"]):
        served = await client.get(link)
        assert served.status_code == 200 and served.headers["cache-control"] == "private, no-store"
    assert (await client.get(own["url"].partition("?")[0])).status_code == 404
    assert (await client.get(own["url"], headers=as_bob)).status_code == 404
    altered = own["url"].replace(alice.id.hex, bob.id.hex)
    assert altered != own["url"] and (await client.get(altered)).status_code == 404
    assert (await client.get(STATUS)).status_code == 401
    assert (await client.get(STATUS, headers=as_bob)).json()["data"]["documents"] == []
    viewed = await db.fetch("SELECT action, object_id FROM audit_log")
    assert [(row["action"], row["object_id"]) for row in viewed] == [("identity.viewed", str(alice.id))]


async def test_nobody_approves_themselves(client):
    mo, as_mo = await signed_in(Role.ADMIN)
    await submit(client, as_mo)
    await work_off()
    assert (await decide(client, as_mo, mo)).json()["code"] == "own_account"


async def test_of_ten_submissions_at_once_one_is_kept(app, tables):
    alice = await a_user()
    papers = [[(DocumentSide.FRONT, AFile(a_picture(colour=(i, i, i))))] for i in range(10)]
    outcomes = await asyncio.gather(
        *(identity_checks.submit_documents(alice.id, DocumentType.PASSPORT, "", paper) for paper in papers),
        return_exceptions=True,
    )
    assert [type(o) for o in outcomes if o is not None] == [VerificationOpen] * 9
    assert await IdentityCheck.count() == 1 and await IdentityDocument.count() == 1
    await work_off()
    assert await Media.count().where(Media.state == MediaState.READY) == 1
    assert await timers.run_due() == 0


async def test_of_ten_decisions_at_once_one_counts(app, tables):
    alice, staff = await a_user(), await a_user(Role.MODERATOR)
    await identity_checks.submit_documents(
        alice.id, DocumentType.PASSPORT, "", [(DocumentSide.FRONT, AFile(a_picture()))]
    )
    await work_off()
    outcomes = await asyncio.gather(
        *(identity_checks.decide(staff.id, alice.id, approved=True) for _ in range(10)), return_exceptions=True
    )
    assert [type(o) for o in outcomes if o is not None] == [IllegalTransition] * 9
    assert await IdentityCheckMove.count() == 2


async def test_a_damaged_file_ends_the_check(client):
    _, as_alice = await signed_in()
    await submit(client, as_alice)
    from marketplace.core import storage
    from marketplace.media.service import uploads

    media = await Media.select(Media.id).first()
    await storage.delete(uploads.original_key(media["id"]))
    await work_off()
    data = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert data["status"] == "rejected" and "lost" in data["reason"]


async def test_documents_go_thirty_days_after_the_decision(client):
    alice, as_alice = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    await submit(client, as_alice)
    await work_off()
    await decide(client, as_staff, alice)
    [due] = await db.fetch("SELECT due_at FROM timers WHERE kind = 'accounts.identity_documents_expire'")
    assert timedelta(days=29) < due["due_at"] - clock.now() <= timedelta(days=30)
    await db.execute("UPDATE timers SET due_at = now()")
    assert await timers.run_due() == 1
    await work_off()
    data = (await client.get(STATUS, headers=as_alice)).json()["data"]
    assert data["status"] == "approved" and data["documents"] == []


async def test_a_document_without_a_check_is_taken_away(app, tables):
    from marketplace.accounts import pictures
    from marketplace.media.service import uploads

    alice = await a_user()
    await uploads.accept(
        AFile(a_picture()), pictures.IDENTITY, owner_id=alice.id, attach=identity_checks._unless_left_over
    )
    await db.execute("UPDATE timers SET due_at = now()")
    assert await timers.run_due() == 1
    assert [row["state"] for row in await Media.select(Media.state)] == [MediaState.REMOVED]


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"document_type": "library_card"}, "document_type"), ({"country": "Atlantis"}, "country"),
        ({"document_type": "id_card"}, "back"), ({"status": "approved"}, "status"),
        ({"files": {"front": ("x.svg", b"<svg/>", "image/svg+xml")}}, "front"),
        ({"files": {"selfie": ("x.pdf", b"%PDF-1.4 cut off", "application/pdf")}}, "selfie"),
    ],
)  # fmt: skip
async def test_what_is_refused_leaves_nothing(client, over, field):
    _, as_alice = await signed_in()
    answer = await submit(client, as_alice, **over)
    assert answer.status_code in (400, 415), answer.text
    assert list(answer.json()["errors"]) == [field], answer.text
    assert await IdentityCheck.count() == 0
    await work_off()
    assert not await Media.exists().where(Media.state != MediaState.REMOVED)


async def test_a_form_without_files_is_refused(client):
    _, as_alice = await signed_in()
    answer = await client.post(VERIFY, headers=as_alice, data={"document_type": "passport"}, files={"x": b""})
    assert answer.status_code == 400
    assert (await client.post(VERIFY, headers=as_alice, json={})).status_code == 415
    assert (await client.post(VERIFY, files={"front": b"x"})).status_code == 401
