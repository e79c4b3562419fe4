"""The authenticator app, its recovery codes, and logins that ask for it."""

import asyncio

import pyotp

from marketplace.accounts import passwords
from marketplace.accounts.service import second_factor
from marketplace.accounts.tables import RecoveryCode, SecondFactor
from marketplace.core import clock, db, ratelimit
from tests.factories import a_user, bearer

PASSWORD = "correct horse battery"
API = "/api/v1/auth/2fa/"


async def a_person(client, **over):
    user = await a_user(
        email="ada@example.com", password_hash=await passwords.hashed(PASSWORD, "ada@example.com"), **over
    )
    return user, await bearer(user.id)


async def ask(client, path, body, headers):
    answer = await client.post(API + path, json=body, headers=headers)
    return answer.status_code, answer.json()["data"] if answer.status_code < 300 else answer.json()


async def turned_on(client, headers):
    """(app, recovery codes): the factor is on, and the app's present code is not used up."""
    _, enrolment = await ask(client, "", {"password": PASSWORD}, headers)
    app = pyotp.TOTP(enrolment["secret"])
    status, data = await ask(client, "confirm/", {"code": app.now()}, headers)
    assert status == 200, data
    await forget_used_codes()
    return app, data["recovery_codes"]


async def forget_used_codes():
    await db.execute("UPDATE second_factors SET last_step = 0")


async def log_in(client, **more):
    answer = await client.post("/api/v1/auth/login/", json={"email": "ada@example.com", "password": PASSWORD, **more})
    return answer.status_code, answer.json()


async def test_enrolling_takes_the_password_and_a_code(client):
    _, headers = await a_person(client)
    assert (await ask(client, "", {}, headers))[0] == 403
    assert (await ask(client, "", {"password": "wrong one here"}, headers))[1]["code"] == "wrong_password"
    assert (await ask(client, "confirm/", {"code": "123456"}, headers))[1]["code"] == "second_factor_off"
    _, enrolment = await ask(client, "enrol/", {"password": PASSWORD}, headers)
    assert enrolment["otpauth_uri"].startswith(
        "otpauth://totp/Marketplace:ada%40example.com?secret=" + enrolment["secret"]
    )
    assert enrolment["qr_code"].startswith("data:image/svg+xml;base64,")
    [kept] = await SecondFactor.select(SecondFactor.secret, exclude_secrets=False)
    assert enrolment["secret"] not in kept["secret"]
    app = pyotp.TOTP(enrolment["secret"])
    wrong = f"{(int(app.now()) + 1) % 1_000_000:06}"
    assert (await ask(client, "confirm/", {"code": wrong}, headers))[1]["code"] == "wrong_code"
    assert (await log_in(client))[0] == 200, "not on until a code was seen"
    status, data = await ask(client, "confirm/", {"code": app.now()}, headers)
    assert status == 200 and len(set(data["recovery_codes"])) == 10
    hashes = await RecoveryCode.select(RecoveryCode.code_hash).output(as_list=True)
    assert not set(hashes) & set(data["recovery_codes"]) and len(hashes) == 10
    shown = await client.get(API, headers=headers)
    assert shown.json()["data"] == {"enabled": True, "recovery_codes_left": 10}
    assert (await ask(client, "", {"password": PASSWORD}, headers))[1]["code"] == "second_factor_on"
    assert (await ask(client, "confirm/", {"code": app.now()}, headers))[1]["code"] == "second_factor_on"


async def test_a_login_answers_with_a_challenge_that_a_code_completes(client):
    user, headers = await a_person(client)
    app, _ = await turned_on(client, headers)
    status, refusal = await log_in(client)
    assert (status, refusal["code"]) == (401, "second_factor_required")
    challenge = refusal["details"]["challenge"]
    assert refusal["details"]["methods"] == ["totp", "recovery_code"]
    assert (await ask(client, "login/", {"challenge": challenge, "code": "AAAA-AAAA"}, {}))[1]["code"] == "wrong_code"
    status, data = await ask(client, "login/", {"challenge": challenge, "code": app.now()}, {})
    assert status == 200 and data["user"]["id"] == str(user.id)
    assert (await ask(client, "login/", {"challenge": challenge, "code": app.now()}, {}))[1]["code"] == "link_invalid"
    await forget_used_codes()
    assert (await log_in(client, code=app.now()))[0] == 200
    registered = await client.post("/api/v1/auth/register/", json={"email": "ada@example.com", "password": PASSWORD})
    assert (registered.status_code, registered.json()["code"]) == (401, "second_factor_required")


async def test_a_code_is_good_once_also_for_many_at_once(client):
    _, headers = await a_person(client)
    app, _ = await turned_on(client, headers)
    code = app.now()
    outcomes = await asyncio.gather(*(log_in(client, code=code) for _ in range(10)))
    assert sorted(status for status, _ in outcomes) == [200] + [401] * 9
    earlier = app.at(clock.now().timestamp() - 30)
    assert (await log_in(client, code=earlier))[0] == 401, "a code from before the last one taken"


async def test_codes_of_neighbouring_steps_count_and_others_do_not(client):
    _, headers = await a_person(client)
    app, _ = await turned_on(client, headers)
    now = clock.now().timestamp()
    assert (await log_in(client, code=app.at(now - 120)))[0] == 401
    assert (await log_in(client, code=app.at(now + 120)))[0] == 401
    assert (await log_in(client, code=app.at(now)))[0] == 200


async def test_a_recovery_code_opens_once_and_new_ones_replace_the_old(client):
    _, headers = await a_person(client)
    _, codes = await turned_on(client, headers)
    outcomes = await asyncio.gather(*(log_in(client, code=codes[0].lower()) for _ in range(5)))
    assert sorted(status for status, _ in outcomes) == [200] + [401] * 4
    status, data = await ask(client, "recovery-codes/", {"code": codes[1]}, headers)
    assert status == 200 and not set(codes) & set(data["recovery_codes"])
    assert (await log_in(client, code=codes[2]))[0] == 401
    assert (await log_in(client, code=data["recovery_codes"][0].replace("-", " ")))[0] == 200


async def test_turning_it_off_takes_a_code(client):
    _, headers = await a_person(client)
    _, codes = await turned_on(client, headers)
    assert (await ask(client, "disable/", {"code": "ABCDEFGH"}, headers))[1]["code"] == "wrong_code"
    assert (await ask(client, "disable/", {"code": codes[3]}, headers))[0] == 200
    assert (await log_in(client))[0] == 200
    assert (await ask(client, "disable/", {"code": codes[4]}, headers))[1]["code"] == "second_factor_off"
    assert await RecoveryCode.count() == 0


async def test_guessing_is_limited_by_challenge_and_by_account(client):
    _, headers = await a_person(client)
    app, _ = await turned_on(client, headers)
    _, refusal = await log_in(client)
    challenge = refusal["details"]["challenge"]
    outcomes = [
        (await ask(client, "login/", {"challenge": challenge, "code": "ABCDEFGH"}, {}))[1]["code"] for _ in range(6)
    ]
    assert outcomes == ["wrong_code"] * 5 + ["link_invalid"]
    with ratelimit.using("*=off,second_factor=5/15m"):
        codes = [(await log_in(client, code="ABCDEFGH"))[0] for _ in range(6)]
        assert codes == [401] * 5 + [429]
        assert (await log_in(client, code=app.now()))[0] == 429


async def test_an_account_without_a_password_enrols_without_one(client):
    user = await a_user()
    enrolment = await second_factor.enrol(user.id, None, second_factor.Client())
    await second_factor.confirm(user.id, pyotp.TOTP(enrolment.secret).now())
    assert (await second_factor.second_factor_of(user.id)).enabled


async def test_a_sealed_secret_opens_for_its_own_account_only(client):
    user, headers = await a_person(client)
    app, _ = await turned_on(client, headers)
    thief = await a_user()
    await second_factor.enrol(thief.id, None, second_factor.Client())
    await db.execute(
        'UPDATE second_factors SET secret = (SELECT secret FROM second_factors WHERE "user" = $1), confirmed_at = now() WHERE "user" = $2',
        user.id, thief.id,
    )  # fmt: skip
    answer = await client.post(API + "disable/", json={"code": app.now()}, headers=await bearer(thief.id))
    assert answer.status_code == 500
