"""The audit log: what people with power did, written in the transaction of the deed and chained by hash.

JSONB does not keep the bytes it was given, so the exact text that was hashed stands in `content`; the other columns repeat
it for queries, and `verify` checks that they still say the same.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import clock, db

FIRST: Final = "0" * 64
LOCK: Final = 0x6175_6469  # "audi": one writer at a time, to the end of its transaction, so that the chain has no forks
BATCH: Final = 1000


class Entry(Struct, frozen=True, kw_only=True):
    """One deed. `before` and `after` hold what changed, as JSON types and without secrets."""

    seq: int
    at: datetime
    actor: UUID | None
    action: str
    object_type: str
    object_id: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]


class Broken(Struct, frozen=True):
    """The first row at which the chain does not hold, and in which way."""

    seq: int
    what: str


async def record(
    *,
    actor: UUID | None,
    action: str,
    object_type: str,
    object_id: UUID | str,
    reason: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Write one row and return its number. Belongs inside `transaction()`, late in it: the chain's lock is held until commit.

    `actor` is None when the service itself acts. `action` reads `user.banned`: the object, then a past participle.
    """
    assert db.in_transaction(), "record() belongs inside transaction()"
    await db.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
    last = await db.fetch_row("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1")
    seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, FIRST)
    entry = Entry(
        seq=seq, at=clock.now(), actor=actor, action=action, object_type=object_type, object_id=str(object_id),
        reason=reason, before=before or {}, after=after or {},
    )  # fmt: skip
    content = msgspec.json.encode(entry).decode()
    await db.execute(
        "INSERT INTO audit_log (seq, at, actor, action, object_type, object_id, reason, before, after, content, "
        "previous_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, $11, $12)",
        seq, entry.at, actor, action, object_type, entry.object_id, reason,
        msgspec.json.encode(entry.before).decode(), msgspec.json.encode(entry.after).decode(),
        content, previous, _link(previous, content),
    )  # fmt: skip
    return seq


def _link(previous: str, content: str) -> str:
    return sha256(f"{previous}\n{content}".encode()).hexdigest()


async def verify() -> Broken | None:
    """Walk the whole chain; None if every link holds."""
    seq, previous = 0, FIRST
    while rows := await db.fetch(
        "SELECT seq, at, actor, action, object_type, object_id, reason, before::text, after::text, content, "
        "previous_hash, hash FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2",
        seq, BATCH,
    ):  # fmt: skip
        for row in rows:
            seq += 1
            if row["seq"] != seq:
                return Broken(seq, "a row is missing")
            if row["previous_hash"] != previous or row["hash"] != _link(previous, row["content"]):
                return Broken(seq, "the hash does not follow from the row before")
            if msgspec.json.decode(row["content"], type=Entry) != _as_entry(row):
                return Broken(seq, "the columns do not say what was hashed")
            previous = row["hash"]
    return None


def _as_entry(row: Any) -> Entry:
    return Entry(
        seq=row["seq"], at=row["at"], actor=row["actor"], action=row["action"], object_type=row["object_type"],
        object_id=row["object_id"], reason=row["reason"],
        before=msgspec.json.decode(row["before"]), after=msgspec.json.decode(row["after"]),
    )  # fmt: skip
