import pytest

from marketplace.accounts.errors import UsernameTaken
from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.login import check_credentials
from marketplace.accounts.service.staff import create_staff
from marketplace.accounts.states import Role
from marketplace.accounts.tables import User
from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from tests.factories import a_user, bearer

pytestmark = pytest.mark.usefixtures("tables")


def wanted(**over):
    return Registration(
        **({"email": "root@example.com", "username": "root-person", "password": "correct horse battery"} | over)
    )


async def test_a_staff_account_is_verified_has_its_role_and_can_sign_in():
    user_id = await create_staff(wanted(), Role.ADMIN)
    [row] = await User.select(User.role, User.email_verified_at).where(User.id == user_id)
    assert row["role"] == "admin" and row["email_verified_at"] is not None
    assert await check_credentials("root@example.com", "correct horse battery") == user_id
    assert await db.fetch_val("SELECT after->>'role' FROM audit_log") == "admin"


async def test_again_it_is_the_way_back_in(client):
    user_id = await create_staff(wanted(), Role.ADMIN)
    headers = await bearer(user_id)
    await User.update({User.status: "banned", User.role: "user"}).where(User.id == user_id)
    assert await create_staff(wanted(password="another staple entirely"), Role.ADMIN) == user_id
    assert await check_credentials("root-person", "another staple entirely") == user_id
    assert (await client.get("/api/v1/auth/sessions/", headers=headers)).status_code == 401
    assert await User.count() == 1


async def test_it_takes_nobody_elses_name_or_address():
    await a_user(email="root@example.com", username="owner")
    with pytest.raises(ValidationFailed) as refused:
        await create_staff(wanted(), Role.ADMIN)
    assert refused.value.fields == {"email": ["This address belongs to the account owner."]}
    with pytest.raises(UsernameTaken):
        await create_staff(wanted(email="other@example.com", username="OWNER"), Role.ADMIN)
    with pytest.raises(ValidationFailed):
        await create_staff(wanted(password="short"), Role.ADMIN)
    assert await User.count() == 1
