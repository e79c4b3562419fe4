"""Cursors: where in a list a client stands, as opaque text that only this service can write.

A cursor holds the sort keys of one row and the direction to read on. It is signed together with the ordering it was made
for, so neither a forged one nor one taken to another ordering is ever put into a statement.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec
from msgspec import Struct

from marketplace.core.config import settings
from marketplace.core.errors import ValidationFailed

SIGNATURE_BYTES = 12
MAX_LENGTH = 2048


class Cursor(Struct, frozen=True, array_like=True):
    """`keys` are the sort keys of the row the client stands on, as Postgres prints them."""

    keys: tuple[str, ...] = ()
    backwards: bool = False


START = Cursor()
_decoder = msgspec.json.Decoder(Cursor)


def write(cursor: Cursor, context: str) -> str:
    """Opaque text; `context` names the list and the ordering it belongs to."""
    body = msgspec.json.encode(cursor)
    return urlsafe_b64encode(_sign(body, context) + body).decode().rstrip("=")


def read(text: str, context: str) -> Cursor:
    """The cursor of `text`; empty text is the start of the list. Raises ValidationFailed for any other list's or maker's."""
    if not text:
        return START
    try:
        if len(text) > MAX_LENGTH:
            raise ValueError
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        signature, body = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(body, context)):
            raise ValueError
        return _decoder.decode(body)
    except (ValueError, msgspec.DecodeError):
        raise ValidationFailed.of(
            "cursor", "No cursor of this list in this ordering. Take it from `meta.next_cursor`, or leave it empty."
        ) from None


def _sign(body: bytes, context: str) -> bytes:
    key = settings().secret_key.encode()
    return hmac.new(key, b"cursor\0" + context.encode() + b"\0" + body, hashlib.sha256).digest()[:SIGNATURE_BYTES]
