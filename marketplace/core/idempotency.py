"""Idempotency keys: a request that is sent again gets the first answer, and its effect happens once. RULES: Money.

A route asks for it with `opt={"idempotent": True}`. The effect and the answer are written in one transaction, so a reply that
is lost after the commit is simply read again. A refusal undoes what its handler did and is kept as the answer; an error
on our side undoes and keeps nothing, so that trying again is a fresh try.

A route that calls a payment provider asks for `opt={"idempotent": "stepwise"}`: the key is claimed and committed, the handler
runs outside any transaction, and its answer is kept. It names what it begins after the key (`request_key`), so that
a try after an error of ours, or after its process died, finds what was begun and goes on with it. A refusal that is kept undoes
nothing: the handler has committed what it did before.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from contextvars import ContextVar
from copy import copy
from datetime import timedelta
from typing import Any, Final, cast
from uuid import UUID, uuid5

from litestar.types import ASGIApp, Message, Receive, Scope, Send
from litestar.utils.scope.state import CONNECTION_STATE_KEY, ScopeState

from marketplace.core import db, timers
from marketplace.core import idempotency_rows as rows
from marketplace.core.bodies import CUT_SHORT
from marketplace.core.edge import limits
from marketplace.core.errors import ValidationFailed
from marketplace.core.idempotency_rows import Answer, InFlight, Ticket

HEADER: Final = "Idempotency-Key"
STEPWISE: Final = "stepwise"
MAX_LENGTH: Final = 255
ATTEMPTS: Final = 4
RETRY_FLAG: Final = "retry_transaction"
"""The error handlers set it in the request's state when a deadlock or a serialization failure ended the try."""

_intent: ContextVar[UUID | None] = ContextVar("idempotent_intent", default=None)


def request_key(purpose: str = "") -> UUID | None:
    """The id for what this request begins: a payment, a refund, a payout. None where no key was sent.

    It is the same whenever the same caller repeats the same request with the same key, and is no other request's. A
    handler that begins several things of one kind names each by its `purpose`. Only for routes that are stepwise:
    call it in the controller and hand it to the service, which looks for the thing before it makes it.
    """
    intent = _intent.get()
    return uuid5(intent, purpose) if intent is not None and purpose else intent


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
        ticket = Ticket(f"user:{scope['user'].id}", key, _fingerprint(scope, body))
        run = self._stepwise if scope["route_handler"].opt["idempotent"] == STEPWISE else self._in_one
        answer, replayed = await run(scope, body, ticket)
        await answer.send_to(send, *([(b"idempotent-replayed", b"true")] if replayed else []))

    async def _in_one(self, scope: Scope, body: bytes, ticket: Ticket) -> tuple[Answer, bool]:
        for attempt in range(1, ATTEMPTS + 1):
            own = _own_state(scope)
            try:
                return await self._answer(own, body, ticket)
            except _Undone as undone:
                if not own["state"].get(RETRY_FLAG) or attempt == ATTEMPTS:
                    return undone.answer, False
            except db.RETRYABLE:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    async def _answer(self, scope: Scope, body: bytes, ticket: Ticket) -> tuple[Answer, bool]:
        async with db.transaction():
            name = f"{ticket.caller}:{ticket.key}"
            if not await db.fetch_val("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", name):
                raise InFlight(headers={"Retry-After": "1"})
            # A statement of its own: only one that begins after the lock was taken sees what its last holder wrote.
            stored = await rows.stored(ticket)
            if stored is not None:
                return stored, True
            answer = await self._fresh(scope, body)
            if not answer.kept:
                raise _Undone(answer)
            await rows.store(ticket, answer)
            return answer, False

    async def _fresh(self, scope: Scope, body: bytes) -> Answer:
        """Run the handler; a refusal takes back what it had done until then."""
        try:
            async with db.savepoint():
                answer = await self._run(scope, body)
                if answer.status >= 400:
                    raise _Undone(answer)
                return answer
        except _Undone as undone:
            return undone.answer

    async def _stepwise(self, scope: Scope, body: bytes, ticket: Ticket) -> tuple[Answer, bool]:
        claim = await rows.claim(ticket)
        if isinstance(claim, Answer):
            return claim, True
        token = _intent.set(claim.intent)
        try:
            answer = await self._run(_own_state(scope), body)
        except BaseException:
            await asyncio.shield(rows.give_back(ticket, claim))
            raise
        finally:
            _intent.reset(token)
        if answer.kept:
            await rows.fulfil(ticket, claim, answer)
        else:
            await rows.give_back(ticket, claim)
        return answer, False

    async def _run(self, scope: Scope, body: bytes) -> Answer:
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.app(scope, _replaying(body), collect)
        return _assembled(messages)


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
    """The scope with a copy of its state: what the framework notes of a try must not outlive it.

    Else the framework believes that it has answered, though what came of the try is not what is said, or could not be kept.
    """
    state = {**scope["state"], CONNECTION_STATE_KEY: copy(ScopeState.from_scope(scope))}
    return cast("Scope", {**scope, "state": state})


def _fingerprint(scope: Scope, body: bytes) -> str:
    digest = hashlib.sha256()
    for part in (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body):  # type: ignore[typeddict-item]
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


async def _body_of(receive: Receive) -> bytes:
    """The whole body, read before the transaction opens: a slow client must not hold a connection.

    Raises ValidationFailed where the client left before we had it: what of it is here is not what was asked for, and must
    neither be done nor be taken for what the key stands for.
    """
    parts: list[bytes] = []
    while True:
        message: Any = await receive()
        if message["type"] != "http.request":
            raise ValidationFailed(CUT_SHORT)
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


@timers.every(timedelta(hours=1))
async def forget_old_keys() -> None:
    """Answers are kept for a day."""
    await rows.forget_old()
