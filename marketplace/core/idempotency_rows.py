"""What is kept of an Idempotency-Key: its first answer, or the claim of the request that is being answered.

A row without a status is claimed while `claimed_at` is set; with neither it is a request that ended in an error of ours, of
which only the intent is known.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from litestar.types import Send
from msgspec import Struct

from marketplace.core import db, ids
from marketplace.core.errors import Conflict, Unprocessable

KEEP: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)
"""How long a claim stands without an answer. After that its process is taken for dead; it outlasts any call of a provider."""
NOT_KEPT: Final = frozenset({401, 408, 425, 429})
"""Refusals that say nothing about the request itself: it may be tried again with the same key."""
KEPT_HEADERS: Final = frozenset({b"content-type", b"location"})


class InFlight(Conflict):
    code = "request_in_flight"
    default_message = "The first request with this Idempotency-Key has not been answered yet. Ask again in a moment."


class KeyReused(Unprocessable):
    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Use a new key for a new request."


class Ticket(Struct, frozen=True):
    """Whose key it is, and for what: `fingerprint` is a hash of the whole request."""

    caller: str
    key: str
    fingerprint: str


class Claim(Struct, frozen=True):
    """The right to answer. `intent` is the same for every run of the same request, `at` tells one run from the next."""

    intent: UUID
    at: datetime


class Answer(Struct, frozen=True):
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def kept(self) -> bool:
        return self.status < 500 and self.status not in NOT_KEPT

    async def send_to(self, send: Send, *more: tuple[bytes, bytes]) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *more]})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


async def stored(ticket: Ticket) -> Answer | None:
    """The answer that was given, if any. Raises KeyReused, and InFlight while it is being worked out."""
    row = await db.fetch_row(
        "SELECT fingerprint, status_code, headers::text, body FROM idempotency_keys WHERE scope = $1 AND key = $2 "
        "AND (status_code IS NOT NULL AND created_at > now() - $3::interval OR claimed_at > now() - $4::interval)",
        ticket.caller, ticket.key, KEEP, LEASE,
    )  # fmt: skip
    if row is None:
        return None
    if row["fingerprint"] != ticket.fingerprint:
        raise KeyReused
    if row["status_code"] is None:
        raise InFlight(headers={"Retry-After": "1"})
    headers = [(k.encode(), v.encode()) for k, v in msgspec.json.decode(row["headers"]).items()]
    return Answer(row["status_code"], headers, row["body"].encode())


async def store(ticket: Ticket, answer: Answer) -> None:
    """Keep the answer of a request that was answered in one transaction, which is the one we are in."""
    await db.execute(
        "INSERT INTO idempotency_keys (scope, key, fingerprint, status_code, headers, body, created_at) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, $6, now()) ON CONFLICT (scope, key) DO UPDATE SET "
        "fingerprint = EXCLUDED.fingerprint, status_code = EXCLUDED.status_code, headers = EXCLUDED.headers, "
        "body = EXCLUDED.body, created_at = EXCLUDED.created_at, claimed_at = NULL, intent = NULL",
        ticket.caller, ticket.key, ticket.fingerprint, answer.status, _headers(answer), answer.body.decode(),
    )  # fmt: skip


CLAIM: Final = """
INSERT INTO idempotency_keys AS k (scope, key, fingerprint, headers, body, created_at, claimed_at, intent)
VALUES ($1, $2, $3, '{}', '', now(), now(), $4)
ON CONFLICT (scope, key) DO UPDATE SET status_code = NULL, headers = '{}', body = '', claimed_at = now(),
  fingerprint = EXCLUDED.fingerprint,
  created_at = CASE WHEN k.fingerprint = $3 AND k.created_at > now() - $5::interval THEN k.created_at ELSE now() END,
  intent = CASE WHEN k.fingerprint = $3 AND k.created_at > now() - $5::interval
    THEN coalesce(k.intent, EXCLUDED.intent) ELSE EXCLUDED.intent END
WHERE (k.claimed_at IS NULL OR k.claimed_at <= now() - $6::interval)
  AND (k.created_at <= now() - $5::interval
    OR k.status_code IS NULL AND (k.claimed_at IS NULL OR k.fingerprint = $3))
RETURNING intent, claimed_at
"""
"""Takes a key nobody has, one that is forgotten, one given back, or the same request's own when its claim has run out."""


async def claim(ticket: Ticket) -> Claim | Answer:
    """Take the key, for all to see, or read the answer it had. Raises KeyReused and InFlight."""
    row = await db.fetch_row(CLAIM, ticket.caller, ticket.key, ticket.fingerprint, ids.uuid7(), KEEP, LEASE)
    if row is not None:
        return Claim(row["intent"], row["claimed_at"])
    answer = await stored(ticket)
    if answer is None:
        # Given back in between, or abandoned by a request with another body.
        taken_for = await db.fetch_val(
            "SELECT fingerprint FROM idempotency_keys WHERE scope = $1 AND key = $2", ticket.caller, ticket.key
        )
        raise InFlight(headers={"Retry-After": "1"}) if taken_for in (None, ticket.fingerprint) else KeyReused()
    return answer


async def fulfil(ticket: Ticket, mine: Claim, answer: Answer) -> None:
    """Keep the answer, unless the claim ran out and another run has taken over."""
    await db.execute(
        "UPDATE idempotency_keys SET status_code = $4, headers = $5::jsonb, body = $6, created_at = now(), claimed_at = NULL "
        "WHERE scope = $1 AND key = $2 AND claimed_at = $3",
        ticket.caller, ticket.key, mine.at, answer.status, _headers(answer), answer.body.decode(),
    )  # fmt: skip


async def give_back(ticket: Ticket, mine: Claim) -> None:
    """Let the request be tried again. Its intent stays known: what it may have begun must be found by the next try."""
    await db.execute(
        "UPDATE idempotency_keys SET claimed_at = NULL WHERE scope = $1 AND key = $2 AND claimed_at = $3",
        ticket.caller, ticket.key, mine.at,
    )  # fmt: skip


async def forget_old() -> None:
    await db.execute(
        "DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval "
        "AND (claimed_at IS NULL OR claimed_at < now() - $2::interval)",
        KEEP, LEASE,
    )  # fmt: skip


def _headers(answer: Answer) -> str:
    kept = {k.decode("latin-1"): v.decode("latin-1") for k, v in answer.headers if k.lower() in KEPT_HEADERS}
    return msgspec.json.encode(kept).decode()
