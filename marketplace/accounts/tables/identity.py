from piccolo.columns import UUID, ForeignKey, OnDelete, Secret, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from marketplace.accounts.states import AccountStatus, Role


class User(Table, tablename="users"):
    """An account. `email` is kept in lower case; `username` is the public name and unique without regard to case."""

    id = UUID(primary_key=True, default=None)
    email = Varchar(length=320, unique=True)
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
