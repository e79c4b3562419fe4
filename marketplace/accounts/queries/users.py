"""The staff's list of accounts."""

from typing import Final
from uuid import UUID

import msgspec

from marketplace.accounts.queries.profiles import FULL_NAME, IDENTITY_VERIFIED
from marketplace.accounts.schemas.profiles import UserRow
from marketplace.accounts.states import AccountStatus, Role, VerificationStatus
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order


class UserFilters(Filters):
    role: Role | None = None
    status: AccountStatus | None = None
    is_verified: bool | None = None
    identity_verified: bool | None = None
    verification: VerificationStatus | None = None


USERS: Final = Listing(
    "users", UserFilters, key=Order("u.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("u.created_at", "timestamptz"), "username": Order("lower(u.username)", "text"),
        "email": Order("u.email", "text"),
    },
    search=("u.username", "u.email", "u.first_name", "u.last_name", "u.phone_number"), date="u.created_at",
)  # fmt: skip

COLUMNS: Final = (
    f"u.id, u.email, u.username, u.first_name, u.last_name, {FULL_NAME} AS full_name, u.phone_number, u.role, "
    f"u.status, u.ban_reason, u.email_verified_at IS NOT NULL AS is_verified, {IDENTITY_VERIFIED}, u.created_at, "
    '(SELECT max(s.last_seen_at) FROM sessions s WHERE s."user" = u.id) AS last_seen_at'
)


async def list_users(listing: ListQuery[UserFilters]) -> Envelope[Page[UserRow]]:
    wanted = listing.filters
    found = (
        listing.rows("users u")
        .columns(COLUMNS)
        .when("u.role = {}", wanted.role)
        .when("u.status = {}", wanted.status)
        .when("(u.email_verified_at IS NOT NULL) = {}", wanted.is_verified)
        .when(
            "EXISTS (SELECT FROM identity_checks c WHERE c.\"user\" = u.id AND c.status = 'approved') = {}",
            wanted.identity_verified,
        )
        .when('EXISTS (SELECT FROM identity_checks c WHERE c."user" = u.id AND c.status = {})', wanted.verification)
    )
    return await found.page(UserRow)


async def get_user_row(user_id: UUID) -> UserRow:
    """One account as staff see it. Raises NotFound."""
    row = await db.fetch_row(f"SELECT {COLUMNS} FROM users u WHERE u.id = $1", user_id)
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), UserRow)
