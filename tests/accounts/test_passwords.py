"""Which passwords are taken, how they are kept, changed and reset."""

import asyncio
import unicodedata

import pytest
from argon2 import Type
from argon2.low_level import hash_secret
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from marketplace.accounts import passwords
from marketplace.accounts.events import PasswordChanged
from marketplace.accounts.password_rules import why_not
from marketplace.accounts.service import second_factor
from marketplace.accounts.service.login import check_credentials
from marketplace.accounts.tables import SecondFactor, User
from marketplace.core import db, kv, outbox, ratelimit
from tests.accounts.letters import letters, token_to
from tests.factories import a_user, bearer

GOOD = "correct horse battery"
NEW = "another staple entirely"
told: list[PasswordChanged] = []


@outbox.on(PasswordChanged)
async def hear(event):
    told.append(event)


async def with_password(password=GOOD, **over):
    over.setdefault("email", "ada@example.com")
    return await a_user(password_hash=await passwords.hashed(password, over["email"]), **over)


async def log_in(client, password, name="ada@example.com"):
    return (await client.post("/api/v1/auth/login/", json={"email": name, "password": password})).status_code


@pytest.mark.parametrize(
    "good",
    [
        "SecurePass123!",
        "securepassword123",
        "          x",
        "密码密码密码安全吗一二",
        "🐎🔋🧷🐎🔋🧷📎🐎🔋📎",
        "x" * 5 + "y" * 5,
        GOOD,
        "a" * 64 + "b" * 64,
    ],
)
def test_these_pass(good):
    assert why_not(good, ("john@example.com", "johnny", "John", "Doe")) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("short", "characters or more"),
        ("k" * 64 + "l" * 65, "at most"),
        ("password123", "leaked"),
        ("PASSWORD123", "leaked"),
        ("1q2w3e4r5t6y", "leaked"),
        ("aaaaaaaaaaaa", "pattern"),
        ("abcabcabcabcabc", "pattern"),
        ("qwertyuiopasdf", "pattern"),
        ("zyxwvutsrqponm", "pattern"),
        ("john@example.com", "too much like"),
        ("JohnDoe1234", "too much like"),
        ("john.doe.2024", "too much like"),
        ("marketplace123", "too much like"),
        ("ｐａｓｓｗｏｒｄ１２３", "leaked"),
    ],
)  # fmt: skip
def test_these_are_refused_with_the_reason(bad, reason):
    assert reason in " ".join(why_not(bad, ("john@example.com", "johnny", "John", "Doe")))


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text):
    reasons = why_not(text, ("john@example.com", "johnny"))
    assert reasons or len(unicodedata.normalize("NFKC", text)) in range(10, 129)


async def test_a_password_matches_however_its_letters_were_composed():
    stored = await passwords.hashed("Café au lait 12", "a@example.com")
    assert await passwords.match("Café au lait 12", [stored], "a@example.com") == 0
    assert await passwords.match("Cafe au lait 12", [stored], "a@example.com") is None


async def test_one_computation_decides_among_any_number_of_claims(monkeypatch):
    stored = [await passwords.hashed(f"password number {n}", "a@example.com") for n in range(5)]
    computed = []
    true_hash = passwords.hash_secret
    monkeypatch.setattr(passwords, "hash_secret", lambda *a: computed.append(a) or true_hash(*a))
    for rows in (stored, stored[:1], [], [passwords.UNUSABLE], ["broken"]):
        computed.clear()
        found = await passwords.match("password number 4", rows, "a@example.com")
        assert found == (4 if rows is stored else None)
        assert len(computed) == 1, "the time must not tell how many accounts claim an address"


async def test_a_hash_with_old_parameters_still_opens_and_is_made_anew(tables):
    old = hash_secret(GOOD.encode(), b"0123456789abcdef", 1, 8 * 1024, 1, 32, Type.ID).decode()
    user = await a_user(email="ada@example.com", password_hash=old)
    assert await check_credentials("ada@example.com", GOOD) == user.id
    fresh = (await User.select(User.password_hash).where(User.id == user.id))[0]["password_hash"]
    assert fresh != old and passwords.is_current(fresh, "ada@example.com")
    assert await check_credentials(user.username, GOOD) == user.id


async def test_a_change_needs_the_old_password_and_ends_the_other_devices(client):
    user = await with_password()
    mine, other = await bearer(user.id), await bearer(user.id)
    told.clear()

    async def change(**body):
        return await client.post("/api/v1/auth/password/", json=body, headers=mine)

    refused = await change(old_password="not this one", new_password=NEW)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert "old_password" in refused.json()["errors"]
    for body, field in (
        ({"old_password": GOOD, "new_password": "short"}, "new_password"),
        ({"old_password": GOOD, "new_password": NEW, "password_confirm": "other"}, "password_confirm"),
        ({"new_password": NEW}, "old_password"),
        ({"old_password": GOOD}, "new_password"),
        ({"old_password": GOOD, "new_password": "ada@example.com"}, "new_password"),
    ):
        answer = await change(**body)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    answer = await change(current_password=GOOD, new_password=NEW, new_password_confirm=NEW)
    assert answer.status_code == 200, answer.text
    assert (await client.get("/api/v1/auth/sessions/", headers=mine)).status_code == 200
    assert (await client.get("/api/v1/auth/sessions/", headers=other)).status_code == 401
    assert await log_in(client, GOOD) == 401 and await log_in(client, NEW) == 200
    await outbox.drain()
    assert told == [PasswordChanged(user.id, by_reset=False)]


async def test_two_changes_at_once_leave_one_new_password(client):
    user = await with_password()
    headers = await bearer(user.id)
    answers = await asyncio.gather(*(
        client.post("/api/v1/auth/password/", json={"old_password": GOOD, "new_password": f"{NEW} {n}"}, headers=headers)
        for n in range(5)
    ))  # fmt: skip
    assert sorted(a.status_code for a in answers) == [200, 403, 403, 403, 403]
    [n] = [n for n, a in enumerate(answers) if a.status_code == 200]
    assert await log_in(client, f"{NEW} {n}") == 200


async def test_a_change_to_the_password_of_another_claim_tells_nothing(client):
    owner = await with_password()
    await with_password(NEW, email_verified_at=None)
    headers = await bearer(owner.id)
    answer = await client.post(
        "/api/v1/auth/password/", json={"old_password": GOOD, "new_password": NEW}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    assert await check_credentials(owner.username, NEW) == owner.id
    assert await check_credentials("ada@example.com", NEW) == owner.id, "who has proven the address comes first"


async def test_a_reset_link_is_good_once_and_signs_every_device_out(client, mailbox):
    user = await with_password()
    headers = await bearer(user.id)
    asked = await client.post("/api/v1/auth/password/reset/", json={"email": "ADA@example.com"})
    assert asked.status_code == 200
    token = await token_to("ada@example.com")
    confirm = "/api/v1/auth/password/reset/confirm/"
    refused = await client.post(confirm, json={"token": token, "password": "password123"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["password"])
    told.clear()
    answers = await asyncio.gather(*(
        client.post(confirm, json={"token": token, "new_password": f"{NEW} {n}", "password_confirm": f"{NEW} {n}"}) for n in range(5)
    ))  # fmt: skip
    assert sorted(a.status_code for a in answers) == [200, 400, 400, 400, 400]
    assert {a.json()["code"] for a in answers if a.status_code == 400} == {"link_invalid"}
    [n] = [n for n, a in enumerate(answers) if a.status_code == 200]
    assert await log_in(client, f"{NEW} {n}") == 200 and await log_in(client, GOOD) == 401
    assert (await client.get("/api/v1/auth/sessions/", headers=headers)).status_code == 401
    await outbox.drain()
    assert told == [PasswordChanged(user.id, by_reset=True)]


async def test_asking_for_a_reset_tells_nobody_whether_there_is_an_account(client, mailbox):
    await with_password()
    await a_user(email="banned@example.com", status="banned")
    answers = [
        await client.post("/api/v1/auth/password/reset", json={"email": e})
        for e in ("ada@example.com", "nobody@example.com", "banned@example.com")
    ]
    assert len({(a.status_code, a.text) for a in answers}) == 1
    assert len(await letters("ada@example.com")) == 1
    assert await letters("nobody@example.com") == [] == await letters("banned@example.com")


async def test_a_link_has_an_end_and_a_used_link_ends_its_sisters(client, mailbox):
    await with_password()
    for _ in range(2):
        await client.post("/api/v1/auth/password/reset/", json={"email": "ada@example.com"})
    found = [t.split("?token=")[1].split()[0] for _, t in await letters("ada@example.com")]
    assert len(set(found)) == 2

    async def reset(token):
        answer = await client.post("/api/v1/auth/password/reset/confirm/", json={"token": token, "password": NEW})
        return answer.status_code

    verify = await client.post("/api/v1/auth/email/verify/", json={"token": found[0]})
    assert verify.status_code == 400, "a link is good for one purpose"
    await db.execute("UPDATE link_tokens SET expires_at = now()")
    assert await reset(found[0]) == 400
    await db.execute("UPDATE link_tokens SET expires_at = now() + interval '1 minute'")
    assert await reset(found[0]) == 200
    assert await reset(found[1]) == 400


async def test_a_reset_takes_an_unproven_account_from_whoever_made_it(client, mailbox):
    squatter = await with_password("squatters password", email_verified_at=None)
    await db.execute(
        "INSERT INTO social_identities (id, \"user\", provider, subject) VALUES (gen_random_uuid(), $1, 'x', 'y')",
        squatter.id,
    )
    await SecondFactor(id=squatter.id, user=squatter.id, secret="x").save()
    await db.execute("UPDATE second_factors SET confirmed_at = now()")
    await client.post("/api/v1/auth/password/reset/", json={"email": "ada@example.com"})
    token = await token_to("ada@example.com")
    answer = await client.post("/api/v1/auth/password/reset/confirm/", json={"token": token, "password": NEW})
    assert answer.status_code == 200
    assert not (await second_factor.second_factor_of(squatter.id)).enabled
    assert await db.fetch_val("SELECT count(*) FROM social_identities") == 0
    assert await log_in(client, NEW) == 200
    assert (await User.select(User.email_verified_at))[0]["email_verified_at"] is not None


async def test_limits_of_login_and_reset(client, mailbox):
    await with_password()
    with ratelimit.using("*=off,login=5/15m,password_reset=5/h"):
        for _ in range(4):
            assert await log_in(client, "wrong password") == 401
        assert await log_in(client, GOOD) == 200, "a right password forgets the wrong ones"
        for _ in range(5):
            assert await log_in(client, "wrong password") == 401
        refused = await client.post("/api/v1/auth/token/", json={"username": " Ada@example.com", "password": GOOD})
        assert refused.status_code == 429 and int(refused.headers["retry-after"]) > 0
        assert await log_in(client, "wrong password", "nobody@example.com") == 401
        codes = [
            (await client.post("/api/v1/auth/password/reset/", json={"email": f"x{n}@example.com"})).status_code
            for n in range(6)
        ]
        assert codes == [200] * 5 + [429]


async def test_logins_go_on_without_redis_and_guessing_does_not(client, monkeypatch):
    await with_password()
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(kv, "client", lambda: away)
    monkeypatch.setattr(ratelimit, "_away_until", 0.0)
    with ratelimit.using("*=off,login=5/15m"):
        assert await log_in(client, GOOD) == 200
        outcomes = [await log_in(client, "wrong password") for _ in range(6)]
        assert outcomes == [401] * 5 + [429]
        assert await log_in(client, GOOD) == 429
    monkeypatch.setattr(ratelimit, "_away_until", 0.0)
