from piccolo.columns import JSONB, UUID, BigInt, BigSerial, SmallInt, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table


class Outbox(Table, tablename="outbox"):
    """One row per event and listener, or per job; deleted when it has had its effect."""

    id = BigSerial(primary_key=True)
    kind = Varchar(length=80)
    handler = Varchar(length=120)
    body = JSONB()
    created_at = Timestamptz(default=TimestamptzNow())
    due_at = Timestamptz(default=TimestamptzNow(), index=True)
    attempts = SmallInt(default=0)
    last_error = Text(default="")


class Timer(Table, tablename="timers"):
    """Something that must happen at a time. (kind, key) is unique: a timer is moved, never doubled."""

    id = BigSerial(primary_key=True)
    kind = Varchar(length=80)
    key = Varchar(length=120)
    payload = JSONB()
    due_at = Timestamptz(index=True)
    attempts = SmallInt(default=0)
    last_error = Text(default="")


class LiveRoom(Table, tablename="live_rooms"):
    """The last sequence number given out in a room."""

    room = Varchar(length=120, primary_key=True)
    seq = BigInt(default=0)


class LiveMessage(Table, tablename="live_messages"):
    """What was said in a room, kept long enough for a client to resume."""

    id = BigSerial(primary_key=True)
    room = Varchar(length=120)
    seq = BigInt()
    to_user = UUID(null=True, default=None)
    body = Text()
    created_at = Timestamptz(default=TimestamptzNow(), index=True)


class IdempotencyKey(Table, tablename="idempotency_keys"):
    """The first answer to a request that carried an Idempotency-Key, or who is working on it: see `idempotency_rows`."""

    id = BigSerial(primary_key=True)
    scope = Varchar(length=80)
    key = Varchar(length=255)
    fingerprint = Varchar(length=64)
    status_code = SmallInt(null=True, default=None)
    headers = JSONB(default="{}")
    body = Text(default="")
    created_at = Timestamptz(default=TimestamptzNow(), index=True)
    claimed_at = Timestamptz(null=True, default=None)
    intent = UUID(null=True, default=None)


class RateHit(Table, tablename="rate_hits"):
    """A try at something that guards accounts, counted here while Redis is away. `key` is a hash."""

    id = BigSerial(primary_key=True)
    key = Varchar(length=64, index=True)
    at = Timestamptz(default=TimestamptzNow(), index=True)


class PlatformSetting(Table, tablename="platform_settings"):
    """A setting staff change while the service runs; the value is JSON."""

    key = Varchar(length=80, primary_key=True)
    value = JSONB()
    updated_at = Timestamptz(default=TimestamptzNow())
    updated_by = UUID(null=True, default=None)


class AuditLog(Table, tablename="audit_log"):
    """Who did what to what, and why. Append-only (a trigger refuses UPDATE and DELETE), each row chained to the one before.

    `seq` has no gaps. `hash` is the SHA-256 of the row's content and `previous_hash`, so a row changed, taken out or put in shows.
    """

    seq = BigInt(primary_key=True, default=None)
    at = Timestamptz(default=TimestamptzNow(), index=True)
    actor = UUID(null=True, default=None, index=True)
    action = Varchar(length=80, index=True)
    object_type = Varchar(length=40)
    object_id = Varchar(length=80)
    reason = Text(default="")
    before = JSONB(default="{}")
    after = JSONB(default="{}")
    content = Text(default="")
    previous_hash = Varchar(length=64)
    hash = Varchar(length=64)
