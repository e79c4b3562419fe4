from marketplace.accounts.states import AccountStatus, Role
from marketplace.accounts.tables import User
from marketplace.core import platform
from marketplace.core.tables import AuditLog
from tests.factories import a_user, signed_in

SEATS = platform.define("test.seats", int, 3, "A test's setting.")


async def test_only_staff_come_in(client):
    _, headers = await signed_in()
    assert (await client.get("/api/v1/admin/users/")).status_code == 401
    assert (await client.get("/api/v1/admin/users/", headers=headers)).status_code == 403
    _, headers = await signed_in(Role.MODERATOR)
    answer = await client.get("/api/v1/admin/users/?role=moderator", headers=headers)
    assert answer.status_code == 200 and answer.json()["data"]["count"] == 1


async def test_a_ban_needs_a_reason_and_counts_at_once(client):
    _, staff = await signed_in(Role.MODERATOR)
    user, headers = await signed_in()
    url = f"/api/v1/admin/users/{user.id}/ban/"
    answer = await client.post(url, json={}, headers=staff)
    assert answer.status_code == 400 and "reason" in answer.json()["errors"]
    assert (await client.get("/api/v1/users/me/", headers=headers)).status_code == 200
    answer = await client.post(url, json={"reason": "sold what was not theirs"}, headers=staff)
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "banned"
    assert (await client.get("/api/v1/users/me/", headers=headers)).status_code in (401, 403)
    assert (await client.post(url, json={"reason": "once more, please"}, headers=staff)).status_code == 409
    answer = await client.post(f"/api/v1/admin/users/{user.id}/unban/", headers=staff)
    assert answer.status_code == 200 and answer.json()["data"]["status"] == "active"


async def test_put_and_patch_change_all_or_nothing(client):
    _, admin = await signed_in(Role.ADMIN)
    user = await a_user(email_verified_at=None)
    url = f"/api/v1/admin/users/{user.id}/"
    answer = await client.patch(url, json={"is_verified": True, "status": "erased"}, headers=admin)
    assert answer.status_code == 400
    row = await User.select(User.email_verified_at).where(User.id == user.id).first()
    assert row == {"email_verified_at": None}
    answer = await client.put(url, json={"is_verified": True, "role": "moderator"}, headers=admin)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["role"] == "moderator" and answer.json()["data"]["is_verified"] is True
    assert await AuditLog.count() == 2


async def test_a_moderator_gives_no_roles(client):
    moderator, headers = await signed_in(Role.MODERATOR)
    user = await a_user()
    answer = await client.patch(f"/api/v1/admin/users/{user.id}/", json={"role": "admin"}, headers=headers)
    assert answer.status_code == 403
    answer = await client.patch(f"/api/v1/admin/users/{moderator.id}/", json={"role": "admin"}, headers=headers)
    assert answer.status_code in (403, 409)
    assert await User.count().where(User.role == Role.ADMIN) == 0


async def test_settings_change_together_and_are_audited(client):
    _, manager = await signed_in(Role.MANAGER)
    admin, headers = await signed_in(Role.ADMIN)
    assert (await client.put("/api/v1/admin/settings/", json={"test.seats": 5}, headers=manager)).status_code == 403
    answer = await client.put("/api/v1/admin/settings/", json={"test.seats": 5, "no.such": 1}, headers=headers)
    assert answer.status_code == 400 and "no.such" in answer.json()["errors"]
    answer = await client.put("/api/v1/admin/settings/", json={"test.seats": 5}, headers=headers)
    assert answer.status_code == 200
    assert {"key": "test.seats", "value": 5, "default": 3, "description": "A test's setting."} in answer.json()["data"]
    assert await SEATS.value() == 5
    [entry] = await AuditLog.select(AuditLog.actor, AuditLog.action, AuditLog.object_id)
    assert entry == {"actor": admin.id, "action": "setting.changed", "object_id": "test.seats"}


async def test_the_dashboard_counts(client):
    _, headers = await signed_in(Role.MANAGER)
    await a_user(status=AccountStatus.BANNED)
    figures = (await client.get("/api/v1/admin/dashboard/", headers=headers)).json()["data"]
    assert figures["users"] == 2 and figures["banned_users"] == 1 and figures["auctions_active"] == 0
