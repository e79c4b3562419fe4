"""What Stripe sends by itself: signed with one of our endpoint's secrets, and read into the same answers as its API's."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from marketplace.core.errors import ValidationFailed
from marketplace.payments.providers.base import BadSignature, Notice, Outcome
from marketplace.payments.providers.stripe import objects
from marketplace.payments.providers.stripe.objects import Event

T = TypeVar("T")

TOLERANCE: Final = 300
"""Seconds that a webhook's time stamp may be old, or ahead."""

INTENT_EVENTS: Final = frozenset(
    f"payment_intent.{what}" for what in ("succeeded", "payment_failed", "processing", "requires_action", "canceled")
)
REFUND_EVENTS: Final = frozenset(["refund.created", "refund.updated", "refund.failed", "charge.refund.updated"])


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Raises BadSignature unless one of the secrets signed this body at most 300 s ago (or ahead)."""
    stamp, signatures = _parts(headers.get("stripe-signature", ""))
    if abs(now.timestamp() - stamp) > TOLERANCE:
        raise BadSignature
    signed = b"%d.%s" % (stamp, body)
    right = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    if not any(hmac.compare_digest(ours, theirs) for ours in right for theirs in signatures):
        raise BadSignature


def _parts(header: str) -> tuple[int, list[bytes]]:
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    if len(stamps) != 1 or not stamps[0].isascii() or not stamps[0].isdecimal() or len(stamps[0]) > 12:
        raise BadSignature
    return int(stamps[0]), [value.encode() for name, _, value in pairs if name == "v1"]


def notices(body: bytes) -> list[Notice]:
    """The events of a verified webhook: one, but for refunds that came several in one."""
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.MsgspecError as error:
        raise ValidationFailed(f"This is no event of Stripe's: {error}.") from None
    at = datetime.fromtimestamp(event.created, UTC)
    outcomes = outcomes_of(event)
    return [
        Notice(
            event_id=event.id if index == 0 else f"{event.id}:{outcome.reference if outcome else index}",
            type=event.type, created_at=at, outcome=outcome,
        )
        for index, outcome in enumerate(outcomes or [None])
    ]  # fmt: skip


def outcomes_of(event: Event) -> list[Outcome]:
    """What an event says of our charges, refunds, payouts and disputes. Nothing, where it happened to another account."""
    if event.account:
        return []
    thing, family = event.data.object, event.type.split(".")[0]
    if event.type in INTENT_EVENTS:
        return [objects.of_intent(_read(thing, objects.Intent))]
    if event.type in REFUND_EVENTS:
        return [objects.of_refund(_read(thing, objects.Refund))]
    if event.type == "charge.refunded":
        refunds = _read(thing, objects.Charge).refunds
        return [objects.of_refund(refund) for refund in refunds.data] if refunds else []
    if event.type.startswith("charge.dispute."):
        return [objects.of_dispute(_read(thing, objects.Dispute))]
    if family == "transfer":
        return [objects.of_transfer(_read(thing, objects.Transfer))]
    if family == "payout":
        payout = objects.of_payout(_read(thing, objects.Payout))
        return [payout] if payout.our_id else []  # else Stripe's own schedule made it, for our account as a whole
    return []


def _read(thing: Raw, kind: type[T]) -> T:
    return msgspec.json.decode(thing, type=kind)
