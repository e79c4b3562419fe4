"""Sessions and their chains of refresh tokens."""

import asyncio
from datetime import timedelta

import jwt
import msgspec
import pytest

from marketplace.accounts import cleaning, tokens
from marketplace.accounts.errors import AccountBanned
from marketplace.accounts.events import LoggedIn, RefreshTokenReused, SessionsEnded
from marketplace.accounts.service import governance, links
from marketplace.accounts.service.sessions import Client, open_session
from marketplace.accounts.states import LinkPurpose, Role
from marketplace.accounts.tables import RefreshToken, Session
from marketplace.core import clock, config, db, outbox
from marketplace.core.ids import uuid7
from tests.factories import a_user, bearer, signed_in

told: list[object] = []


@outbox.on(LoggedIn, RefreshTokenReused, SessionsEnded)
async def hear(event):
    told.append(event)


async def heard(kind):
    await outbox.drain()
    return [event for event in told if isinstance(event, kind)]


@pytest.fixture(autouse=True)
def _nothing_told():
    told.clear()


async def a_session(user=None, agent="Firefox"):
    user = user or await a_user()
    async with db.transaction():
        return await open_session(user.id, Client("127.0.0.1", agent))


async def used_since(seconds):
    await db.execute("UPDATE refresh_tokens SET used_at = used_at - $1::interval", timedelta(seconds=seconds))


async def exchange(client, refresh, path="/api/v1/auth/refresh/"):
    return await client.post(path, json={"refresh": refresh})


async def works(client, access):
    return (
        await client.get("/api/v1/auth/sessions/", headers={"authorization": f"Bearer {access}"})
    ).status_code == 200


async def test_a_refresh_token_is_good_once_and_only_its_hash_is_kept(client):
    first = await a_session()
    second = (await exchange(client, first.refresh, "/api/v1/auth/token/refresh/")).json()["data"]
    assert (
        second["refresh"] != first.refresh
        and await works(client, second["access"])
        and await works(client, first.access)
    )
    kept = await RefreshToken.select(RefreshToken.token_hash).output(as_list=True)
    assert sorted(kept) == sorted(map(tokens.fingerprint, (first.refresh, second["refresh"])))
    for wrong in ("nonsense", first.access, first.refresh[:-1]):
        answer = await exchange(client, wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_within_the_grace_a_used_token_gives_the_same_successor(client):
    first = await a_session()
    a, b = [(await exchange(client, first.refresh)).json()["data"]["refresh"] for _ in range(2)]
    c = (await exchange(client, a)).json()["data"]["refresh"]
    await used_since(9)
    late = (await exchange(client, first.refresh)).json()["data"]["refresh"]
    assert a == b == late != c
    assert not await heard(RefreshTokenReused)


async def test_twenty_clients_at_once_make_one_chain(client):
    first = await a_session()
    answers = await asyncio.gather(*(exchange(client, first.refresh) for _ in range(20)))
    assert [a.status_code for a in answers] == [200] * 20
    assert len({a.json()["data"]["refresh"] for a in answers}) == 1
    assert await RefreshToken.count() == 2
    assert not await heard(RefreshTokenReused)


async def test_a_token_that_comes_back_later_ends_the_whole_family_and_tells_the_owner(client):
    user = await a_user()
    first, other = await a_session(user), await a_session(user)
    second = (await exchange(client, first.refresh)).json()["data"]
    third = (await exchange(client, second["refresh"])).json()["data"]
    await used_since(11)
    assert (await exchange(client, first.refresh)).status_code == 401
    for dead in (first.refresh, second["refresh"], third["refresh"]):
        assert (await exchange(client, dead)).status_code == 401
    assert not await works(client, third["access"])
    assert await works(client, other.access), "another device is another family"
    [event] = await heard(RefreshTokenReused)
    assert event.user_id == user.id
    assert [e.reason for e in await heard(SessionsEnded)] == ["reuse"]


async def test_tokens_and_sessions_have_an_end(client):
    idle, old = await a_session(), await a_session()
    await db.execute(
        "UPDATE refresh_tokens SET expires_at = now() WHERE token_hash = $1", tokens.fingerprint(idle.refresh)
    )
    await db.execute("UPDATE sessions SET created_at = now() - interval '90 days' WHERE \"user\" = $1", old.user.id)
    assert (await exchange(client, idle.refresh)).status_code == 401
    assert (await exchange(client, old.refresh)).status_code == 401


async def test_signing_out_this_device_another_one_or_all(client):
    user = await a_user()
    a, b, c, d = [await a_session(user) for _ in range(4)]
    stranger = await a_session()

    async def out(access=None, **body):
        headers = {"authorization": f"Bearer {access}"} if access else {}
        answer = await client.post("/api/v1/auth/logout/", json=body or None, headers=headers)
        return answer.status_code

    assert await out() == 401
    assert await out(a.access) == 200 and not await works(client, a.access)
    assert (await exchange(client, a.refresh)).status_code == 401
    assert await out(refresh=b.refresh) == 200, "the refresh token alone is proof"
    assert not await works(client, b.access)
    assert await out(c.access, refresh=stranger.refresh) == 200
    assert await works(client, stranger.access), "somebody else's token is left alone"
    assert not await works(client, c.access)
    e = await a_session(user)
    assert await out(d.access, all=True) == 200
    assert not await works(client, d.access) and not await works(client, e.access)


async def test_the_devices_are_listed_and_one_can_be_ended(client):
    user = await a_user()
    phone, laptop = await a_session(user, "Phone"), await a_session(user, "Laptop")
    stranger = await a_session()
    headers = {"authorization": f"Bearer {laptop.access}"}
    page = (await client.get("/api/v1/auth/sessions/", headers=headers)).json()["data"]
    assert page["count"] == 2
    assert {(s["user_agent"], s["is_current"]) for s in page["results"]} == {("Phone", False), ("Laptop", True)}
    [phone_id] = [s["id"] for s in page["results"] if not s["is_current"]]
    [stranger_id] = await Session.select(Session.id).where(Session.user == stranger.user.id).output(as_list=True)
    assert (await client.delete(f"/api/v1/auth/sessions/{stranger_id}/", headers=headers)).status_code == 404
    assert (await client.delete(f"/api/v1/auth/sessions/{phone_id}/", headers=headers)).status_code == 204
    assert (await client.delete(f"/api/v1/auth/sessions/{phone_id}/", headers=headers)).status_code == 404
    assert not await works(client, phone.access) and await works(client, stranger.access)


async def test_a_new_device_is_noticed_and_the_first_is_not_news(client):
    user = await a_user()
    for agent in ("Firefox", "Firefox", "Strange"):
        await a_session(user, agent)
    assert [(e.user_agent, e.is_new_device) for e in await heard(LoggedIn)] == [
        ("Firefox", False), ("Firefox", False), ("Strange", True),
    ]  # fmt: skip


async def test_of_a_ban_and_logins_at_once_no_session_is_left(tables):
    staff, user = await a_user(Role.MODERATOR), await a_user()
    outcomes = await asyncio.gather(
        *(a_session(user) for _ in range(10)), governance.ban_user(staff.id, user.id, "spam"),
        *(a_session(user) for _ in range(10)), return_exceptions=True,
    )  # fmt: skip
    assert {type(o) for o in outcomes if isinstance(o, Exception)} <= {AccountBanned}
    assert await Session.count().where(Session.user == user.id, Session.ended_at.is_null()) == 0


async def test_a_banned_account_neither_refreshes_nor_logs_in(client):
    session = await a_session()
    await db.execute("UPDATE users SET status = 'banned'")
    answer = await exchange(client, session.refresh)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_banned")
    with pytest.raises(AccountBanned):
        await a_session(type("U", (), {"id": session.user.id}))


def forged(key=None, algorithm="HS256", **changes):
    now = clock.now()
    claims = {
        "iss": tokens.ISSUER, "aud": tokens.AUDIENCE, "typ": "access", "jti": "1", "sub": str(uuid7()), "sid": str(uuid7()),
        "iat": now, "exp": now + timedelta(minutes=5),
    } | changes  # fmt: skip
    claims = {k: v for k, v in claims.items() if v is not None}
    return jwt.encode(claims, tokens.derived_key(tokens.PURPOSE) if key is None else key, algorithm=algorithm)


async def test_only_our_own_tokens_are_taken(client):
    user, _ = await signed_in()
    session_id = (await Session.select(Session.id))[0]["id"]
    mine = {"sub": str(user.id), "sid": str(session_id)}
    assert await works(client, forged(**mine))
    for change in (
        {"iss": "other"}, {"aud": "other"}, {"typ": "refresh"}, {"typ": None}, {"exp": clock.now() - timedelta(seconds=1)},
        {"exp": None}, {"sub": "x"}, {"sub": str(uuid7())}, {"sid": str(uuid7())}, {"key": b"k" * 32},
        {"key": "", "algorithm": "none"}, {"algorithm": "HS512"},
    ):  # fmt: skip
        assert not await works(client, forged(**(mine | change))), change
    assert not await works(client, "a.b.c")


async def test_tokens_under_the_key_before_this_one_are_read_while_it_is_set(client, monkeypatch):
    user = await a_user()
    headers = await bearer(user.id)
    old, new = config.settings().secret_key, "n" * 16 + "another secret key"
    rotated = msgspec.structs.replace(config.settings(), secret_key=new, secret_key_previous=old)
    monkeypatch.setattr("marketplace.core.seal.settings", lambda: rotated)
    assert (await client.get("/api/v1/auth/sessions/", headers=headers)).status_code == 200
    forgotten = msgspec.structs.replace(rotated, secret_key_previous="")
    monkeypatch.setattr("marketplace.core.seal.settings", lambda: forgotten)
    assert (await client.get("/api/v1/auth/sessions/", headers=headers)).status_code == 401


async def test_what_has_served_its_time_is_deleted(client):
    kept, spent = await a_session(), await a_session()
    (await exchange(client, kept.refresh)).json()
    await db.execute(
        "UPDATE refresh_tokens SET expires_at = now() - interval '2 days' WHERE token_hash = $1",
        tokens.fingerprint(spent.refresh),
    )
    await db.execute("UPDATE sessions SET last_seen_at = now() - interval '2 years' WHERE \"user\" = $1", spent.user.id)
    await links.issue(LinkPurpose.VERIFY_EMAIL, user_id=kept.user.id)
    await db.execute("UPDATE link_tokens SET expires_at = now() - interval '2 days'")
    await links.issue(LinkPurpose.VERIFY_EMAIL, user_id=kept.user.id)
    assert await cleaning.delete_spent_refresh_tokens() == 1
    assert await cleaning.delete_spent_links() == 1
    assert await cleaning.delete_old_sessions() == 1
    assert await RefreshToken.count() == 2, "a used token stays as long as its return would show theft"
    assert await Session.count() == 1
