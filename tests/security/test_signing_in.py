"""Guessing passwords, and what is left of an account's doors once its password has changed."""

from datetime import timedelta

import pyotp
import pytest

from marketplace.accounts import passwords
from marketplace.accounts.service import second_factor
from marketplace.core import clock, ratelimit
from tests.factories import a_user, bearer

PASSWORD = "a long enough passphrase"
LOGIN = "/api/v1/auth/login/"


async def a_person(**over):
    email = "ada@example.com"
    return await a_user(email=email, username="ada", password_hash=await passwords.hashed(PASSWORD, email), **over)


@pytest.mark.parametrize(
    "spellings",
    [
        ["ada", " ada", "ADA", "ada "],
        ["ada@example.com", "ADA@example.com", "ada@EXAMPLE.com", "ada@ex\u00adample.com", "ada@ex\u00ad\u00adample.com",
         "ada@example\u3002com", "ada@\u24d4xample.com"],
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["email", "username"])
async def test_guesses_are_counted_however_the_name_is_spelt(client, field, spellings):
    await a_person()
    with ratelimit.using("*=off,login=2/15m"):
        answers = [await client.post(LOGIN, json={field: name, "password": "a wrong guess"}) for name in spellings]
        assert [answer.status_code for answer in answers] == [401, 401, *[429] * (len(spellings) - 2)]
        assert (await client.post(LOGIN, json={field: spellings[0], "password": PASSWORD})).status_code == 429


async def test_a_name_that_nobody_can_have_is_refused_as_any_other(client):
    for name in ("@", "a@", "\u0130da", "a b", "ada\u200b", "'; --", "x" * 300, "ada@[127.0.0.1]"):
        answer = await client.post(LOGIN, json={"username": name, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials"), name


async def test_a_login_that_was_half_done_dies_with_the_password(client):
    user = await a_person()
    headers = await bearer(user.id)
    app = pyotp.TOTP((await second_factor.begin(user.id, "ada")).secret)
    await second_factor.confirm(user.id, app.at(clock.now()))
    halfway = (await client.post(LOGIN, json={"username": "ada", "password": PASSWORD})).json()
    change = {"old_password": PASSWORD, "new_password": "an entirely new passphrase"}
    assert (await client.post("/api/v1/auth/password/", json=change, headers=headers)).status_code == 200
    answer = await client.post(
        "/api/v1/auth/2fa/login/",
        json={"challenge": halfway["details"]["challenge"], "code": app.at(clock.now() + timedelta(seconds=30))},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "link_invalid")


async def test_a_move_to_another_address_that_was_under_way_dies_with_the_password(client):
    from marketplace.accounts.service import links
    from marketplace.accounts.states import LinkPurpose

    user = await a_person()
    secret = await links.issue(LinkPurpose.CHANGE_EMAIL, user_id=user.id, email="thief@example.com")
    change = {"old_password": PASSWORD, "new_password": "an entirely new passphrase"}
    await client.post("/api/v1/auth/password/", json=change, headers=await bearer(user.id))
    answer = await client.post("/api/v1/auth/email/verify/", json={"token": secret})
    assert (answer.status_code, answer.json()["code"]) == (400, "link_invalid")


async def test_a_refused_login_stands_in_the_log_without_what_was_typed(client, capsys):
    await a_person()
    await client.post(LOGIN, json={"username": "my-secret-typed-here", "password": "a wrong guess"})
    said = capsys.readouterr()
    assert "login.refused" in said.err
    assert "my-secret-typed-here" not in said.err + said.out and "a wrong guess" not in said.err + said.out
