"""Bodies and answers about passwords, links, devices and the second factor."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field

from marketplace.accounts.schemas.auth import AccountOut, Email, NewPassword, Password, Secret

Code = Annotated[str, Meta(min_length=6, max_length=40, description="Six digits of the app, or a recovery code.")]


class TokenBody(Struct, forbid_unknown_fields=True):
    """The token of a mailed link."""

    token: Secret


class EmailBody(Struct, forbid_unknown_fields=True):
    email: Email


class EmailChange(Struct, forbid_unknown_fields=True):
    """The new address, and the password; accounts without one leave it out."""

    email: Email
    password: Password | None = None


class PasswordChange(Struct, forbid_unknown_fields=True, kw_only=True):
    """`current_password` may stand for `old_password`, `new_password_confirm` for `password_confirm`."""

    old_password: Password | None = None
    current_password: Password | None = None
    new_password: NewPassword
    password_confirm: str | None = None
    new_password_confirm: str | None = None


class PasswordReset(Struct, forbid_unknown_fields=True, kw_only=True):
    """`new_password` may stand for `password`."""

    token: Secret
    password: NewPassword | None = None
    new_password: NewPassword | None = None
    password_confirm: str | None = None
    new_password_confirm: str | None = None


class Verified(Struct):
    user: AccountOut


class SessionOut(Struct, kw_only=True):
    """A device that is signed in. `is_current`: the one that asks."""

    id: UUID
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_current: bool


class EnrolBody(Struct, forbid_unknown_fields=True):
    """The password; left out by accounts that have none."""

    password: Password | None = None


class CodeBody(Struct, forbid_unknown_fields=True):
    code: Code


class ChallengeBody(Struct, forbid_unknown_fields=True):
    """`challenge` is what the login answered."""

    challenge: Secret
    code: Code


class Enrolment(Struct, kw_only=True):
    """`qr_code` is the URI as a picture, in a `data:` URL."""

    secret: str
    otpauth_uri: str
    qr_code: str


class RecoveryCodes(Struct):
    """Each opens the account once. They are shown this one time."""

    recovery_codes: list[str] = field(default_factory=list)


class SecondFactorState(Struct, kw_only=True):
    enabled: bool
    recovery_codes_left: int
