"""Login: password first, then the second factor where it is on."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from marketplace.accounts import passwords
from marketplace.accounts.contact import named
from marketplace.accounts.errors import AccountBanned, SecondFactorRequired, WrongCredentials
from marketplace.accounts.schemas.auth import Credentials, SignedIn
from marketplace.accounts.service import links, throttle
from marketplace.accounts.service.second_factor import second_factor_of, take_code
from marketplace.accounts.service.sessions import Client, open_session
from marketplace.accounts.states import AccountStatus, LinkPurpose
from marketplace.core import db
from marketplace.core.errors import ValidationFailed

log = structlog.get_logger(__name__)

MOST_CODES: Final = 5


async def log_in(given: Credentials, client: Client) -> SignedIn:
    """A new session for the right name or address and password.

    Raises WrongCredentials, AccountBanned, SecondFactorRequired (with the challenge to answer), WrongCode or RateLimited.
    """
    name = given.email or given.username
    if not name:
        raise ValidationFailed.of("email", "Send `email` or `username`.")
    return await finish(await try_password(name, given.password, client), client, given.code)


async def try_password(name: str, password: str, client: Client) -> UUID:
    """The account with this name and password; tries are counted, and wrong ones stand in the log, without the name:
    people type their password there. Raises WrongCredentials, AccountBanned or RateLimited."""
    await throttle.login(name, client)
    try:
        user_id = await check_credentials(name, password)
    except (WrongCredentials, AccountBanned) as refusal:
        log.warning("login.refused", code=refusal.code, network=client.network)
        raise
    await throttle.logged_in(name, client)
    return user_id


async def finish(user_id: UUID, client: Client, code: str | None = None) -> SignedIn:
    """Sign in somebody who has shown the first factor. Raises SecondFactorRequired or WrongCode."""
    if (await second_factor_of(user_id)).enabled:
        if code is None:
            challenge = await links.issue(LinkPurpose.SECOND_FACTOR, user_id=user_id)
            life = int(links.LIFE[LinkPurpose.SECOND_FACTOR].total_seconds())
            raise SecondFactorRequired(challenge=challenge, expires_in=life, methods=["totp", "recovery_code"])
        await take_code(user_id, code)
    async with db.transaction():
        return await open_session(user_id, client)


async def answer_challenge(challenge: str, code: str, client: Client) -> SignedIn:
    """Complete a login with a code. A challenge takes MOST_CODES tries. Raises LinkInvalid, WrongCode or RateLimited."""
    link = await links.try_at(challenge, LinkPurpose.SECOND_FACTOR, MOST_CODES)
    assert link.user_id is not None
    await take_code(link.user_id, code)
    async with db.transaction():
        await links.use(challenge, LinkPurpose.SECOND_FACTOR)
        return await open_session(link.user_id, client)


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
    if row["email"] and not passwords.is_current(row["password_hash"], row["email"]):
        await _rehash(user_id, row["password_hash"], await passwords.hashed(password, row["email"]))
    return user_id


async def _candidates(name: str) -> tuple[str, list[Any]]:
    """(address, accounts that may be meant), the one that has proven the address first."""
    columns = "SELECT id, email, password_hash, status FROM users WHERE status <> 'erased' AND "
    spelt = named(name)
    if "@" not in spelt:
        return "", await db.fetch(columns + "lower(username) = $1", spelt) if spelt else []
    return spelt, await db.fetch(columns + "email = $1 ORDER BY email_verified_at IS NULL, id DESC LIMIT 100", spelt)


async def _rehash(user_id: UUID, old: str, fresh: str) -> None:
    try:
        await db.execute(
            "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2", user_id, old, fresh
        )
    except asyncpg.UniqueViolationError:
        return  # another claim to the address has this very password: this one keeps its old hash
