"""Whose an address is: claims, letters, proof."""

import asyncio

from marketplace.accounts import passwords
from marketplace.accounts.tables import User
from marketplace.core import ratelimit
from tests.accounts.letters import letters, token_to
from tests.factories import a_user, bearer, signed_in

BODY = {"email": "ada@example.com", "password": "correct horse battery"}


async def registered(client, **over):
    answer = await client.post(
        "/api/v1/auth/register/", json=BODY | over, headers={"accept-language": "zh-CN,en;q=0.5"}
    )
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    return data["user"], {"authorization": f"Bearer {data['access']}"}


async def verify(client, token):
    return await client.post("/api/v1/auth/email/verify/", json={"token": token})


async def test_the_link_in_the_letter_verifies_the_address_once(client, mailbox):
    user, headers = await registered(client)
    [(subject, text)] = await letters("ada@example.com")
    assert subject == "请验证您的邮箱地址" and "http://127.0.0.1:8000/#/verify-email?token=" in text
    token = await token_to("ada@example.com")
    answers = await asyncio.gather(*(verify(client, token) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 400, 400, 400, 400]
    [good] = [a.json()["data"]["user"] for a in answers if a.status_code == 200]
    assert good["id"] == user["id"] and good["is_verified"] is True
    assert {a.json()["code"] for a in answers if a.status_code == 400} == {"link_invalid"}
    again = await client.post("/api/v1/auth/email/resend/", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "already_verified")


async def test_the_owner_of_an_address_hears_of_a_registration_with_it(client, mailbox):
    owner = await a_user(email="ada@example.com", username="the-owner")
    _, headers = await registered(client)
    [(subject, text)] = await letters("ada@example.com")
    assert subject == "You have an account already" and "the-owner" in text and "token=" not in text
    resent = await client.post("/api/v1/auth/email/resend/", headers=headers)
    assert resent.status_code == 202
    assert [s for s, _ in await letters("ada@example.com")] == ["You have an account already"] * 2
    assert await User.count().where(User.email_verified_at.is_not_null()) == 1
    assert (await User.select(User.id).where(User.email_verified_at.is_not_null()))[0]["id"] == owner.id


async def test_of_many_claims_whoever_opens_the_link_first_has_the_address(client, mailbox):
    for n in range(4):
        await registered(client, password=f"correct horse battery {n}")
    found = [t.split("?token=")[1].split()[0] for _, t in await letters("ada@example.com")]
    answers = await asyncio.gather(*(verify(client, token) for token in found))
    assert sorted(a.status_code for a in answers) == [200, 400, 400, 400]
    assert await User.count() == 4
    assert await User.count().where(User.email_verified_at.is_not_null()) == 1


async def test_a_new_letter_can_be_asked_for_but_not_without_end(client, mailbox):
    _, headers = await signed_in(email="ada@example.com", email_verified_at=None)
    with ratelimit.using("*=off,verification=2/h"):
        codes = [(await client.post("/api/v1/auth/email/resend/", headers=headers)).status_code for _ in range(3)]
    assert codes == [202, 202, 429]
    assert len(await letters("ada@example.com")) == 2
    assert (await verify(client, await token_to("ada@example.com"))).status_code == 200
    assert (await client.post("/api/v1/auth/email/resend/")).status_code == 401


async def test_strangers_cannot_flood_an_address(client, mailbox):
    with ratelimit.using("*=off,letters=3/d"):
        for n in range(5):
            await registered(client, password=f"correct horse battery {n}")
        assert len(await letters("ada@example.com")) == 3


async def test_no_letter_goes_to_an_account_that_is_banned(client, mailbox):
    user = await a_user(email="ada@example.com", email_verified_at=None)
    headers = await bearer(user.id)
    assert (await client.post("/api/v1/auth/email/resend/", headers=headers)).status_code == 202
    await User.update({User.status: "banned"}).where(User.id == user.id)
    assert await letters("ada@example.com") == []


async def test_registrations_are_limited_by_network_address(client):
    with ratelimit.using("*=off,register=3/h"):
        codes = [
            (await client.post("/api/v1/auth/register/", json=BODY | {"email": f"a{n}@example.com"})).status_code
            for n in range(4)
        ]
        wrong = await client.post("/api/v1/auth/register/", json=BODY | {"email": "no"})
    assert codes == [201] * 3 + [429]
    assert wrong.status_code == 400


async def test_an_account_moves_to_an_address_once_its_link_is_opened(client, mailbox):
    password = "correct horse battery"
    user = await a_user(email="old@example.com", password_hash=await passwords.hashed(password, "old@example.com"))
    headers = await bearer(user.id)

    async def ask(email, given=password):
        body = {"email": email, "password": given}
        return (await client.post("/api/v1/auth/email/change/", json=body, headers=headers)).status_code

    assert await ask("new@example.com", "wrong password") == 403
    assert await ask("no address") == 400
    assert await ask("New@Example.com") == 202
    token = await token_to("new@example.com")
    assert (await User.select(User.email))[0]["email"] == "old@example.com"
    moved = await verify(client, token)
    assert moved.json()["data"]["user"]["email"] == "new@example.com"
    assert (await verify(client, token)).json()["code"] == "link_invalid"
    assert [s for s, _ in await letters("old@example.com")] == ["Your account has a new address"]
    for email, code in (("new@example.com", 200), ("old@example.com", 401), ("new@example.com", 200)):
        answer = await client.post("/api/v1/auth/login/", json={"email": email, "password": password})
        assert answer.status_code == code


async def test_no_account_moves_to_an_address_that_is_taken_and_asking_tells_nothing(client, mailbox):
    await a_user(email="taken@example.com")
    _, headers = await signed_in()
    answers = [
        await client.post("/api/v1/auth/email/change/", json={"email": email}, headers=headers)
        for email in ("taken@example.com", "free@example.com")
    ]
    assert [(a.status_code, a.json()) for a in answers] == [(202, answers[0].json())] * 2
    assert [s for s, _ in await letters("taken@example.com")] == ["You have an account already"]
    late = await token_to("free@example.com")
    await a_user(email="free@example.com")
    assert (await verify(client, late)).json()["code"] == "link_invalid"
