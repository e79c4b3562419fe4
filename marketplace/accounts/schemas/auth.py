"""Bodies and answers of signing up and signing in."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.accounts.states import Role

Email = Annotated[
    str, Meta(min_length=3, max_length=320, description="An email address.", examples=["ada@example.com"])
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=512,
        description="10 to 128 characters of any kind; common, leaked and account-like ones are refused.",
    ),
]
Password = Annotated[str, Meta(min_length=1, max_length=512)]
Secret = Annotated[str, Meta(min_length=1, max_length=512)]
Username = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=40,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$",
        description="The public name: letters, digits and `.`, `_`, `-` inside.",
    ),
]
Name = Annotated[str, Meta(max_length=80)]


class Registration(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who wants an account. `full_name` may stand for `first_name` and `last_name`; without a `username` one is made."""

    email: Email
    password: NewPassword
    password_confirm: str | None = None
    username: Username | None = None
    first_name: Name = ""
    last_name: Name = ""
    full_name: Annotated[str, Meta(max_length=160)] = ""
    phone_number: Annotated[str, Meta(max_length=40)] = ""
    language: Annotated[str, Meta(max_length=35, description="A language tag, such as `en` or `zh-CN`.")] = ""
    personality_data: dict[str, Any] | None = None


class Credentials(Struct, forbid_unknown_fields=True, kw_only=True):
    """`email` or `username` (either may hold the address), and the password. `code` answers the second factor at once."""

    email: Annotated[str, Meta(max_length=320)] | None = None
    username: Annotated[str, Meta(max_length=320)] | None = None
    password: Password
    code: Annotated[str, Meta(max_length=40, description="Of the authenticator app, or a recovery code.")] | None = None


class RefreshBody(Struct, forbid_unknown_fields=True):
    refresh: Secret


class LogoutBody(Struct, forbid_unknown_fields=True):
    """`refresh` names the device to sign out (this one if left out); `all` signs out every device."""

    refresh: Secret | None = None
    all: bool = False


class AccountOut(Struct, kw_only=True):
    """One's own account."""

    id: UUID
    email: str
    username: str
    first_name: str
    last_name: str
    full_name: str
    phone_number: str
    role: Role
    language: str
    is_verified: bool
    created_at: datetime


class Tokens(Struct, kw_only=True):
    """`access` is sent as `Authorization: Bearer <access>` and good for `expires_in` seconds; `refresh` is good once."""

    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a name


class SignedIn(Tokens, kw_only=True):
    user: AccountOut
