"""Login with a password."""

from typing import Any
from uuid import UUID

from marketplace.accounts import passwords
from marketplace.accounts.contact import normal_email
from marketplace.accounts.errors import AccountBanned, WrongCredentials
from marketplace.accounts.schemas.auth import Credentials, SignedIn
from marketplace.accounts.service.sessions import Client, open_session
from marketplace.accounts.states import AccountStatus
from marketplace.core import db
from marketplace.core.errors import ValidationFailed


async def log_in(given: Credentials, client: Client) -> SignedIn:
    """A new session for the right name or address and password. Raises WrongCredentials or AccountBanned."""
    name = given.email or given.username
    if not name:
        raise ValidationFailed.of("email", "Send `email` or `username`.")
    user_id = await check_credentials(name, given.password)
    async with db.transaction():
        return await open_session(user_id, client)


async def check_credentials(name: str, password: str) -> UUID:
    """The account with this username or address and password. Raises WrongCredentials or AccountBanned.

    A ban is told only to who knows the password.
    """
    email, rows = await _candidates(name)
    found = await passwords.match(password, [row["password_hash"] for row in rows], email)
    if found is None:
        raise WrongCredentials
    row = rows[found]
    if row["status"] == AccountStatus.BANNED:
        raise AccountBanned
    user_id: UUID = row["id"]
    if not passwords.is_current(row["password_hash"], row["email"]):
        await _rehash(user_id, password, row["email"], row["password_hash"])
    return user_id


async def _candidates(name: str) -> tuple[str, list[Any]]:
    """(address, accounts that may be meant), the one that has proven the address first."""
    columns = "SELECT id, email, password_hash, status FROM users WHERE status <> 'erased' AND "
    if "@" not in name:
        rows = await db.fetch(columns + "lower(username) = lower($1)", name.replace("\x00", ""))
        return "", rows
    try:
        email = normal_email(name)
    except ValidationFailed:
        return "", []
    return email, await db.fetch(columns + "email = $1 ORDER BY email_verified_at IS NULL, id DESC LIMIT 100", email)


async def _rehash(user_id: UUID, password: str, email: str, old: str) -> None:
    if not email:
        return
    fresh = await passwords.hashed(password, email)
    await db.execute(
        "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 "
        "AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email = users.email AND o.password_hash = $3)",
        user_id, old, fresh,
    )  # fmt: skip
