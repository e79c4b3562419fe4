"""The back office against outsiders, other pages, and staff who reach for more."""

from urllib.parse import quote

import httpx
import pyotp
import pytest

from marketplace.accounts import passwords
from marketplace.accounts.service import governance, second_factor
from marketplace.accounts.states import Role
from marketplace.accounts.tables import SecondFactor, User
from marketplace.admin.tables import StaffSession
from marketplace.core import clock, outbox, ratelimit
from tests.factories import a_user, bearer

PASSWORD = "a long enough passphrase"
LOGIN = "/admin/public/login/"


async def staff(role: Role = Role.MODERATOR) -> User:
    email = f"{role}@staff.example"
    return await a_user(role, email=email, username=role, password_hash=await passwords.hashed(PASSWORD, email))


async def signed_in_browser(client: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    await client.get("/admin/")
    client.headers["X-CSRFToken"] = client.cookies.get("csrftoken", "")
    return await client.post(LOGIN, json={"username": name, "password": password})


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"null", b"{", b"\xff", b"[" * 100_000, b'{"username": 1, "password": 2}',
        b'{"username": {"a": 1}, "password": [1]}', b'{"username": "\\ud800", "password": "x"}',
        b'{"username": "a\\u0000", "password": "x"}', b'{"username": "moderator", "password": "x", "mfa_code": 1}',
    ],
)  # fmt: skip
async def test_a_login_of_the_wrong_shape_is_a_400(client, body):
    await staff()
    await client.get("/admin/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"], "content-type": "application/json"}
    assert (await client.post(LOGIN, content=body, headers=headers)).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff", b'{"account": "\\ud800", "reason": "long enough"}']
)
@pytest.mark.parametrize("where", ["forms/ban-an-account", "mfa-setup"])
async def test_no_body_crashes_the_panel(client, body, where):
    await staff()
    await signed_in_browser(client, "moderator")
    answer = await client.post(f"/admin/api/{where}/", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (200, 400, 422) and (not body or answer.status_code == 400)
    answer = await client.post(f"/admin/api/{where}/", content=b"x", headers={"content-type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "query",
    [
        "__order=", "__page=-1", "__page=99999999999999999999", "__page_size=-5", "__page_size=100000",
        "__range_header=true&__range_header_name=%0d%0aX", "username=a%00b", "details=x", "details__match=contains",
    ],
)  # fmt: skip
@pytest.mark.parametrize("table", ["users", "notifications"])
async def test_no_question_crashes_a_table(client, table, query):
    await staff()
    await signed_in_browser(client, "moderator")
    assert (await client.get(f"/admin/api/tables/{table}/?{query}")).status_code == 400


async def test_a_table_sends_the_columns_it_shows_and_no_others(client):
    user = await a_user(phone_number="+8613812345678")
    await staff()
    await signed_in_browser(client, "moderator")
    for url in ("/admin/api/tables/users/", f"/admin/api/tables/users/{user.id}/"):
        for query in ("", "?__visible_fields=", "?__readable=true"):
            answer = await client.get(url + query)
            assert answer.status_code == 200 and user.username in answer.text
            assert user.phone_number not in answer.text and "password_hash" not in answer.text
        for field in ("phone_number", "password_hash", "id,phone_number"):
            assert (await client.get(f"{url}?__visible_fields={field}")).status_code == 400


async def test_a_page_of_another_site_gets_nowhere_even_with_the_token(client):
    user = await a_user()
    await staff()
    await signed_in_browser(client, "moderator")
    body = {"account": user.username, "reason": "forged in another page"}
    for origin in ("null", "http://evil.example", "http://test.evil.example", "http://evil.example/http://test"):
        answer = await client.post("/admin/api/forms/ban-an-account/", json=body, headers={"origin": origin})
        assert answer.status_code == 403
    answer = await client.post("/admin/api/forms/ban-an-account/", json=body, headers={"origin": "http://test"})
    assert answer.status_code == 200


async def test_the_panels_own_docs_are_closed(client):
    for path in ("public/docs/", "public/openapi.json", "api/docs/", "api//docs", "api/openapi.json", "public/docs/x"):
        assert (await client.get(f"/admin/{path}")).status_code == 404


async def test_guesses_are_counted_however_the_name_is_spelt(client):
    await staff()
    spellings = [
        "moderator", " moderator", "MODERATOR ", "moderator@staff.example", "moderator@STAFF.example",
        "moderator@st\u00adaff.example", "moderator@st\u00ad\u00adaff.example", "moderator@staff\u3002example",
    ]  # fmt: skip
    with ratelimit.using("*=off,login=1/15m"):
        for name in spellings:
            await signed_in_browser(client, name, "wrong password")
        for name in ("moderator", "moderator@staff.example"):
            assert (await signed_in_browser(client, name)).status_code == 401


async def test_an_outsider_who_guesses_locks_out_nobody_elsewhere(client, app):
    await staff()
    elsewhere = httpx.ASGITransport(app, client=("203.0.113.9", 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as outsider:
        with ratelimit.using("*=off,login=2/15m"):
            for _ in range(4):
                await signed_in_browser(outsider, "moderator", "wrong password")
            assert (await signed_in_browser(outsider, "moderator")).status_code == 401
            for _ in range(4):  # the right password is no guess
                assert (await signed_in_browser(client, "moderator")).status_code == 200


async def test_the_second_factor_is_not_turned_off_with_the_password_alone(client):
    user = await staff()
    await signed_in_browser(client, "moderator")
    app = pyotp.TOTP((await second_factor.begin(user.id, "moderator")).secret)
    await second_factor.confirm(user.id, app.at(clock.now()))
    answer = await client.post("/admin/api/mfa-setup/", json={"action": "revoke", "password": PASSWORD})
    assert answer.status_code == 403
    assert await SecondFactor.exists().where(SecondFactor.user == user.id)


async def test_a_lifted_ban_does_not_bring_an_old_sign_in_back(client):
    admin, user = await a_user(Role.ADMIN), await staff()
    await signed_in_browser(client, "moderator")
    await governance.ban_user(admin.id, user.id, "looks stolen")
    assert (await client.get("/admin/api/user/")).status_code == 401
    await governance.unban_user(admin.id, user.id)
    await outbox.drain()
    assert (await client.get("/admin/api/user/")).status_code == 401
    assert await StaffSession.count() == 0


async def test_a_role_given_again_does_not_bring_an_old_sign_in_back(client):
    admin, user = await a_user(Role.ADMIN), await staff()
    await signed_in_browser(client, "moderator")
    await governance.change_role(admin.id, user.id, Role.USER)
    await governance.change_role(admin.id, user.id, Role.MODERATOR)
    await outbox.drain()
    assert (await client.get("/admin/api/user/")).status_code == 401


async def test_signing_out_everywhere_means_the_back_office_too(client):
    user = await staff()
    await signed_in_browser(client, "moderator")
    headers = await bearer(user.id)
    assert (await client.post("/api/v1/auth/logout/all/", headers=headers)).status_code == 200
    await outbox.drain()
    assert (await client.get("/admin/api/user/")).status_code == 401


async def test_signing_out_of_one_device_leaves_the_back_office_alone(client):
    user = await staff()
    await signed_in_browser(client, "moderator")
    await client.post("/api/v1/auth/logout/", headers=await bearer(user.id))
    await outbox.drain()
    assert (await client.get("/admin/api/user/")).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "/" + quote("//evil.example", safe="")])
async def test_the_way_to_the_back_office_leads_nowhere_else(client, path):
    answer = await client.get(f"/admin{path}")
    assert "evil.example" not in answer.headers.get("location", "").split("?")[0].removeprefix("http://test/admin")


async def test_the_api_asks_staff_for_the_second_factor_too(client, configure):
    configure(admin_second_factor="required")
    user = await staff(Role.ADMIN)
    headers, target = await bearer(user.id), await a_user()
    for method, path in (("GET", "users/"), ("GET", "dashboard/"), ("GET", "settings/")):
        answer = await client.request(method, f"/api/v1/admin/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")
    ban = await client.post(f"/api/v1/admin/users/{target.id}/ban/", json={"reason": "just because"}, headers=headers)
    assert (ban.status_code, ban.json()["code"]) == (403, "second_factor_missing")
    assert (await client.get("/api/v1/auth/me/", headers=headers)).status_code == 200
    app = pyotp.TOTP((await second_factor.begin(user.id, "admin")).secret)
    assert (await client.get("/api/v1/admin/users/", headers=headers)).status_code == 403  # begun is not confirmed
    await second_factor.confirm(user.id, app.at(clock.now()))
    assert (await client.get("/api/v1/admin/users/", headers=headers)).status_code == 200


async def test_one_password_is_not_tried_on_many_names(client):
    await staff()
    with ratelimit.using("*=off,anonymous=3/m"):
        answers = [await signed_in_browser(client, f"name{n}", "Summer2026!!") for n in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
