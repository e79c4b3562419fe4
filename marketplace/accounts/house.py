"""The account that stands for the platform where a seller is asked for. Nobody signs in with it, and it names nobody."""

from typing import Final
from uuid import UUID

from marketplace.core import db

HOUSE: Final = UUID("00000000-0000-7000-8000-00000000c0de")
NAME: Final = "(marketplace)"
"""No name that a person could register."""


async def house() -> UUID:
    """Its id, in the caller's transaction; it is made when it is first needed."""
    await db.execute(
        "INSERT INTO users (id, email, username, password_hash, role, status, ban_reason, first_name, last_name, phone_number, "
        "language, created_at, updated_at) VALUES ($1, '', $2, '!', 'user', 'active', '', '', '', '', 'en', now(), now()) "
        "ON CONFLICT (id) DO NOTHING",
        HOUSE, NAME,
    )  # fmt: skip
    return HOUSE
