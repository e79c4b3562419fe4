"""Accounts made by whoever has the machine: staff from the command line, people for a demonstration."""

from uuid import UUID

from marketplace.accounts import passwords
from marketplace.accounts.events import RoleChanged, UserRegistered
from marketplace.accounts.queries.locks import lock_user
from marketplace.accounts.schemas.auth import Registration
from marketplace.accounts.service.registration import NewAccount, checked, insert
from marketplace.accounts.service.sessions import end_sessions
from marketplace.accounts.states import ACCOUNT, AccountStatus, Role, SessionEnd
from marketplace.core import audit, db, outbox
from marketplace.core.errors import ValidationFailed


async def create_staff(wanted: Registration, role: Role) -> UUID:
    """An account with a proven address and this role. Raises ValidationFailed or UsernameTaken.

    If there is one with this address and username, it gets the role and the password, a ban is lifted and its devices are
    signed out: the way back in for a house whose last admin is locked out.
    """
    new = checked(wanted)
    shared, apart = await passwords.hashed(wanted.password, new.email), await passwords.hashed_apart(wanted.password)
    async with db.transaction():
        user_id = await _existing(new)
        if user_id is None:
            user_id = await _insert(new, shared)
        else:
            await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, apart)
        await _give(user_id, role)
    return user_id


async def _existing(new: NewAccount) -> UUID | None:
    row = await db.fetch_row(
        "SELECT id, username FROM users WHERE email = $1 AND email_verified_at IS NOT NULL", new.email
    )  # fmt: skip
    if row is not None and row["username"].lower() != new.username.lower():
        raise ValidationFailed.of("email", f"This address belongs to the account {row['username']}.")
    return row["id"] if row else None


async def _insert(new: NewAccount, password_hash: str) -> UUID:
    user_id = await insert(new, password_hash)
    if user_id is None:
        raise ValidationFailed.of(
            "password", "An account that claims this address has this very password. Choose another one."
        )
    await outbox.emit(UserRegistered(user_id))
    return user_id


async def _give(user_id: UUID, role: Role) -> None:
    user = await lock_user(user_id)
    if user.status is not AccountStatus.ACTIVE:
        ACCOUNT.check(user.status, AccountStatus.ACTIVE)
    await db.execute(
        "UPDATE users SET role = $2, status = 'active', ban_reason = '', updated_at = now(), "
        "email_verified_at = coalesce(email_verified_at, now()) WHERE id = $1",
        user_id, role.value,
    )  # fmt: skip
    await end_sessions(user_id, SessionEnd.PASSWORD)
    if user.role is not role:
        await outbox.emit(RoleChanged(user_id, None, user.role, role))
    await audit.record(
        actor=None, action="user.role_changed", object_type="user", object_id=user_id, reason="from the command line",
        before={"role": user.role, "status": user.status}, after={"role": role, "status": AccountStatus.ACTIVE},
    )  # fmt: skip
