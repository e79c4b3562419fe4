"""Registration: everybody gets an account; whom an address belongs to is settled by a link sent to it.

An address may be claimed by several accounts and proven by one. So registering with somebody's address answers exactly as
with a free one, tokens included, and tells nobody whether it has an account; its owner gets a letter.
"""

import secrets
from typing import Final
from uuid import UUID

import asyncpg
from msgspec import Struct

from marketplace.accounts import passwords
from marketplace.accounts.contact import normal_email, normal_phone
from marketplace.accounts.errors import AccountBanned, UsernameTaken
from marketplace.accounts.events import UserRegistered
from marketplace.accounts.password_rules import check_confirmation, check_password
from marketplace.accounts.schemas.auth import Registration, SignedIn
from marketplace.accounts.service import throttle
from marketplace.accounts.service.login import finish
from marketplace.accounts.service.sessions import Client, open_session
from marketplace.accounts.states import AccountStatus
from marketplace.core import db, i18n, outbox, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_PART: Final = 80


class NewAccount(Struct, frozen=True, kw_only=True):
    """A checked registration, ready to be stored. `personality` is JSON text."""

    email: str
    username: str
    first_name: str
    last_name: str
    phone_number: str
    language: str
    personality: str | None


async def register(wanted: Registration, client: Client, accept_language: str = "") -> SignedIn:
    """Make an account and sign it in. Raises ValidationFailed, UsernameTaken or RateLimited.

    The same address and password again, from a client that lost the answer or sent it twice, is the same account; then the
    rules of a login hold: AccountBanned, SecondFactorRequired.
    """
    new = checked(wanted, accept_language)
    await throttle.registration(client)
    password_hash = await passwords.hashed(wanted.password, new.email)
    async with db.transaction():
        user_id = await insert(new, password_hash)
        if user_id is not None:
            await outbox.emit(UserRegistered(user_id))
            return await open_session(user_id, client)
    return await finish(await _same_account(new.email, password_hash), client)


def checked(wanted: Registration, accept_language: str = "") -> NewAccount:
    """What was typed, in the form it is kept in. Raises ValidationFailed naming the field."""
    email, phone = normal_email(wanted.email), normal_phone(wanted.phone_number)
    first, last = _names(wanted)
    data = wanted.personality_data
    personality = None if data is None else text.small_json(data, "personality_data")
    check_confirmation(wanted.password, wanted.password_confirm)
    check_password(wanted.password, about=(email, wanted.username or "", first, last, phone))
    return NewAccount(
        email=email,
        username=wanted.username or made_up_username(),
        first_name=first,
        last_name=last,
        phone_number=phone,
        language=i18n.language_of(wanted.language) if wanted.language else i18n.negotiate(accept_language),
        personality=personality,
    )


def _names(wanted: Registration) -> tuple[str, str]:
    first, last = text.line(wanted.first_name, "first_name"), text.line(wanted.last_name, "last_name")
    if not first and not last:
        first, _, last = text.line(wanted.full_name, "full_name").partition(" ")
        if max(len(first), len(last)) > _PART:
            raise ValidationFailed.of("full_name", f"First and last name have at most {_PART} characters each.")
    return first, last


def made_up_username() -> str:
    """A public name that says nothing about its owner."""
    return "user-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


async def insert(new: NewAccount, password_hash: str) -> UUID | None:
    """Store the account; None if its address is already claimed with this very password. Raises UsernameTaken.

    Belongs inside `transaction()`.
    """
    try:
        async with db.savepoint():
            user_id: UUID | None = await db.fetch_val(
                "INSERT INTO users (id, email, username, password_hash, first_name, last_name, phone_number, language, "
                "role, status, ban_reason, created_at, updated_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'user', 'active', '', now(), now()) "
                "ON CONFLICT (email, password_hash) WHERE email <> '' AND password_hash LIKE '$argon2%' DO NOTHING RETURNING id",
                uuid7(), new.email, new.username, password_hash, new.first_name, new.last_name, new.phone_number, new.language,
            )  # fmt: skip
    except asyncpg.UniqueViolationError:
        # Equal registrations at once may meet at the username first.
        if await db.fetch_val("SELECT 1 FROM users WHERE email = $1 AND password_hash = $2", new.email, password_hash):
            return None
        raise UsernameTaken.of("username", UsernameTaken.default_message) from None
    if user_id is not None and new.personality is not None:
        statement = 'INSERT INTO profiles (id, "user", personality_data) VALUES ($1, $2, $3::jsonb)'
        await db.execute(statement, uuid7(), user_id, new.personality)
    return user_id


async def _same_account(email: str, password_hash: str) -> UUID:
    row = await db.fetch_row(
        "SELECT id, status FROM users WHERE email = $1 AND password_hash = $2", email, password_hash
    )
    assert row is not None
    if row["status"] == AccountStatus.BANNED:
        raise AccountBanned
    user_id: UUID = row["id"]
    return user_id
