"""Social login against providers that run here, over HTTP."""

import asyncio
import json
import time

import msgspec
import pyotp
import pytest

from marketplace.accounts.events import SocialLinked
from marketplace.accounts.service import second_factor
from marketplace.accounts.social import registry
from marketplace.accounts.tables import SocialIdentity, User
from marketplace.core import config, db, outbox
from marketplace.core.config import ConfigError
from tests.accounts.providers import CLIENT, SECRET, Idp, running
from tests.factories import a_user, bearer, signed_in

API = "/api/v1/auth/social/"
told: list[SocialLinked] = []


@outbox.on(SocialLinked)
async def hear(event):
    told.append(event)


@pytest.fixture
async def idp(monkeypatch):
    async with running(Idp()) as provider:
        known = {"client_id": CLIENT, "client_secret": SECRET}
        text = json.dumps({
            "local": {"kind": "oidc", "issuer": provider.issuer, "trust_email": True, **known},
            "other": {"kind": "oidc", "issuer": provider.issuer, **known},
            "wechat": {"kind": "wechat", "api_url": provider.issuer, **known},
            "qq": {"kind": "qq", "api_url": provider.issuer, **known},
            "gone": {"kind": "oidc", "issuer": "http://127.0.0.1:9", **known},
        })  # fmt: skip
        changed = msgspec.structs.replace(config.settings(), social_providers=text)
        monkeypatch.setattr(registry, "settings", lambda: changed)
        registry._built.cache_clear()
        yield provider


async def started(client, provider="local", **kwargs):
    answer = await client.post(f"{API}{provider}/start/", json=kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def come_back(client, idp, provider="local", begun=None, **over):
    begun = begun or await started(client, provider)
    code, state = idp.authorize(begun["authorization_url"])
    body = {"code": code, "state": state, "code_verifier": begun["code_verifier"]} | over
    return await client.post(f"{API}{provider}/", json=body)


def user_of(answer):
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["user"]


async def test_the_first_login_makes_an_account_and_the_next_opens_it(client, idp):
    begun = await started(client)
    assert begun["authorization_url"].startswith(f"{idp.issuer}/authorize?response_type=code&client_id={CLIENT}")
    assert "code_challenge_method=S256" in begun["authorization_url"]
    assert begun["code_verifier"] not in begun["authorization_url"]
    user = user_of(await come_back(client, idp, begun=begun))
    assert (user["email"], user["is_verified"], user["full_name"]) == ("ada@example.com", True, "Ada Lovelace")
    idp.person["email"] = "changed@example.com"
    assert user_of(await come_back(client, idp))["id"] == user["id"]
    assert await User.count() == 1 and await SocialIdentity.count() == 1
    refused = await client.post("/api/v1/auth/login/", json={"email": "ada@example.com", "password": "!"})
    assert refused.status_code == 401


async def test_a_proven_address_joins_its_account_and_tells_the_owner(client, idp):
    owner = await a_user(email="ada@example.com")
    told.clear()
    assert user_of(await come_back(client, idp))["id"] == str(owner.id)
    await outbox.drain()
    assert told == [SocialLinked(owner.id, "local")]


@pytest.mark.parametrize(
    "why", ["only claimed here", "not verified there", "provider not trusted", "verified is no true"]
)
async def test_an_account_is_never_joined_by_an_address_that_is_not_proven_on_both_sides(client, idp, why):
    owner = await a_user(email="ada@example.com", **({"email_verified_at": None} if why == "only claimed here" else {}))
    if why == "not verified there":
        idp.person["email_verified"] = False
    if why == "verified is no true":
        idp.person["email_verified"] = "true"
    user = user_of(await come_back(client, idp, "other" if why == "provider not trusted" else "local"))
    assert user["id"] != str(owner.id) and user["email"] == "ada@example.com"
    assert user["is_verified"] is (why == "only claimed here")


async def test_many_first_logins_at_once_make_one_account(client, idp):
    answers = await asyncio.gather(*(come_back(client, idp) for _ in range(10)))
    assert len({user_of(a)["id"] for a in answers}) == 1
    assert await User.count() == 1 and await SocialIdentity.count() == 1


async def test_an_answer_counts_once_and_only_with_the_verifier_of_its_start(client, idp):
    begun = await started(client)
    assert (await come_back(client, idp, begun=begun, code_verifier="x" * 43)).json()["code"] == "social_login_failed"
    assert (await come_back(client, idp, begun=begun)).json()["code"] == "link_invalid"
    begun = await started(client)
    assert (await come_back(client, idp, begun=begun)).status_code == 200
    assert (await come_back(client, idp, begun=begun)).json()["code"] == "link_invalid"
    begun, other = await started(client), await started(client, "other")
    assert (await come_back(client, idp, "other", begun=begun)).json()["code"] == "link_invalid"
    assert (await come_back(client, idp, begun=other, state="made up")).json()["code"] == "link_invalid"
    begun = await started(client)
    await db.execute("UPDATE link_tokens SET expires_at = now()")
    assert (await come_back(client, idp, begun=begun)).json()["code"] == "link_invalid"
    begun = await started(client)
    assert (await come_back(client, idp, begun=begun, code="unknown")).json()["code"] == "social_login_failed"
    for body in ({"state": "x"}, {"state": "x", "code": "c", "id_token": "t"}):
        assert (await client.post(f"{API}local/", json=body)).status_code == 400
    assert await User.count() == 1


BAD_CLAIMS = [
    {"iss": "http://127.0.0.1:1"}, {"aud": "another-client"}, {"aud": [CLIENT, "another"]}, {"nonce": "other"}, {"nonce": None},
    {"exp": int(time.time()) - 3600}, {"exp": None}, {"iat": int(time.time()) + 3600}, {"sub": None}, {"sub": ""}, {"sub": "s" * 256},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD_CLAIMS)
async def test_an_id_token_that_is_not_for_this_attempt_is_refused(client, idp, change):
    idp.change = change
    answer = await come_back(client, idp)
    assert (answer.status_code, answer.json()["code"]) == (401, "social_login_failed")
    assert await User.count() == 0


async def test_an_id_token_of_the_providers_own_kit_is_taken_if_it_answers_our_nonce(client, idp):
    async def send(token, begun=None):
        begun = begun or await started(client)
        return await client.post(f"{API}local/", json={"state": begun["state"], "id_token": token(begun["nonce"])})

    assert user_of(await send(idp.id_token))["email"] == "ada@example.com"
    public = idp.key.public_key().public_numbers().n.to_bytes(256, "big")
    stranger = Idp()
    for forged in (
        lambda nonce: idp.id_token("another nonce"),
        lambda nonce: idp.id_token(nonce, key=stranger.key),
        lambda nonce: idp.id_token(nonce, key=public, algorithm="HS256"),
        lambda nonce: idp.id_token(nonce)[:-4] + "AAAA",
        lambda nonce: "e30.e30.",
        lambda nonce: "nonsense",
    ):
        answer = await send(forged)
        assert (answer.status_code, answer.json()["code"]) == (401, "social_login_failed")


async def test_new_keys_of_the_provider_are_fetched_when_needed(client, idp, monkeypatch):
    await come_back(client, idp)
    await come_back(client, idp)
    assert idp.calls == ["jwks"]
    idp.rotate("k2", elliptic=True)
    assert (await come_back(client, idp)).status_code == 401, "asked a moment ago"
    monkeypatch.setattr("marketplace.accounts.social.oidc.AGAIN_SECONDS", -1.0)
    assert (await come_back(client, idp)).status_code == 200
    assert idp.calls == ["jwks", "jwks"]


async def test_what_the_token_leaves_out_is_asked_of_userinfo_for_the_same_person(client, idp):
    idp.in_token = False
    assert user_of(await come_back(client, idp))["email"] == "ada@example.com"


async def test_a_provider_that_fails_is_a_503_and_one_that_is_not_there_too(client, idp):
    idp.fail = 500
    answer = await come_back(client, idp)
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    answer = await client.post(f"{API}gone/start/", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "provider_unavailable")
    answer = await client.post(f"{API}nobody/start/", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_provider")
    assert [p["name"] for p in (await client.get(API)).json()["data"]] == ["gone", "local", "other", "qq", "wechat"]


async def test_people_are_sent_back_to_known_pages_only(client, idp):
    answer = await client.post(f"{API}local/start/", json={"redirect_uri": "https://evil.example/"})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["redirect_uri"])
    begun = await started(client, redirect_uri="http://127.0.0.1:8000/social-login")
    assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A8000%2Fsocial-login" in begun["authorization_url"]


@pytest.mark.parametrize(("provider", "subject", "name"), [("wechat", "wx-open", "小 明"), ("qq", "qq-union", "Q")])
async def test_wechat_and_qq(client, idp, provider, subject, name):
    user = user_of(await come_back(client, idp, provider))
    assert (user["email"], user["is_verified"], user["full_name"]) == ("", False, name)
    assert (await SocialIdentity.select(SocialIdentity.subject))[0]["subject"] == subject
    assert user_of(await come_back(client, idp, provider))["id"] == user["id"]
    begun = await started(client, provider)
    assert (await come_back(client, idp, provider, begun=begun, code="used")).json()["code"] == "social_login_failed"
    begun = await started(client, provider)
    token = await client.post(f"{API}{provider}/", json={"state": begun["state"], "id_token": "x"})
    assert token.json()["code"] == "social_login_failed"
    idp.change = {"openid": "somebody else", "client_id": "another app"}
    assert (await come_back(client, idp, provider)).json()["code"] == "social_login_failed"
    assert await User.count() == 1


async def test_wechat_knows_a_person_across_apps_by_the_unionid(client, idp):
    idp.change = {"unionid": "wx-union"}
    user_of(await come_back(client, idp, "wechat"))
    assert (await SocialIdentity.select(SocialIdentity.subject))[0]["subject"] == "wx-union"


async def test_an_identity_joins_a_signed_in_account_and_leaves_it(client, idp):
    user, headers = await signed_in(password_hash="$argon2id$x")
    _, other = await signed_in()

    async def link(who, begun=None):
        begun = begun or (await client.post(f"{API}wechat/link/start/", json={}, headers=who)).json()["data"]
        code, state = idp.authorize(begun["authorization_url"])
        body = {"code": code, "state": state, "code_verifier": begun["code_verifier"]}
        return await client.post(f"{API}wechat/link/", json=body, headers=who)

    assert (await link(headers, await started(client, "wechat"))).json()["code"] == "link_invalid", "begun by nobody"
    assert [one["provider"] for one in (await link(headers)).json()["data"]] == ["wechat"]
    assert user_of(await come_back(client, idp, "wechat"))["id"] == str(user.id)
    assert (await link(other)).json()["code"] == "identity_taken"
    assert len((await client.get(f"{API}links/", headers=headers)).json()["data"]) == 1
    assert (await client.delete(f"{API}wechat/link/", headers=headers)).status_code == 204
    assert (await client.delete(f"{API}wechat/link/", headers=headers)).status_code == 404


async def test_the_last_way_in_stays(client, idp):
    user = user_of(await come_back(client, idp, "wechat"))
    answer = await client.delete(f"{API}wechat/link/", headers=await bearer(user["id"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "last_way_in")
    assert await SocialIdentity.count() == 1


async def test_bans_and_second_factors_hold_here_too(client, idp):
    user = user_of(await come_back(client, idp))
    [user_id] = await User.select(User.id).output(as_list=True)
    enrolment = await second_factor.enrol(user_id, None, second_factor.Client())
    await second_factor.confirm(user_id, pyotp.TOTP(enrolment.secret).now())
    answer = await come_back(client, idp)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    await second_factor.forget_second_factor(user_id)
    await db.execute("UPDATE users SET status = 'banned'")
    answer = await come_back(client, idp)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_banned")
    assert user["id"] == str(user_id)


@pytest.mark.parametrize("wrong", ["[]", "{", '{"x": {"kind": "saml"}}', '{"x": {"kind": "qq", "client_id": "1"}}', '{"X Y": {"kind": "qq", "client_id": "1", "client_secret": "2"}}'])  # fmt: skip
def test_a_wrong_setting_is_named(wrong):
    with pytest.raises(ConfigError, match="MARKETPLACE_SOCIAL_PROVIDERS"):
        registry._built(wrong)
