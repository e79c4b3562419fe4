from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.accounts.states import AccountStatus, Role
from marketplace.admin.schemas import StaffUserOut
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.errors import NotFound
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order

USER_COLUMNS = (
    "u.id, u.email, u.username, u.first_name, u.last_name, u.role, u.status, "
    "u.email_verified_at IS NOT NULL AS is_verified, u.ban_reason, u.created_at"
)


class UserFilters(Filters):
    role: Role | None = None
    status: AccountStatus | None = None
    is_verified: Annotated[bool, Meta(description="Whether the address is proven.")] | None = None


USERS = Listing(
    "admin_users", UserFilters, key=Order("u.id", "uuid"), default="-created_at",
    ordering={
        "created_at": Order("u.created_at", "timestamptz"),
        "username": Order("lower(u.username)", "text"),
        "email": Order("u.email", "text"),
    },
    search=("u.username", "u.email", "u.first_name", "u.last_name"), date="u.created_at",
)  # fmt: skip


async def list_users(listing: ListQuery[UserFilters]) -> Envelope[Page[StaffUserOut]]:
    wanted = listing.filters
    rows = (
        listing.rows("users u")
        .columns(USER_COLUMNS)
        .when("u.role = {}", wanted.role)
        .when("u.status = {}", wanted.status)
        .when("(u.email_verified_at IS NOT NULL) = {}", wanted.is_verified)
    )
    return await rows.page(StaffUserOut)


async def get_user(user_id: UUID) -> StaffUserOut:
    row = await db.fetch_row(f"SELECT {USER_COLUMNS} FROM users u WHERE u.id = $1", user_id)  # noqa: S608 - constants
    if row is None:
        raise NotFound
    return msgspec.convert(dict(row), StaffUserOut)
