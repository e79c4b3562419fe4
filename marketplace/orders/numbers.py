"""Order numbers: ORD-20241202-ABC123. RULES: Orders."""

import secrets
from datetime import datetime
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing that is mistaken for something else when it is read out."""
LENGTH: Final = 6


def number(at: datetime) -> str:
    """A number of that day, one of a thousand million; the database refuses one that was given before."""
    return f"ORD-{at:%Y%m%d}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
