"""What happened to accounts, for whoever wants to know."""

from uuid import UUID

from msgspec import Struct

from marketplace.accounts.states import Role


class UserRegistered(Struct, tag="user_registered", frozen=True):
    user_id: UUID


class EmailVerified(Struct, tag="email_verified", frozen=True):
    user_id: UUID


class VerificationAsked(Struct, tag="verification_asked", frozen=True):
    """The account wants the letter with the link (again)."""

    user_id: UUID


class EmailChangeAsked(Struct, tag="email_change_asked", frozen=True):
    """The account wants to move to this address."""

    user_id: UUID
    email: str


class EmailChanged(Struct, tag="email_changed", frozen=True):
    """`before` is the address the account had, empty if it had none; `before_was_proven`: it was its own."""

    user_id: UUID
    before: str
    before_was_proven: bool


class PasswordResetAsked(Struct, tag="password_reset_asked", frozen=True):
    """Somebody typed this address as theirs; whether an account has it is looked up by the listener."""

    email: str


class LoggedIn(Struct, tag="logged_in", frozen=True):
    """`is_new_device`: no session of this account came from such a device before, and it is not the first one."""

    user_id: UUID
    session_id: UUID
    address: str
    user_agent: str
    is_new_device: bool


class SessionsEnded(Struct, tag="sessions_ended", frozen=True):
    """`reason` is a `SessionEnd`. Sockets of these sessions close. `everywhere`: the account is signed out of everything."""

    user_id: UUID
    session_ids: list[UUID]
    reason: str
    everywhere: bool = False


class RefreshTokenReused(Struct, tag="refresh_token_reused", frozen=True):
    """A used refresh token came again: somebody has a copy of it. Its session has been ended."""

    user_id: UUID
    session_id: UUID
    address: str


class PasswordChanged(Struct, tag="password_changed", frozen=True):
    """`by_reset`: through a mailed link, not with the old password."""

    user_id: UUID
    by_reset: bool


class SecondFactorChanged(Struct, tag="second_factor_changed", frozen=True):
    user_id: UUID
    is_on: bool


class SocialLinked(Struct, tag="social_linked", frozen=True):
    user_id: UUID
    provider: str


class RoleChanged(Struct, tag="role_changed", frozen=True):
    user_id: UUID
    actor_id: UUID | None
    before: Role
    after: Role


class UserBanned(Struct, tag="user_banned", frozen=True):
    user_id: UUID
    actor_id: UUID | None
    reason: str


class UserUnbanned(Struct, tag="user_unbanned", frozen=True):
    user_id: UUID
    actor_id: UUID | None
    reason: str


class UserVerified(Struct, tag="user_verified", frozen=True):
    """Staff vouch for the account's address."""

    user_id: UUID
    actor_id: UUID | None


class UserErased(Struct, tag="user_erased", frozen=True):
    """The account is empty and a pseudonym from now on. What others keep of the person goes too."""

    user_id: UUID


class IdentitySubmitted(Struct, tag="identity_submitted", frozen=True):
    user_id: UUID
    check_id: UUID


class IdentityDecided(Struct, tag="identity_decided", frozen=True):
    user_id: UUID
    check_id: UUID
    approved: bool
    reason: str


class ExportRequested(Struct, tag="export_requested", frozen=True):
    export_id: UUID


class ExportWithdrawn(Struct, tag="export_withdrawn", frozen=True):
    """A copy of somebody's data is no longer offered; its file goes with a job."""

    storage_key: str
