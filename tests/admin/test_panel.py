"""The back office as a browser talks to it: cookie, CSRF token, tables, forms."""

import time

import httpx
import msgspec
import pyotp
import pytest

from marketplace.accounts import passwords
from marketplace.accounts.events import PasswordChanged
from marketplace.accounts.states import AccountStatus, Role
from marketplace.accounts.tables import User
from marketplace.admin.panel import tables
from marketplace.admin.tables import StaffSession
from marketplace.catalog.tables import Category
from marketplace.core import db, outbox
from marketplace.core.config import settings
from marketplace.core.tables import AuditLog
from tests.factories import a_user

PASSWORD = "a long enough passphrase"
ORIGIN = {"origin": "http://127.0.0.1:8000"}


async def staff(role: Role = Role.MODERATOR, **over) -> User:
    email = f"{role}@staff.example"
    return await a_user(role, email=email, password_hash=await passwords.hashed(PASSWORD, email), **over)


async def sign_in(client: httpx.AsyncClient, user: User, password: str = PASSWORD) -> httpx.Response:
    await client.get("/admin/")
    client.headers["X-CSRFToken"] = client.cookies.get("csrftoken", "")
    return await client.post("/admin/public/login/", json={"username": user.username, "password": password})


async def submit(client: httpx.AsyncClient, form: str, **values) -> httpx.Response:
    return await client.post(f"/admin/api/forms/{form}/", json=values)


async def test_only_staff_sign_in(client):
    user = await a_user(email="u@example.com", password_hash=await passwords.hashed(PASSWORD, "u@example.com"))
    assert (await sign_in(client, user)).status_code == 401
    moderator = await staff()
    assert (await sign_in(client, moderator, "wrong password")).status_code == 401
    assert (await sign_in(client, moderator)).status_code == 200
    assert (await client.get("/admin/api/user/")).json()["username"] == moderator.username


async def test_the_session_is_kept_as_a_digest(client):
    await sign_in(client, await staff())
    [row] = await StaffSession.select(StaffSession.token)
    assert client.cookies["id"] != row["token"]
    await client.post("/admin/public/logout/")
    assert await StaffSession.count() == 0


async def test_a_post_without_the_csrf_token_is_refused(client):
    await sign_in(client, await staff())
    del client.headers["X-CSRFToken"]
    assert (await submit(client, "ban-an-account", account="x", reason="no token here")).status_code == 403


async def test_a_ban_in_the_back_office_is_the_same_as_one_by_the_api(client):
    moderator, user = await staff(), await a_user()
    await sign_in(client, moderator)
    answer = await submit(client, "ban-an-account", account=user.username, reason="sold the same thing twice")
    assert answer.status_code == 200, answer.text
    row = await User.select(User.status, User.ban_reason).where(User.id == user.id).first()
    assert row == {"status": AccountStatus.BANNED, "ban_reason": "sold the same thing twice"}
    [entry] = await AuditLog.select(AuditLog.actor, AuditLog.action, AuditLog.object_id)
    assert entry == {"actor": moderator.id, "action": "user.banned", "object_id": str(user.id)}


async def test_a_refusal_is_shown_beside_the_form(client):
    moderator = await staff()
    await sign_in(client, moderator)
    answer = await submit(client, "ban-an-account", account="nobody", reason="there is no such account")
    assert answer.status_code == 422 and "nobody" in answer.json()["custom_form_error"]
    answer = await submit(client, "give-a-role", account=moderator.username, role="admin")
    assert answer.status_code == 422 and "admin" in answer.json()["custom_form_error"]


async def test_a_ban_ends_the_staff_session_at_the_next_request(client):
    moderator = await staff()
    await sign_in(client, moderator)
    await User.update({User.status: AccountStatus.BANNED}).where(User.id == moderator.id)
    assert (await client.get("/admin/api/tables/users/")).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_tables_are_only_looked_at(client, method):
    user = await a_user()
    await sign_in(client, await staff(Role.ADMIN))
    url = "/admin/api/tables/users/" if method == "POST" else f"/admin/api/tables/users/{user.id}/"
    assert (await client.request(method, url, json={"role": "admin"})).status_code in (405, 403)
    assert (await client.delete("/admin/api/tables/users/")).status_code == 405
    assert (await User.select(User.role).where(User.id == user.id).first()) == {"role": Role.USER}


async def test_secrets_are_neither_shown_nor_searched_by(client):
    await sign_in(client, await staff(Role.ADMIN))
    listed = (await client.get("/admin/api/tables/users/")).json()["rows"]
    assert listed and all(not row.get("password_hash") for row in listed)
    for query in ("password_hash=x", "__order=-password_hash", "password_hash__match=starts&password_hash=$argon"):
        assert (await client.get(f"/admin/api/tables/users/?{query}")).status_code == 400
    assert (
        await client.get("/admin/api/tables/lots/?leader_max_minor=5&leader_max_minor__operator=gt")
    ).status_code == 400


async def test_a_moderator_does_not_see_what_is_for_admins(client):
    await sign_in(client, await staff(Role.MODERATOR))
    assert (await client.get("/admin/api/tables/audit_log/")).status_code == 403
    assert (await client.get("/admin/api/tables/auctions/")).status_code == 200
    answer = await submit(client, "change-a-setting", key="auctions.x", value="1")
    assert answer.status_code == 422


async def test_the_second_factor_of_the_account_is_asked_for(client):
    moderator = await staff()
    await sign_in(client, moderator)
    page = await client.post(
        "/admin/api/mfa-setup/", json={"action": "register", "password": PASSWORD, "format": "json"}
    )
    totp = pyotp.TOTP(page.json()["secret"])
    now = int(time.time())
    answer = await submit(client, "confirm-your-authenticator-app", code="000000")
    assert answer.status_code == 422
    answer = await submit(client, "confirm-your-authenticator-app", code=totp.at(now))
    assert answer.status_code == 200 and "recovery codes" in answer.json()["custom_form_success"]
    await client.post("/admin/public/logout/")
    answer = await sign_in(client, moderator)
    assert answer.status_code == 401 and "MFA code required" in answer.text
    login = {"username": moderator.username, "password": PASSWORD, "mfa_code": totp.at(now)}
    assert (await client.post("/admin/public/login/", json=login)).status_code == 401  # used up by the confirmation
    login["mfa_code"] = totp.at(now + 30)
    assert (await client.post("/admin/public/login/", json=login)).status_code == 200


async def test_where_it_is_required_nothing_opens_without_a_second_factor(client, monkeypatch):
    config = msgspec.structs.replace(settings(), admin_second_factor="required")
    monkeypatch.setattr("marketplace.admin.staff.settings", lambda: config)
    await sign_in(client, await staff(Role.ADMIN))
    assert (await client.get("/admin/api/tables/users/")).status_code == 403
    assert (await submit(client, "ban-an-account", account="x", reason="no second factor")).status_code == 422
    answer = await client.post(
        "/admin/api/mfa-setup/", json={"action": "register", "password": PASSWORD, "format": "json"}
    )
    code = pyotp.TOTP(answer.json()["secret"]).now()
    assert (await submit(client, "confirm-your-authenticator-app", code=code)).status_code == 200
    assert (await client.get("/admin/api/tables/users/")).status_code == 200


async def test_a_new_password_ends_the_staff_sessions(client):
    moderator = await staff()
    await sign_in(client, moderator)
    answer = await client.post("/admin/api/change-password/", json={"current_password": PASSWORD})
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"
    async with db.transaction():
        await outbox.emit(PasswordChanged(moderator.id, by_reset=False))
    await outbox.drain()
    assert (await client.get("/admin/api/user/")).status_code == 401


async def test_categories_are_made_moved_and_hidden(client):
    await sign_in(client, await staff(Role.MANAGER))
    for name, below in (("Garden", ""), ("Seeds", "garden")):
        answer = await submit(client, "new-category", name=name, name_zh="", slug="", below=below)
        assert answer.status_code == 200, answer.text
    assert (await submit(client, "move-a-category", category="garden", below="seeds")).status_code == 422
    assert (await submit(client, "show-or-hide-a-category", category="seeds", shown=False)).status_code == 200
    rows = await Category.select(Category.slug, Category.is_active).order_by(Category.slug)
    assert rows == [{"slug": "garden", "is_active": True}, {"slug": "seeds", "is_active": False}]
    assert await AuditLog.count() == 3


@pytest.mark.parametrize(
    "table",
    sorted(config.table_class._meta.tablename for config in tables()),
)
async def test_every_table_opens_for_an_admin(client, table):
    await sign_in(client, await staff(Role.ADMIN))
    answer = await client.get(f"/admin/api/tables/{table}/")
    assert answer.status_code == 200, answer.text
