"""Secrets that are good once: what a mailed link or a half-done login carries."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.accounts.errors import LinkInvalid
from marketplace.accounts.states import LinkPurpose
from marketplace.accounts.tokens import fingerprint, new_secret
from marketplace.core import db

LIFE: Final = {
    LinkPurpose.VERIFY_EMAIL: timedelta(hours=24),
    LinkPurpose.CHANGE_EMAIL: timedelta(hours=24),
    LinkPurpose.RESET_PASSWORD: timedelta(hours=1),
    LinkPurpose.SECOND_FACTOR: timedelta(minutes=5),
    LinkPurpose.SOCIAL_STATE: timedelta(minutes=10),
}


class Link(Struct, frozen=True, kw_only=True):
    """What a secret stands for. `email` is the address it was sent to."""

    user_id: UUID | None
    email: str
    payload: dict[str, Any]
    attempts: int
    expires_at: datetime


async def issue(
    purpose: LinkPurpose, *, user_id: UUID | None = None, email: str = "", payload: dict[str, Any] | None = None
) -> str:
    """A new secret for this purpose, good for LIFE and once."""
    secret = new_secret()
    await db.execute(
        'INSERT INTO link_tokens (token_hash, purpose, "user", email, payload, attempts, created_at, expires_at) '
        "VALUES ($1, $2, $3, $4, $5::jsonb, 0, now(), now() + $6::interval)",
        fingerprint(secret), purpose.value, user_id, email, msgspec.json.encode(payload or {}).decode(), LIFE[purpose],
    )  # fmt: skip
    return secret


_COLUMNS: Final = '"user" AS user_id, email, payload::text AS payload, attempts, expires_at'
_LIVE: Final = "token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > now()"
_LOOK: Final = f"SELECT {_COLUMNS} FROM link_tokens WHERE {_LIVE}"
_USE: Final = f"UPDATE link_tokens SET used_at = now() WHERE {_LIVE} RETURNING {_COLUMNS}"
_TRY: Final = f"UPDATE link_tokens SET attempts = attempts + 1 WHERE {_LIVE} AND attempts < $3 RETURNING {_COLUMNS}"


async def look(secret: str, purpose: LinkPurpose) -> Link:
    """What the secret stands for, without using it up. Raises LinkInvalid."""
    return _link(await db.fetch_row(_LOOK, fingerprint(secret), purpose.value))


async def use(secret: str, purpose: LinkPurpose) -> Link:
    """Use the secret up; of two at once, one gets it. Raises LinkInvalid. Belongs in the transaction of what it opens."""
    return _link(await db.fetch_row(_USE, fingerprint(secret), purpose.value))


async def try_at(secret: str, purpose: LinkPurpose, most: int) -> Link:
    """Count one try against a secret that allows `most` of them. Raises LinkInvalid when they are used up."""
    return _link(await db.fetch_row(_TRY, fingerprint(secret), purpose.value, most))


async def void(user_id: UUID, purpose: LinkPurpose) -> None:
    """Make the account's other secrets for this purpose worthless."""
    await db.execute(
        'UPDATE link_tokens SET used_at = now() WHERE "user" = $1 AND purpose = $2 AND used_at IS NULL',
        user_id, purpose.value,
    )  # fmt: skip


def _link(row: Any) -> Link:
    if row is None:
        raise LinkInvalid.of("token", LinkInvalid.default_message)
    return Link(**{**row, "payload": msgspec.json.decode(row["payload"])})
