"""The forms in the back office's sidebar. Each calls the same use case as the API; a refusal is shown as its message."""

import json
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.service import governance, second_factor
from marketplace.accounts.states import Role
from marketplace.admin import service
from marketplace.admin.staff import SET_UP_FIRST, actor_id, role_of, second_factor_missing
from marketplace.core import db
from marketplace.core.errors import DomainError

M = TypeVar("M", bound=BaseModel)
Deed = Callable[[Request, Any], Coroutine[None, None, str]]

ROLES = ", ".join(Role)


class BanForm(BaseModel):
    account: str = Field(title="Account", description="Username, address or id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class AccountForm(BaseModel):
    account: str = Field(title="Account", description="Username, address or id")
    reason: str = Field("", title="Reason", max_length=1000)


class RoleForm(BaseModel):
    account: str = Field(title="Account", description="Username, address or id")
    role: str = Field("user", title="Role", description=ROLES)
    reason: str = Field("", title="Reason", max_length=1000)


class AuctionForm(BaseModel):
    auction_id: UUID = Field(title="Auction's id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class CodeForm(BaseModel):
    code: str = Field(title="Code", description="The six digits your authenticator app shows", max_length=40)


class SettingForm(BaseModel):
    key: str = Field(title="Setting", description="As in the table platform_settings or GET /api/v1/admin/settings")
    value: str = Field(title="Value", description='JSON: 120, true, "text"')
    reason: str = Field("", title="Reason", max_length=1000)


def as_staff(role: Role, *, before_second_factor: bool = False) -> Callable[[Deed], Deed]:
    """The deed for this role and above; what the service refuses is shown beside the form."""

    def wrap(deed: Deed) -> Deed:
        @wraps(deed)
        async def run(request: Request, data: Any) -> str:
            if second_factor_missing(request) and not before_second_factor:
                raise ValueError(SET_UP_FIRST)
            if not role_of(request).includes(role):
                raise ValueError(f"This needs the role {role.value}.")
            try:
                return await deed(request, data)
            except DomainError as refusal:
                fields = "; ".join(f"{name}: {' '.join(found)}" for name, found in refusal.fields.items())
                raise ValueError(f"{refusal.message} {fields}".strip()) from None

        return run

    return wrap


async def account(text: str) -> UUID:
    """The account that staff mean. A name or address that several share is refused."""
    text = text.strip()
    try:
        return UUID(text)
    except ValueError:
        rows = await db.fetch(
            "SELECT id FROM users WHERE (lower(username) = lower($1) OR email = lower($1)) AND status <> 'erased' "
            "ORDER BY email_verified_at IS NULL LIMIT 2",
            text,
        )
    if not rows:
        raise ValueError(f"There is no account {text!r}.")
    if len(rows) > 1:
        raise ValueError("Several accounts claim this address: use the username or the id.")
    found: UUID = rows[0]["id"]
    return found


@as_staff(Role.MODERATOR)
async def ban(request: Request, data: BanForm) -> str:
    await governance.ban_user(actor_id(request), await account(data.account), data.reason)
    return "Banned: the account is shut out, its sockets are closed."


@as_staff(Role.MODERATOR)
async def unban(request: Request, data: AccountForm) -> str:
    await governance.unban_user(actor_id(request), await account(data.account), data.reason)
    return "The ban is lifted."


@as_staff(Role.MODERATOR)
async def verify(request: Request, data: AccountForm) -> str:
    await governance.verify_user(actor_id(request), await account(data.account), data.reason)
    return "The address counts as proven."


@as_staff(Role.ADMIN)
async def give_role(request: Request, data: RoleForm) -> str:
    if data.role not in list(Role):
        raise ValueError(f"A role is one of: {ROLES}.")
    await governance.change_role(actor_id(request), await account(data.account), Role(data.role), data.reason)
    return f"The account is {data.role} from its next request on."


@as_staff(Role.MODERATOR)
async def remove_auction(request: Request, data: AuctionForm) -> str:
    await service.remove_auction(actor_id(request), data.auction_id, data.reason)
    return "Removed: its bids come to nothing, nobody owes anything for it."


@as_staff(Role.MODERATOR)
async def end_auction(request: Request, data: AuctionForm) -> str:
    await service.end_auction(actor_id(request), data.auction_id, data.reason)
    return "Ended."


@as_staff(Role.ADMIN)
async def change_setting(request: Request, data: SettingForm) -> str:
    try:
        value = json.loads(data.value)
    except ValueError:
        raise ValueError('The value must be JSON: 120, true, "text".') from None
    await service.change_settings(actor_id(request), {data.key: value}, data.reason)
    return "Changed. Every process goes by it within two seconds."


@as_staff(Role.MODERATOR, before_second_factor=True)
async def confirm_second_factor(request: Request, data: CodeForm) -> str:
    codes = await second_factor.confirm(actor_id(request), data.code)
    return "Your second factor is on. Keep these recovery codes; they are not shown again: " + "  ".join(codes)


FORMS = [
    FormConfig("Ban an account", BanForm, ban, "Ends its tokens and closes its sockets at once.", "People"),
    FormConfig("Lift a ban", AccountForm, unban, "Its sessions stay ended; it can sign in again.", "People"),
    FormConfig(
        "Verify an account", AccountForm, verify, "Vouch for its address as if the link had been opened.", "People"
    ),
    FormConfig("Give a role", RoleForm, give_role, f"One of: {ROLES}.", "People"),
    FormConfig(
        "Remove an auction", AuctionForm, remove_auction, "Bids come to nothing; unpaid wins are void.", "Auctions"
    ),
    FormConfig("End an auction", AuctionForm, end_auction, "Ends now; who leads has won it.", "Auctions"),
    FormConfig(
        "Confirm your authenticator app",
        CodeForm,
        confirm_second_factor,
        "After the MFA setup in your name's menu: a code of the app turns it on.",
        "Your account",
    ),
    FormConfig("Change a setting", SettingForm, change_setting, "Checked against its type, and audited.", "System"),
]
