from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.service import governance, second_factor
from marketplace.accounts.states import Role
from marketplace.admin import service
from marketplace.admin.forms.common import account, as_staff
from marketplace.admin.staff import actor_id

ROLES = ", ".join(Role)
ACCOUNT = "Account (username, address or id)"


class BanForm(BaseModel):
    account: str = Field(title=ACCOUNT)
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class AccountForm(BaseModel):
    account: str = Field(title=ACCOUNT)
    reason: str = Field("", title="Reason", max_length=1000)


class RoleForm(BaseModel):
    account: str = Field(title=ACCOUNT)
    role: str = Field("user", title=f"Role ({ROLES})")
    reason: str = Field("", title="Reason", max_length=1000)


class CodeForm(BaseModel):
    code: str = Field(title="The six digits your authenticator app shows", max_length=40)


class IdentityForm(BaseModel):
    account: str = Field(title=ACCOUNT)
    approved: bool = Field(False, title="Approved")
    reason: str = Field("", title="Reason (needed to reject)", max_length=1000)


@as_staff(Role.MODERATOR)
async def decide_identity(request: Request, data: IdentityForm) -> str:
    user_id = await account(data.account)
    await service.decide_identity(actor_id(request), user_id, approved=data.approved, reason=data.reason)
    return "Approved." if data.approved else "Rejected; the person is told why."


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
    await service.verify_user(actor_id(request), await account(data.account), data.reason)
    return "The account is verified."


@as_staff(Role.ADMIN)
async def give_role(request: Request, data: RoleForm) -> str:
    if data.role not in list(Role):
        raise ValueError(f"A role is one of: {ROLES}.")
    await governance.change_role(actor_id(request), await account(data.account), Role(data.role), data.reason)
    return f"The account is {data.role} from its next request on."


@as_staff(Role.MODERATOR, before_second_factor=True)
async def confirm_second_factor(request: Request, data: CodeForm) -> str:
    codes = await second_factor.confirm(actor_id(request), data.code)
    return "Your second factor is on. Keep these recovery codes; they are not shown again: " + "  ".join(codes)


FORMS = [
    FormConfig("Ban an account", BanForm, ban, "Ends its tokens and closes its sockets at once.", "People"),
    FormConfig("Lift a ban", AccountForm, unban, "Its sessions stay ended; it can sign in again.", "People"),
    FormConfig("Verify an account", AccountForm, verify, "Vouch for its address as if the link had been opened.", "People"),
    FormConfig("Decide on identity documents", IdentityForm, decide_identity, "Approve or reject what was submitted.", "People"),
    FormConfig("Give a role", RoleForm, give_role, f"One of: {ROLES}.", "People"),
    FormConfig(
        "Confirm your authenticator app", CodeForm, confirm_second_factor,
        "After the MFA setup in your name's menu: a code of the app turns it on.", "Your account",
    ),
]  # fmt: skip
