"""Webhooks of providers: verified, stored once, answered at once, and worked on by a job until what they say is so.

@webhooks.applies(Subject.PAYOUT)
async def apply(provider: str, outcome: Outcome) -> None: ...   # in a transaction; raises UnknownToUs
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg
import msgspec
import structlog

from marketplace.core import audit, clock, db, jobs, timers
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import digest, uuid7
from marketplace.core.outbox import backoff
from marketplace.payments import providers
from marketplace.payments.errors import UnknownToUs, WebhookNotFound
from marketplace.payments.providers.base import Notice, Outcome, Reply, Subject
from marketplace.payments.queries.locking import find_payment, find_refund
from marketplace.payments.service import chargebacks, charging, completing, recovery, refunding
from marketplace.payments.states import WebhookStatus

log = structlog.get_logger(__name__)

Apply: TypeAlias = Callable[[str, Outcome], Awaitable[None]]

TIMER: Final = "payments.webhook"
TRIES: Final = 12
"""Within 40 minutes. After that a person looks, and has it worked on again."""
LONGEST_PAUSE: Final = timedelta(minutes=10)
KEEP_BODIES: Final = timedelta(days=90)

_appliers: dict[Subject, Apply] = {}


def applies(subject: Subject) -> Callable[[Apply], Apply]:
    """Register who lets things of a kind be as a provider says."""

    def register(apply: Apply) -> Apply:
        _appliers[subject] = apply
        return apply

    return register


async def receive(provider_name: str, headers: Mapping[str, str], body: bytes) -> Reply:
    """Take a webhook. Raises NotFound where the provider is not configured, and BadSignature, and then nothing is stored."""
    if provider_name not in providers.available():
        raise NotFound
    provider = providers.calling(provider_name)
    notices = await provider.verify_webhook(headers, body, clock.now())

    async def store() -> None:
        async with db.transaction():
            for notice in notices:
                await _store(provider_name, notice, body)

    await db.retrying(store)
    return provider.reply()


async def _store(provider_name: str, notice: Notice, body: bytes) -> None:
    webhook_id = uuid7()
    status = WebhookStatus.IGNORED if notice.outcome is None else WebhookStatus.RECEIVED
    name = notice.event_id if len(notice.event_id) <= 128 else digest(notice.event_id.encode())
    is_new = await db.execute(
        "INSERT INTO webhook_events (id, provider, event_id, type, body, outcome, status, attempts, error, event_at, received_at) "
        "VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, 0, '', $8, $9) ON CONFLICT (provider, event_id) DO NOTHING",
        webhook_id, provider_name, name, notice.type[:100], _text(body), _json(notice.outcome), status, notice.created_at,
        clock.now(),
    )  # fmt: skip
    if is_new and notice.outcome is not None:
        await work.defer(webhook_id=str(webhook_id))


def _text(body: bytes) -> str:
    """As a column of text can hold it."""
    return body.decode("utf-8", "replace").replace("\x00", "")


def _json(outcome: Outcome | None) -> str | None:
    if outcome is None:
        return None
    clean = {
        name: value.replace("\x00", "") for name in ("failure_message", "reason") if (value := getattr(outcome, name))
    }
    return msgspec.json.encode(msgspec.structs.replace(outcome, client_secret="", **clean)).decode()


@jobs.job(timeout=60, retries=3)
async def work(webhook_id: str) -> None:
    """Let what the event is about be as it says, or try again later: it may have come before what it is about."""

    async def once() -> None:
        async with db.transaction():
            await _work(UUID(webhook_id))

    try:
        await db.retrying(once)
    except Exception as error:
        if db.unavailable(error) is not None:
            raise
        log.warning("payments.webhook_not_applied", webhook_id=webhook_id, exc_info=True)
        await _put_off(UUID(webhook_id), error)


async def _work(webhook_id: UUID) -> None:
    row = await _lock(webhook_id)
    if row["status"] != WebhookStatus.RECEIVED:
        return
    outcome = msgspec.json.decode(row["outcome"], type=Outcome)
    if outcome.subject not in _appliers:
        raise UnknownToUs
    await _appliers[outcome.subject](row["provider"], outcome)
    await db.execute(
        "UPDATE webhook_events SET status = 'processed', processed_at = $2, attempts = attempts + 1, error = '' WHERE id = $1",
        webhook_id, clock.now(),
    )  # fmt: skip


async def _put_off(webhook_id: UUID, error: Exception) -> None:
    async with db.transaction():
        row = await _lock(webhook_id)
        if row["status"] != WebhookStatus.RECEIVED:
            return
        attempts = row["attempts"] + 1
        status = WebhookStatus.RECEIVED if attempts < TRIES else WebhookStatus.FAILED
        await db.execute(
            "UPDATE webhook_events SET attempts = $2, status = $3, error = $4 WHERE id = $1",
            webhook_id, attempts, status, repr(error)[:2000],
        )  # fmt: skip
        if status is WebhookStatus.RECEIVED:
            await timers.schedule(TIMER, webhook_id, clock.now() + backoff(attempts, LONGEST_PAUSE))


@timers.timer(TIMER)
async def again(webhook_id: str, _: timers.Payload) -> None:
    await work.defer(webhook_id=webhook_id)


async def replay(webhook_id: UUID, actor: UUID) -> None:
    """Have an event worked on once more, whatever became of it: that changes nothing where it had its effect.

    For staff. Raises WebhookNotFound, and Conflict where nothing in it concerns us.
    """
    async with db.transaction():
        row = await _lock(webhook_id)
        if row["outcome"] is None:
            raise Conflict("Nothing in this event concerns us.", status=row["status"])
        await db.execute(
            "UPDATE webhook_events SET status = 'received', attempts = 0, error = '', processed_at = NULL WHERE id = $1",
            webhook_id,
        )
        await work.defer(webhook_id=str(webhook_id))
        await audit.record(
            actor=actor, action="webhook.replayed", object_type="webhook", object_id=webhook_id,
            before={"status": row["status"], "error": row["error"]},
        )  # fmt: skip


async def forget_bodies() -> int:
    """What providers wrote names people: it is kept for as long as somebody may have to look it up."""
    return await db.execute(
        "UPDATE webhook_events SET body = '' WHERE body <> '' AND status IN ('processed', 'ignored') AND received_at < $1",
        clock.now() - KEEP_BODIES,
    )


async def _lock(webhook_id: UUID) -> asyncpg.Record:
    row = await db.fetch_row(
        "SELECT provider, outcome::text AS outcome, status, attempts, error FROM webhook_events WHERE id = $1 FOR UPDATE",
        webhook_id,
    )
    if row is None:
        raise WebhookNotFound
    return row


@applies(Subject.CHARGE)
async def _charge(provider: str, outcome: Outcome) -> None:
    payment_id = await find_payment(provider, outcome.our_id, outcome.reference)
    await completing.apply(payment_id, outcome, source="webhook")
    if charging.waits_for_us(outcome):
        await recovery.look("payment", payment_id)  # which takes the money: no provider is called in here


@applies(Subject.REFUND)
async def _refund(provider: str, outcome: Outcome) -> None:
    await refunding.apply_refund(
        await find_refund(provider, outcome.our_id, outcome.reference), outcome, source="webhook"
    )


@applies(Subject.DISPUTE)
async def _dispute(provider: str, outcome: Outcome) -> None:
    """A dispute names the payment, or the money it took."""
    payment_id = await find_payment(provider, outcome.our_id, capture=outcome.capture)
    await chargebacks.apply_dispute(payment_id, outcome, source="webhook")
