"""Idempotency keys: a request that is sent again gets the first answer, and its effect happens once. RULES: Money.

A route asks for it with `opt={"idempotent": True}`. The effect and the answer are written in one transaction, so a reply that
is lost after the commit is simply read again. A refusal undoes what its handler did and is kept as the answer; an error
on our side undoes and keeps nothing, so that trying again is a fresh try.
"""

import hashlib
from collections.abc import Sequence
from copy import copy
from datetime import timedelta
from typing import Any, Final, cast

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import CONNECTION_STATE_KEY, ScopeState
from msgspec import Struct

from marketplace.core import db, timers
from marketplace.core.edge import limits
from marketplace.core.errors import Conflict, Unprocessable, ValidationFailed

HEADER: Final = "Idempotency-Key"
MAX_LENGTH: Final = 255
KEEP: Final = timedelta(hours=24)
ATTEMPTS: Final = 4
NOT_KEPT: Final = frozenset({401, 408, 425, 429})
"""Refusals that say nothing about the request itself: it may be tried again with the same key."""
KEPT_HEADERS: Final = frozenset({b"content-type", b"location"})
RETRY_FLAG: Final = "retry_transaction"
"""The error handlers set it in the request's state when a deadlock or a serialization failure ended the try."""


class InFlight(Conflict):
    code = "request_in_flight"
    default_message = "The first request with this Idempotency-Key has not been answered yet. Ask again in a moment."


class KeyReused(Unprocessable):
    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Use a new key for a new request."


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


class _Undone(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class IdempotencyKeys:
    """Middleware inside authentication: keys belong to the account that sent them, and an anonymous caller has none."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key_of(scope)
        if key is None:
            await self.app(scope, receive, send)
            return
        await limits.count(scope, scope["route_handler"])  # here, for a replay never reaches the guard
        body = await _body_of(receive)
        caller = f"user:{scope['user'].id}"
        fingerprint = _fingerprint(scope, body)
        for attempt in range(1, ATTEMPTS + 1):
            own = _own_state(scope)
            try:
                answer, replayed = await self._answer(own, body, caller, key, fingerprint)
                break
            except _Undone as undone:
                answer, replayed = undone.answer, False
                if not own["state"].get(RETRY_FLAG) or attempt == ATTEMPTS:
                    break
            except db.RETRYABLE:
                if attempt == ATTEMPTS:
                    raise
        await answer.send_to(send, *([(b"idempotent-replayed", b"true")] if replayed else []))

    async def _answer(self, scope: Scope, body: bytes, caller: str, key: str, fingerprint: str) -> tuple[Answer, bool]:
        async with db.transaction():
            if not await db.fetch_val("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", f"{caller}:{key}"):
                raise InFlight(headers={"Retry-After": "1"})
            # A statement of its own: only one that begins after the lock was taken sees what its last holder wrote.
            stored = await _stored(caller, key, fingerprint)
            if stored is not None:
                return stored, True
            answer = await self._fresh(scope, body)
            if not answer.kept:
                raise _Undone(answer)
            await _store(caller, key, fingerprint, answer)
            return answer, False

    async def _fresh(self, scope: Scope, body: bytes) -> Answer:
        """Run the handler; a refusal takes back what it had done until then."""
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            async with db.savepoint():
                await self.app(scope, _replaying(body), collect)
                answer = _assembled(messages)
                if answer.status >= 400:
                    raise _Undone(answer)
                return answer
        except _Undone as undone:
            return undone.answer


def _key_of(scope: Scope) -> str | None:
    if "method" not in scope or scope.get("user") is None or not scope["route_handler"].opt.get("idempotent"):
        return None
    given = [value for name, value in scope["headers"] if name == b"idempotency-key"]
    if not given:
        return None
    key = given[0].decode("latin-1")
    if len(given) > 1 or not (1 <= len(key) <= MAX_LENGTH and key.isascii() and key.isprintable()):
        raise ValidationFailed.of(HEADER, f"Send one key of 1 to {MAX_LENGTH} printable ASCII characters.")
    return key


def _own_state(scope: Scope) -> Scope:
    """The scope with a copy of its state: what the framework notes of a try that was undone must not outlive it."""
    state = {**scope["state"], CONNECTION_STATE_KEY: copy(ScopeState.from_scope(scope))}
    return cast("Scope", {**scope, "state": state})


def _fingerprint(scope: Scope, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body):  # type: ignore[typeddict-item]
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


async def _body_of(receive: Receive) -> bytes:
    """The whole body, read before the transaction opens: a slow client must not hold a connection."""
    parts: list[bytes] = []
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replaying(body: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _assembled(messages: Sequence[Message]) -> Answer:
    start = next(m for m in messages if m["type"] == "http.response.start")
    body = b"".join(m.get("body", b"") for m in messages if m["type"] == "http.response.body")
    return Answer(start["status"], [(bytes(k), bytes(v)) for k, v in start["headers"]], body)


async def _stored(caller: str, key: str, fingerprint: str) -> Answer | None:
    row = await db.fetch_row(
        "SELECT fingerprint, status_code, headers::text, body FROM idempotency_keys "
        "WHERE scope = $1 AND key = $2 AND created_at > now() - $3::interval",
        caller, key, KEEP,
    )  # fmt: skip
    if row is None:
        return None
    if row["fingerprint"] != fingerprint:
        raise KeyReused
    headers = [(k.encode(), v.encode()) for k, v in msgspec.json.decode(row["headers"]).items()]
    return Answer(row["status_code"], headers, row["body"].encode())


async def _store(caller: str, key: str, fingerprint: str, answer: Answer) -> None:
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in answer.headers if k.lower() in KEPT_HEADERS}
    await db.execute(
        "INSERT INTO idempotency_keys (scope, key, fingerprint, status_code, headers, body, created_at) "
        "VALUES ($1, $2, $3, $4, $5::jsonb, $6, now()) ON CONFLICT (scope, key) DO UPDATE SET "
        "fingerprint = EXCLUDED.fingerprint, status_code = EXCLUDED.status_code, headers = EXCLUDED.headers, "
        "body = EXCLUDED.body, created_at = EXCLUDED.created_at",
        caller, key, fingerprint, answer.status, msgspec.json.encode(headers).decode(), answer.body.decode(),
    )  # fmt: skip


@timers.every(timedelta(hours=1))
async def forget_old_keys() -> None:
    """Answers are kept for a day."""
    await db.execute("DELETE FROM idempotency_keys WHERE created_at < now() - $1::interval", KEEP)
