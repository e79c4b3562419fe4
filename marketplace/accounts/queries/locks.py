"""Row locks on accounts, always taken in the order of ids."""

from collections.abc import Iterable
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.states import AccountStatus, Role
from marketplace.core import db
from marketplace.core.errors import NotFound


class LockedUser(Struct, frozen=True, kw_only=True):
    """What deeds on an account are decided by."""

    id: UUID
    email: str
    username: str
    first_name: str
    last_name: str
    phone_number: str
    language: str
    password_hash: str
    role: Role
    status: AccountStatus
    is_verified: bool


async def lock_users(ids: Iterable[UUID]) -> dict[UUID, LockedUser]:
    """These accounts, locked for change, by id; those that are not there, or erased, are left out."""
    rows = await db.fetch(
        "SELECT id, email, username, first_name, last_name, phone_number, language, password_hash, role, status, "
        "email_verified_at IS NOT NULL AS is_verified FROM users "
        "WHERE id = ANY($1::uuid[]) AND status <> 'erased' ORDER BY id FOR UPDATE",
        sorted(set(ids)),
    )
    return {
        row["id"]: LockedUser(**{**row, "role": Role(row["role"]), "status": AccountStatus(row["status"])})
        for row in rows
    }


async def lock_user(user_id: UUID) -> LockedUser:
    """One account, locked for change. Raises NotFound."""
    locked = await lock_users([user_id])
    if user_id not in locked:
        raise NotFound
    return locked[user_id]
