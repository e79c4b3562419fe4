"""A copy of everything held about a person, and their erasure."""

import asyncio
import io
import json
import re
from zipfile import ZipFile

import pytest

from marketplace.accounts import passwords, privacy
from marketplace.accounts.errors import ObligationsOpen
from marketplace.accounts.schemas.addresses import NewAddress
from marketplace.accounts.schemas.auth import Credentials
from marketplace.accounts.service import erasure, exports
from marketplace.accounts.service.addresses import add_address
from marketplace.accounts.service.login import log_in
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.states import AccountStatus, Role
from marketplace.accounts.tables import Address, DataExport, Session, User
from marketplace.auctions.errors import MayNotBid
from marketplace.auctions.tables import Lot
from marketplace.core import audit, db, ratelimit, storage, timers
from marketplace.core.errors import NotFound
from marketplace.media.states import MediaState
from marketplace.media.tables import Media
from tests.accounts.test_addresses import LOS_ANGELES
from tests.factories import a_user, bearer, signed_in
from tests.factories.auctions import a_bid, an_auction
from tests.factories.pictures import a_picture, work_off

EXPORT, ERASURE = "/api/v1/users/me/export/", "/api/v1/users/me/erasure/"
PASSWORD = "correct horse battery"


async def with_password(**over):
    user = await a_user(**over)
    hashed = await passwords.hashed(PASSWORD, user.email)
    await User.update({User.password_hash: hashed}).where(User.id == user.id)
    return user, await bearer(user.id)


async def filled(client, headers):
    """Something in every corner of an account."""
    await client.patch(
        "/api/v1/users/me", headers=headers, json={"bio": "SECRET bio", "phone_number": "+4915112345678"}
    )
    await client.post("/api/v1/auth/me/addresses", headers=headers, json=LOS_ANGELES | {"full_name": "SECRET Doe"})
    await client.put("/api/v1/users/business", headers=headers, json={"company_name": "SECRET Ltd", "country": "GB"})
    await client.post("/api/v1/users/skills", headers=headers, json={"name": "SECRET skill"})
    await client.post("/api/v1/users/portfolio", headers=headers, json={"title": "SECRET work"})
    await client.post(
        "/api/v1/users/avatar", headers=headers, files={"avatar": ("SECRET.jpg", a_picture(), "image/jpeg")}
    )
    files = {"front": ("SECRET.jpg", a_picture(), "image/jpeg")}
    await client.post("/api/v1/users/verify", headers=headers, data={"document_type": "passport"}, files=files)
    await work_off()


async def test_the_copy_holds_what_is_held(client):
    alice, as_alice = await with_password(first_name="Alice")
    assert (await client.get(EXPORT, headers=as_alice)).status_code == 404
    await filled(client, as_alice)
    asked = await client.post(EXPORT, headers=as_alice)
    assert asked.status_code == 202 and asked.json()["data"]["status"] == "pending"
    assert asked.json()["data"]["download_url"] is None
    again = await client.post(EXPORT, headers=as_alice)
    assert again.json()["data"]["id"] == asked.json()["data"]["id"]
    await work_off()
    state = (await client.get(EXPORT, headers=as_alice)).json()["data"]
    assert state["status"] == "ready" and state["expires_at"] > state["ready_at"]
    served = await client.get(state["download_url"])
    assert served.status_code == 200 and len(served.content) == state["size"]
    assert "attachment" in served.headers["content-disposition"]
    with ZipFile(io.BytesIO(served.content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert {f"{name}.json" for name in privacy.EXPORTERS} | {"README.txt"} <= names
        assert json.loads(archive.read("account.json"))[0]["email"] == alice.email
        assert json.loads(archive.read("addresses.json"))[0]["full_name"] == "SECRET Doe"
        assert json.loads(archive.read("profile.json"))[0]["bio"] == "SECRET bio"
        assert sorted(name.split("/")[1] for name in names if name.startswith("files/")) == [
            "avatar",
            "identity_document",
        ]
        assert not any("password" in name for name in names) and b"argon2" not in archive.read("account.json")


async def test_a_copy_is_ones_own(client):
    _, as_alice = await signed_in()
    bob, as_bob = await signed_in()
    await client.post(EXPORT, headers=as_alice)
    await work_off()
    state = (await client.get(EXPORT, headers=as_alice)).json()["data"]
    assert (await client.get(EXPORT, headers=as_bob)).status_code == 404
    assert (await client.get(EXPORT)).status_code == 401
    assert (await client.get(state["download_url"], headers=as_bob)).status_code == 404
    assert (await client.get(state["download_url"].partition("?")[0])).status_code == 404
    assert str(bob.id) not in state["download_url"]


async def test_a_copy_expires(client):
    _, as_alice = await signed_in()
    await client.post(EXPORT, headers=as_alice)
    await work_off()
    state = (await client.get(EXPORT, headers=as_alice)).json()["data"]
    await db.execute("UPDATE timers SET due_at = now()")
    assert await timers.run_due() == 1
    await work_off()
    assert (await client.get(EXPORT, headers=as_alice)).json()["data"]["status"] == "expired"
    assert (await client.get(state["download_url"])).status_code == 404


async def test_ten_requests_at_once_make_one_copy(app, tables):
    alice = await a_user()
    await asyncio.gather(*(exports.request_export(alice.id) for _ in range(10)))
    assert await DataExport.count() == 1
    await work_off()
    export = await DataExport.objects().first()
    assert export.status == "ready"
    await exports.make_export(export.id)
    assert (await storage.head(exports.storage_key(export.id))).size == export.size


async def test_erased_is_erased(client):
    alice, as_alice = await with_password(first_name="SECRET", last_name="Person")
    bob, as_bob = await signed_in()
    await client.post(
        "/api/v1/users/favorites", headers=as_bob, json={"target_type": "user", "target_id": str(alice.id)}
    )
    await filled(client, as_alice)
    await client.post(EXPORT, headers=as_alice)
    await work_off()
    answer = await client.post(ERASURE, headers=as_alice, json={"password": PASSWORD})
    assert answer.status_code == 200, answer.text
    await work_off()

    assert (await client.get("/api/v1/users/me", headers=as_alice)).status_code == 401
    assert (await client.get(f"/api/v1/users/{alice.id}")).status_code == 404
    assert (await client.get(f"/api/v1/users/{alice.username}")).status_code == 404
    user = await User.objects().get(User.id == alice.id)
    assert user.status == AccountStatus.ERASED and user.username == f"erased-{alice.id.hex}"
    assert (user.email, user.first_name, user.phone_number, user.password_hash) == ("", "", "", "!")
    assert user.email_verified_at is None
    assert not await Session.exists().where(Session.user == alice.id, Session.ended_at.is_null())
    assert await left_of(alice.email, alice.username, "SECRET", "4915112345678") == []
    assert await Media.count().where(Media.state != MediaState.REMOVED) == 0
    assert (await client.get("/api/v1/users/favorites", headers=as_bob)).json()["data"]["count"] == 0
    row = await db.fetch_row("SELECT actor, object_id, content FROM audit_log WHERE action = 'user.erased'")
    assert row["actor"] == alice.id and row["object_id"] == str(alice.id) and '"profile":6' in row["content"]
    assert await audit.verify() is None
    assert await User.exists().where(User.id == bob.id, User.status == AccountStatus.ACTIVE)


async def left_of(*words):
    """Tables in which any of the words still stands."""
    names = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'")
    found = []
    for name in (row["tablename"] for row in names):
        bodies = await db.fetch(f'SELECT t::text AS body FROM "{name}" t')
        found += [(name, word) for word in words for row in bodies if word.lower() in row["body"].lower()]
    return found


async def test_a_wrong_password_erases_nothing(client):
    alice, as_alice = await with_password()
    for body in ({"password": "wrong"}, {}, {"password": ""}):
        answer = await client.post(ERASURE, headers=as_alice, json=body)
        assert answer.status_code in (400, 403) and answer.json()["code"] == "wrong_password", answer.text
    assert (await client.post(ERASURE, json={"password": PASSWORD})).status_code == 401
    assert (await client.post(ERASURE, headers=as_alice, json={"password": 5})).status_code == 400
    assert await User.exists().where(User.id == alice.id, User.status == AccountStatus.ACTIVE)


async def test_guessing_at_it_is_limited(client):
    _, as_alice = await with_password()
    with ratelimit.using("*=off,login=5/15m"):
        codes = [
            (await client.post(ERASURE, headers=as_alice, json={"password": f"guess{i}"})).status_code for i in range(7)
        ]
    assert codes == [403] * 5 + [429] * 2


async def test_without_a_password_a_fresh_login_counts(client):
    alice, as_alice = await signed_in()
    await db.execute("UPDATE sessions SET created_at = now() - interval '11 minutes'")
    answer = await client.post(ERASURE, headers=as_alice, json={})
    assert answer.status_code == 403 and answer.json()["code"] == "reauthentication_required"
    assert (await client.post(ERASURE, headers=await bearer(alice.id), json={})).status_code == 200


async def test_open_obligations_refuse(client):
    seller, as_seller = await with_password()
    bidder, as_bidder = await with_password()
    auction_id, lot_id = await an_auction(seller.id)
    await a_bid(lot_id, bidder.id, "20")
    for headers, kind in ((as_seller, "running_auction"), (as_bidder, "leading_bid")):
        answer = await client.post(ERASURE, headers=headers, json={"password": PASSWORD})
        assert answer.status_code == 409 and answer.json()["code"] == "obligations_open"
        [obligation] = answer.json()["details"]["obligations"]
        assert obligation["kind"] == kind and obligation["path"] == f"/auctions/{auction_id}"
    assert await User.count().where(User.status == AccountStatus.ACTIVE) == 2


async def test_staff_give_their_role_up_first(client):
    _, as_staff = await with_password(role=Role.MODERATOR)
    answer = await client.post(ERASURE, headers=as_staff, json={"password": PASSWORD})
    assert answer.json()["details"]["obligations"][0]["kind"] == "staff_role"


async def test_what_nobody_bid_on_is_cancelled(client):
    seller, as_seller = await with_password()
    _, lot_id = await an_auction(seller.id)
    assert (await client.post(ERASURE, headers=as_seller, json={"password": PASSWORD})).status_code == 200
    assert (await Lot.objects().get(Lot.id == lot_id)).status == "cancelled"


async def test_logins_and_an_erasure_at_once_leave_no_session(app, tables):
    for _ in range(3):
        alice, _ = await with_password()
        session = await Session.objects().where(Session.user == alice.id).first()
        client = Client(address="", user_agent="")
        await asyncio.gather(
            erasure.erase_account(alice.id, session.id, PASSWORD, client),
            *(log_in(Credentials(username=alice.username, password=PASSWORD), client) for _ in range(4)),
            return_exceptions=True,
        )
        assert (await User.objects().get(User.id == alice.id)).status == AccountStatus.ERASED
        assert not await Session.exists().where(Session.user == alice.id, Session.ended_at.is_null())


async def test_a_bid_and_an_erasure_at_once_have_one_outcome(app, tables):
    for _ in range(6):
        alice, _ = await with_password()
        _, lot_id = await an_auction()
        shown = (await User.objects().get(User.id == alice.id)).password_hash
        bid, erased = await asyncio.gather(
            a_bid(lot_id, alice.id, "5"), erasure._erase(alice.id, shown), return_exceptions=True
        )
        lot, user = await Lot.objects().get(Lot.id == lot_id), await User.objects().get(User.id == alice.id)
        if erased is None:
            assert isinstance(bid, MayNotBid) and lot.leader is None and user.status == AccountStatus.ERASED
        else:
            assert (
                isinstance(erased, ObligationsOpen) and lot.leader == alice.id and user.status == AccountStatus.ACTIVE
            )


async def test_changes_and_an_erasure_at_once_leave_nothing(app, tables):
    alice, _ = await with_password()
    shown = (await User.objects().get(User.id == alice.id)).password_hash
    deeds = [add_address(alice.id, NewAddress(**LOS_ANGELES)) for _ in range(10)]
    await asyncio.gather(*deeds[:5], erasure._erase(alice.id, shown), *deeds[5:], return_exceptions=True)
    assert (await User.objects().get(User.id == alice.id)).status == AccountStatus.ERASED
    assert await Address.count() == 0


KEPT = {
    "audit_log": "what staff did", "auctions": "others bid on them", "auction_history": "who moved what",
    "bids": "the chain others were outbid by", "lots": "their leader", "media": "emptied through UserErased",
    "moderation_cases": "what the house had to look at", "sales": "what was owed", "second_chance_offers": "what was owed", "auction_strikes": "that it was not paid",
    "sessions": "that they ended; address and program are emptied", "staff_sessions": "staff give their role up first",
    **dict.fromkeys(
        ("payments", "payment_history", "refunds", "payouts", "payout_methods", "invoices", "checkouts", "orders", "order_history", "subscriptions",
         "subscription_history"),
        "the books: the law wants them kept",
    ),
    "stock_movements": "the journal of what was sold",
    "coupon_uses": "what orders were cheaper for",
    "order_line_cancellations": "why money was given back",
    "gigs": "archived without their words, for the orders that name them",
    "seller_standings": "worked out from the orders, and of nobody's name", "user_ratings": "worked out from the reviews",
    "order_returns": "why money was given back", "order_return_history": "the same",
    **dict.fromkeys(
        ("disputes", "dispute_history", "dispute_messages", "dispute_proposals", "dispute_decisions"),
        "why the money went where it went",
    ),
    "milestones": "what was agreed and paid for", "milestone_plans": "the same",
    "reconciliation_breaks": "who looked into it",
    "identity_check_moves": "goes with its check; an actor becomes nobody",
}  # fmt: skip


async def test_every_table_that_names_a_person_is_decided_about(app, tables):
    """A new table that points at users is emptied by an eraser, or stands above with the reason it is kept."""
    pointing = await db.fetch(
        "SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE contype = 'f' AND confrelid = 'users'::regclass"
    )
    erased = erased_tables()
    undecided = {row["name"] for row in pointing} - erased - KEPT.keys()
    assert undecided == set()


def erased_tables():
    found = set()
    for erase in privacy.ERASERS.values():
        for cell in erase.__closure__ or ():
            for statement in cell.cell_contents if isinstance(cell.cell_contents, tuple) else ():
                found |= set(re.findall(r"(?:DELETE FROM|UPDATE) (\w+)", statement))
    return found | {"data_exports"}


async def test_who_is_erased_while_a_copy_is_made_leaves_no_copy(app, tables, monkeypatch):
    alice, _ = await with_password()
    shown = (await User.objects().get(User.id == alice.id)).password_hash
    await exports.request_export(alice.id)
    export_id = (await DataExport.objects().first()).id
    collect = exports._collect

    async def collect_then_erase(user_id):
        collected = await collect(user_id)
        await erasure._erase(alice.id, shown)
        return collected

    monkeypatch.setattr(exports, "_collect", collect_then_erase)
    await exports.make_export(export_id)
    assert await DataExport.count() == 0
    with pytest.raises(NotFound):
        await storage.head(exports.storage_key(export_id))


async def test_a_copy_that_is_stuck_is_begun_again(app, tables):
    alice = await a_user()
    await exports.request_export(alice.id)
    await db.execute("DELETE FROM outbox")
    await db.execute("UPDATE data_exports SET requested_at = now() - interval '2 hours'")
    await exports.request_export(alice.id)
    await work_off()
    assert [row["status"] for row in await DataExport.select(DataExport.status)] == ["ready"]


async def test_a_new_copy_takes_the_place_of_the_old_one(app, tables):
    alice = await a_user()
    for _ in range(2):
        await exports.request_export(alice.id)
        await work_off()
    old, new = await DataExport.objects().order_by(DataExport.id)
    assert (old.status, new.status) == ("expired", "ready")
    with pytest.raises(NotFound):
        await storage.head(exports.storage_key(old.id))
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'accounts.export_expires'") == 1
