"""The sandbox's webhooks: stored with what they tell of, signed, and delivered over HTTP until somebody takes them."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import httpx
import msgspec
import structlog
from msgspec import Struct

from marketplace.core import clock, db, housekeeping, jobs, timers
from marketplace.core.config import settings
from marketplace.core.ids import uuid7
from marketplace.core.seal import derived_key, derived_keys
from marketplace.payments.providers import http
from marketplace.payments.providers.base import BadSignature, Notice, Outcome

log = structlog.get_logger(__name__)

PATH: Final = "/api/v1/payments/webhook/sandbox/"
SIGNATURE: Final = "sandbox-signature"
PURPOSE: Final = "payments.sandbox.webhook"
TOLERANCE_SECONDS: Final = 300
PATIENCE: Final = httpx.Timeout(10.0, connect=5.0)
RETRIES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600)
)
"""How long after each failed try the next one comes; after the last, none."""
KEEP: Final = timedelta(days=30)


class Event(Struct, frozen=True, kw_only=True):
    """The body of a webhook."""

    id: str
    type: str
    created_at: datetime
    data: Outcome


async def tell(outcome: Outcome) -> None:
    """Store the event that something has changed, and have it delivered. Belongs in the transaction of the change."""
    told = msgspec.structs.replace(outcome, client_secret="", action_url="")
    event = Event(
        id=f"sbx_evt_{uuid7().hex}", type=f"{outcome.subject}.{outcome.state}", created_at=clock.now(), data=told
    )
    await db.execute(
        "INSERT INTO sandbox_events (id, type, reference, body, attempts, created_at) VALUES ($1, $2, $3, $4, 0, $5)",
        event.id, event.type, outcome.reference, msgspec.json.encode(event).decode(), event.created_at,
    )  # fmt: skip
    await deliver.defer(event_id=event.id)


@jobs.job(timeout=30, retries=3)
async def deliver(event_id: str) -> None:
    """Post an event to our own webhook. It may arrive twice; whoever takes it knows its id."""
    body = await db.fetch_val("SELECT body FROM sandbox_events WHERE id = $1 AND delivered_at IS NULL", event_id)
    if body is None:
        return
    status, error = await _post(body.encode())
    async with db.transaction():
        await _note(event_id, status, error)


async def _post(body: bytes) -> tuple[int, str]:
    """The answer's status, or 0 and what went wrong."""
    headers = {"content-type": "application/json", SIGNATURE: signature(body, clock.now())}
    try:
        answer = await http.client().post(settings().public_url + PATH, content=body, headers=headers, timeout=PATIENCE)
    except httpx.HTTPError as error:
        return 0, repr(error)
    return answer.status_code, "" if answer.is_success else answer.text[:500]


async def _note(event_id: str, status: int, error: str) -> None:
    taken = 200 <= status < 300
    attempts = await db.fetch_val(
        "UPDATE sandbox_events SET attempts = attempts + 1, delivered_at = CASE WHEN $2 THEN $3::timestamptz END "
        "WHERE id = $1 AND delivered_at IS NULL RETURNING attempts",
        event_id, taken, clock.now(),
    )  # fmt: skip
    if attempts is None:
        return  # delivered twice, and noted by the other
    await db.execute(
        "INSERT INTO sandbox_deliveries (event, at, status, error) VALUES ($1, $2, $3, $4)",
        event_id, clock.now(), status, error,
    )  # fmt: skip
    if taken:
        return
    log.warning("sandbox.webhook_not_taken", event_id=event_id, status=status, error=error, attempts=attempts)
    if attempts <= len(RETRIES):
        await timers.schedule("payments.sandbox.deliver", event_id, clock.now() + RETRIES[attempts - 1])


@timers.timer("payments.sandbox.deliver")
async def deliver_again(event_id: str, _: timers.Payload) -> None:
    await deliver.defer(event_id=event_id)


async def delete_old_events() -> int:
    """What was to be delivered a month ago has been, or never will be."""
    await housekeeping.delete_old("sandbox_lost_calls", "at < now() - $1::interval", KEEP)
    return await housekeeping.delete_old("sandbox_events", "created_at < now() - $1::interval", KEEP)


def signature(body: bytes, now: datetime) -> str:
    """The header's value: `t=<seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""
    at = str(int(now.timestamp()))
    return f"t={at},v1={_signed(derived_key(PURPOSE), at, body)}"


def _signed(key: bytes, at: str, body: bytes) -> str:
    return hmac.new(key, at.encode() + b"." + body, sha256).hexdigest()


def verify(headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """The event of a webhook that we signed, with today's key or the one before. Raises BadSignature."""
    parts = [part.strip().partition("=") for part in headers.get(SIGNATURE, "")[:1000].split(",")]
    at = next((value for name, _, value in parts if name == "t"), "")
    given = [value for name, _, value in parts if name == "v1"]
    if not (at.isascii() and at.isdigit() and len(at) <= 12):
        raise BadSignature
    right = False
    for key in derived_keys(PURPOSE):
        for one in given:
            right |= hmac.compare_digest(_signed(key, at, body).encode(), one.encode())
    if not right:
        raise BadSignature
    if abs(now.timestamp() - int(at)) > TOLERANCE_SECONDS:
        raise BadSignature("This webhook is too old.")
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.DecodeError as error:
        raise BadSignature("The body of this webhook is no event.") from error
    return Notice(event_id=event.id, type=event.type, created_at=event.created_at, outcome=event.data)
