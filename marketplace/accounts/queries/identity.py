"""Reads of accounts."""

from typing import Any
from uuid import UUID

from marketplace.accounts.schemas.auth import AccountOut
from marketplace.accounts.schemas.security import SessionOut
from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.errors import NotFound

ACCOUNT_COLUMNS = (
    "id, email, username, first_name, last_name, phone_number, role, language, "
    "email_verified_at IS NOT NULL AS is_verified, created_at"
)


async def get_account(user_id: UUID) -> AccountOut:
    """One's own account. Raises NotFound."""
    row = await db.fetch_row(f"SELECT {ACCOUNT_COLUMNS} FROM users WHERE id = $1", user_id)
    if row is None:
        raise NotFound
    return account_of(row)


def account_of(row: Any) -> AccountOut:
    first, last = row["first_name"], row["last_name"]
    return AccountOut(
        id=row["id"], email=row["email"], username=row["username"], first_name=first, last_name=last,
        full_name=f"{first} {last}".strip(), phone_number=row["phone_number"], role=Role(row["role"]),
        language=row["language"], is_verified=row["is_verified"], created_at=row["created_at"],
    )  # fmt: skip


async def list_sessions(user_id: UUID, current_id: UUID) -> list[SessionOut]:
    """The account's live sessions, the last used first."""
    rows = await db.fetch(
        "SELECT id, user_agent, address, created_at, last_seen_at, id = $2 AS is_current FROM sessions "
        'WHERE "user" = $1 AND ended_at IS NULL ORDER BY last_seen_at DESC, id DESC LIMIT 500',
        user_id, current_id,
    )  # fmt: skip
    return [SessionOut(**row) for row in rows]
