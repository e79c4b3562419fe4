from piccolo.columns import JSONB, UUID, BigInt, ForeignKey, OnDelete, Secret, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.states import AccountStatus, LinkPurpose, Role


class User(Table, tablename="users"):
    """An account. `username` is the public name and unique without regard to case.

    `email` is in lower case, and empty for a social account whose provider gave none. Until `email_verified_at` is set it
    is a claim, which several accounts may make; only one account may have proven it (a partial unique index says so).
    """

    id = UUID(primary_key=True, default=None)
    email = Varchar(length=320, index=True)
    username = Varchar(length=40, unique=True)
    password_hash = Secret(length=255)
    role = Varchar(length=16, choices=Role, default=Role.USER)
    status = Varchar(length=16, choices=AccountStatus, default=AccountStatus.ACTIVE, index=True)
    ban_reason = Text(default="")
    first_name = Varchar(length=80, default="")
    last_name = Varchar(length=80, default="")
    phone_number = Varchar(length=32, default="")
    language = Varchar(length=8, default="en")
    email_verified_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz(default=TimestamptzNow(), index=True)
    updated_at = Timestamptz(default=TimestamptzNow())


class Session(Table, tablename="sessions"):
    """One signed-in device. Ending it ends its access and refresh tokens at the next request."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.cascade, index=True)
    user_agent = Varchar(length=255, default="")
    address = Varchar(length=64, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    last_seen_at = Timestamptz(default=TimestamptzNow())
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Varchar(length=20, default="")


class RefreshToken(Table, tablename="refresh_tokens"):
    """A link in a session's chain of refresh tokens. Only the token's hash is kept; `used_at` is set once."""

    token_hash = Varchar(length=64, primary_key=True)
    session = ForeignKey(Session, on_delete=OnDelete.cascade, index=True)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(index=True)
    used_at = Timestamptz(null=True, default=None)


class LinkToken(Table, tablename="link_tokens"):
    """A secret that is good once, for one purpose: what a mailed link or a half-done login carries. Kept as a hash.

    `email` is the address the link was sent to: a link proves that one and no other.
    """

    token_hash = Varchar(length=64, primary_key=True)
    purpose = Varchar(length=16, choices=LinkPurpose)
    user = ForeignKey(User, null=True, default=None, on_delete=OnDelete.cascade, index=True)
    email = Varchar(length=320, default="")
    payload = JSONB(default="{}")
    attempts = SmallInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(index=True)
    used_at = Timestamptz(null=True, default=None)


class SecondFactor(Table, tablename="second_factors"):
    """An authenticator app (TOTP). `secret` is sealed; `last_step` is the time step of the last code taken."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.cascade, unique=True)
    secret = Secret(length=255)
    last_step = BigInt(default=0)
    created_at = Timestamptz(default=TimestamptzNow())
    confirmed_at = Timestamptz(null=True, default=None)


class RecoveryCode(Table, tablename="recovery_codes"):
    """Opens the account once when the authenticator is lost. Kept as a hash."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.cascade, index=True)
    code_hash = Varchar(length=64)
    used_at = Timestamptz(null=True, default=None)


class SocialIdentity(Table, tablename="social_identities"):
    """An account at a social login provider that opens one of ours. (provider, subject) is unique."""

    id = UUID(primary_key=True, default=None)
    user = ForeignKey(User, on_delete=OnDelete.cascade, index=True)
    provider = Varchar(length=40)
    subject = Varchar(length=255)
    email = Varchar(length=320, default="")
    created_at = Timestamptz(default=TimestamptzNow())
    last_used_at = Timestamptz(default=TimestamptzNow())
