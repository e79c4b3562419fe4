import asyncio

import asyncpg
import pytest

from marketplace.accounts.errors import OwnAccount
from marketplace.accounts.service import governance
from marketplace.accounts.states import Role
from marketplace.accounts.tables import Session, User
from marketplace.core import audit, db
from marketplace.core.errors import Conflict, Forbidden, NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from tests.factories import a_user, signed_in

pytestmark = pytest.mark.usefixtures("tables")


async def the_audit():
    return [
        (r["action"], r["actor"], r["object_id"], r["reason"])
        for r in await db.fetch("SELECT * FROM audit_log ORDER BY seq")
    ]


async def test_a_ban_counts_at_the_next_request_and_is_in_the_log(client):
    staff, (user, headers) = await a_user(Role.MODERATOR), await signed_in()
    assert (await client.post("/api/v1/auth/logout/all/", headers=(await signed_in())[1])).status_code == 200
    await governance.ban_user(staff.id, user.id, " spam ")
    answer = await client.post("/api/v1/auth/logout/all/", headers=headers)
    assert answer.status_code == 401
    assert await the_audit() == [("user.banned", staff.id, str(user.id), "spam")]
    [row] = await User.select().where(User.id == user.id)
    assert (row["status"], row["ban_reason"]) == ("banned", "spam")
    assert [s["end_reason"] for s in await Session.select().where(Session.user == user.id)] == ["banned"]
    with pytest.raises(IllegalTransition):
        await governance.ban_user(staff.id, user.id, "again")
    await governance.unban_user(staff.id, user.id, "a mistake")
    assert (await client.post("/api/v1/auth/logout/all/", headers=headers)).status_code == 401


async def test_nobody_acts_above_their_rank():
    people = {role: await a_user(role) for role in Role}
    other_manager = await a_user(Role.MANAGER)
    for actor, target in (
        (Role.USER, Role.USER), (Role.MODERATOR, Role.MANAGER), (Role.MANAGER, Role.ADMIN),
    ):  # fmt: skip
        victim = people[target] if actor is not target else await a_user(target)
        with pytest.raises(Forbidden):
            await governance.ban_user(people[actor].id, victim.id, "no")
    with pytest.raises(Forbidden):
        await governance.ban_user(people[Role.MANAGER].id, other_manager.id, "no")
    with pytest.raises(Forbidden):
        await governance.change_role(people[Role.MANAGER].id, people[Role.USER].id, Role.MODERATOR)
    with pytest.raises(OwnAccount):
        await governance.change_role(people[Role.ADMIN].id, people[Role.ADMIN].id, Role.USER)
    with pytest.raises(Forbidden):
        await governance.ban_user(uuid7(), people[Role.USER].id, "no such staff")
    with pytest.raises(NotFound):
        await governance.ban_user(people[Role.ADMIN].id, uuid7(), "no such user")
    with pytest.raises(ValidationFailed):
        await governance.ban_user(people[Role.ADMIN].id, people[Role.USER].id, "  ")
    assert await the_audit() == []


async def test_two_admins_who_demote_each_other_leave_one():
    a, b = await a_user(Role.ADMIN), await a_user(Role.ADMIN)
    outcomes = await asyncio.gather(
        governance.change_role(a.id, b.id, Role.USER),
        governance.change_role(b.id, a.id, Role.USER),
        return_exceptions=True,
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["Forbidden", "NoneType"]
    assert await User.count().where(User.role == Role.ADMIN) == 1


async def test_staff_vouch_for_an_address_that_nobody_else_has_proven():
    staff = await a_user(Role.MODERATOR)
    claim = await a_user(email="a@example.com", email_verified_at=None)
    rival = await a_user(email="a@example.com", email_verified_at=None)
    await governance.verify_user(staff.id, claim.id)
    assert (await User.select(User.email_verified_at).where(User.id == claim.id))[0]["email_verified_at"] is not None
    with pytest.raises(Conflict):
        await governance.verify_user(staff.id, claim.id)
    with pytest.raises(Conflict):
        await governance.verify_user(staff.id, rival.id)


async def test_the_audit_log_takes_no_change_and_shows_one_made_behind_its_back():
    staff = await a_user(Role.ADMIN)
    users = [await a_user() for _ in range(5)]
    await asyncio.gather(*(governance.ban_user(staff.id, user.id, "spam, 垃圾") for user in users))
    assert await audit.verify() is None
    for statement in ("UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(statement)
    for change, what in (
        ("UPDATE audit_log SET reason = 'x' WHERE seq = 2", "columns"),
        ("UPDATE audit_log SET content = replace(content, 'spam', 'span') WHERE seq = 2", "hash"),
        ("DELETE FROM audit_log WHERE seq = 2", "missing"),
    ):
        with pytest.raises(RuntimeError):
            async with db.transaction():
                await db.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only")
                await db.execute(change)
                broken = await audit.verify()
                assert broken is not None and broken.seq == 2 and what in broken.what
                raise RuntimeError("undo")
    assert await audit.verify() is None
