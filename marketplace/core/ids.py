import hashlib
from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new version 7 UUID: grows with time, so indexes on it stay dense and ids sort by creation."""
    return uuid_utils.compat.uuid7()


def digest(content: bytes) -> str:
    """A short name for exactly this content: 128 bits of BLAKE2."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()
