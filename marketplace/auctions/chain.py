"""The hash chain of a lot's history: each row's hash covers the row before, so that a changed past shows.

Anyone can check it from the public rows alone: hash = sha256(prev_hash + canonical JSON of the public fields). The
commitment among them, sha256(salt : bidder : maximum), can be opened by the bidder, who alone is shown the salt.
"""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct


class Link(Struct, frozen=True, kw_only=True):
    """The public fields of one row, in canonical order: sorted keys, no spaces, times in UTC to the microsecond."""

    bidder: int
    commitment: str
    kind: str
    leader: int | None
    lot_id: UUID
    placed_at: datetime
    price_after: int
    price_before: int
    reason: str
    received_at: datetime
    seq: int
    target_seq: int | None

    def after(self, prev_hash: str) -> str:
        """This row's hash, as lower-case hex, given that of the row before ("" for the first)."""
        return hashlib.sha256(prev_hash.encode() + canonical(self)).hexdigest()


_encoder = msgspec.json.Encoder(order="deterministic")


def canonical(link: Link) -> bytes:
    return _encoder.encode(link)


def new_salt() -> str:
    return secrets.token_hex(16)


def commitment(salt: str, bidder_id: UUID, max_minor: int) -> str:
    return hashlib.sha256(f"{salt}:{bidder_id}:{max_minor}".encode()).hexdigest()
