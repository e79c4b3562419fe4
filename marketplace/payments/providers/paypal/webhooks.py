"""What PayPal sends by itself: signed with its certificate over the message's id, time and checksum, and our webhook's id."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Raw, Struct

from marketplace.core.errors import ValidationFailed
from marketplace.payments.providers.base import BadSignature, Notice, Outcome
from marketplace.payments.providers.paypal import certificates, objects

T = TypeVar("T")

TOLERANCE: Final = 300
"""Seconds that a webhook's time may be old, or ahead."""

CAPTURES: Final = frozenset(f"PAYMENT.CAPTURE.{what}" for what in ("COMPLETED", "PENDING", "DENIED", "DECLINED"))
ORDERS: Final = frozenset(["CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED", "CHECKOUT.ORDER.VOIDED"])


class Event(Struct):
    id: str
    event_type: str
    create_time: datetime
    resource: Raw


async def verify(headers: Mapping[str, str], body: bytes, webhook_id: str, base: str, now: datetime) -> None:
    """Raises BadSignature unless PayPal signed this body for this webhook at most 300 s ago (or ahead).

    The cheap questions come first: a certificate is fetched only for what could be PayPal's.
    """
    sent = headers.get("paypal-transmission-time", "")
    if not webhook_id or headers.get("paypal-auth-algo", "").upper() != "SHA256WITHRSA" or not _is_fresh(sent, now):
        raise BadSignature
    try:
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature from None
    key = await certificates.key(headers.get("paypal-cert-url", ""), base, now)
    message = f"{headers.get('paypal-transmission-id', '')}|{sent}|{webhook_id}|{zlib.crc32(body)}"
    try:
        key.verify(signature, message.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise BadSignature from None


def _is_fresh(sent: str, now: datetime) -> bool:
    try:
        at = datetime.fromisoformat(sent)
    except ValueError:
        return False
    return at.tzinfo is not None and abs((now - at).total_seconds()) <= TOLERANCE


def notice(body: bytes) -> Notice:
    """The event of a verified webhook."""
    try:
        event = msgspec.json.decode(body, type=Event)
    except msgspec.MsgspecError as error:
        raise ValidationFailed(f"This is no event of PayPal's: {error}.") from None
    return Notice(event_id=event.id, type=event.event_type, created_at=event.create_time, outcome=_outcome(event))


def _outcome(event: Event) -> Outcome | None:
    type_, thing = event.event_type, event.resource
    if type_ in CAPTURES:
        return objects.of_capture(_read(thing, objects.Capture))
    if type_ == "PAYMENT.CAPTURE.REFUNDED":
        return objects.of_refund(_read(thing, objects.Refund))
    if type_ in ORDERS:
        return objects.of_order(_read(thing, objects.Order))
    if type_.startswith("PAYMENT.PAYOUTS-ITEM."):
        return objects.of_item(_read(thing, objects.Item))
    if type_.startswith("CUSTOMER.DISPUTE."):
        return objects.of_dispute(_read(thing, objects.Dispute))
    return None


def _read(thing: Raw, kind: type[T]) -> T:
    return msgspec.json.decode(thing, type=kind)
