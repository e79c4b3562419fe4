"""Proof of an address: a link is sent to it, and whoever opens the link has it."""

from urllib.parse import quote
from uuid import UUID

import asyncpg

from marketplace.accounts.contact import normal_email
from marketplace.accounts.errors import AddressProven, LinkInvalid
from marketplace.accounts.events import EmailChangeAsked, EmailChanged, EmailVerified, VerificationAsked
from marketplace.accounts.queries.identity import get_account
from marketplace.accounts.queries.locks import lock_user
from marketplace.accounts.schemas.auth import AccountOut
from marketplace.accounts.service import links, throttle
from marketplace.accounts.service.reauthentication import check_own_password
from marketplace.accounts.service.sessions import Client
from marketplace.accounts.states import AccountStatus, LinkPurpose
from marketplace.core import db, mail, outbox
from marketplace.core.config import settings


async def ask_for_verification(user_id: UUID) -> None:
    """Have the letter with the link sent (again). Raises AddressProven or RateLimited."""
    await throttle.verification_letter(user_id)
    async with db.transaction():
        if (await lock_user(user_id)).is_verified:
            raise AddressProven
        await outbox.emit(VerificationAsked(user_id))


async def send_verification(user_id: UUID) -> None:
    """Write to an account's unproven address: the link, or, if it is proven by another account already, to that one's owner.

    The second letter carries no link that would change anything: it tells its reader that they have an account.
    """
    async with db.transaction():
        user = await lock_user(user_id)
        if user.is_verified or not user.email or user.status is not AccountStatus.ACTIVE:
            return
        if not await throttle.may_write_to(user.email):
            return
        if await _told_owner(user.email):
            return
        secret = await links.issue(LinkPurpose.VERIFY_EMAIL, user_id=user_id, email=user.email)
        await mail.send(
            "accounts/verify_email", to=user.email, language=user.language,
            name=user.first_name or user.username, link=page("verify-email", secret), token=secret,
        )  # fmt: skip


async def _told_owner(email: str) -> bool:
    """If an account has proven this address, write to it that somebody else tried to use it."""
    owner = await db.fetch_row(
        "SELECT username, language FROM users WHERE email = $1 AND email_verified_at IS NOT NULL", email
    )  # fmt: skip
    if owner is None:
        return False
    await mail.send(
        "accounts/already_registered", to=email, language=owner["language"],
        username=owner["username"], link=page("reset-password"),
    )  # fmt: skip
    return True


async def verify_email(secret: str) -> AccountOut:
    """Take a link that came back as proof, of the account's address or of the one it moves to. Raises LinkInvalid, also when another account was faster."""
    async with db.transaction():
        try:
            link = await links.use(secret, LinkPurpose.VERIFY_EMAIL)
            moves = False
        except LinkInvalid:
            link = await links.use(secret, LinkPurpose.CHANGE_EMAIL)
            moves = True
        assert link.user_id is not None
        await (_move if moves else prove)(link.user_id, link.email)
        await links.void(link.user_id, LinkPurpose.VERIFY_EMAIL)
        await links.void(link.user_id, LinkPurpose.CHANGE_EMAIL)
        return await get_account(link.user_id)


async def ask_for_change(user_id: UUID, address: str, password: str | None, client: Client) -> None:
    """Have a link sent to the address the account wants to move to. Raises WrongPassword, ValidationFailed or RateLimited.

    The answer does not tell whether the address has an account.
    """
    email = normal_email(address)
    await check_own_password(user_id, password, client)
    await throttle.verification_letter(user_id)
    async with db.transaction():
        await outbox.emit(EmailChangeAsked(user_id, email))


async def send_change_link(user_id: UUID, email: str) -> None:
    """Write to the new address: the link, or, if an account has proven it, what tells its owner so."""
    async with db.transaction():
        user = await lock_user(user_id)
        if user.status is not AccountStatus.ACTIVE or not await throttle.may_write_to(email):
            return
        if await _told_owner(email):
            return
        secret = await links.issue(LinkPurpose.CHANGE_EMAIL, user_id=user_id, email=email)
        await mail.send(
            "accounts/change_email", to=email, language=user.language, name=user.first_name or user.username,
            username=user.username, link=page("verify-email", secret), token=secret,
        )  # fmt: skip


async def tell_old_address(user_id: UUID, before: str) -> None:
    """A change of address is told where a thief cannot hide it."""
    user = await lock_user(user_id)
    await mail.send("accounts/email_changed", to=before, language=user.language, username=user.username)


async def _move(user_id: UUID, email: str) -> None:
    user = await lock_user(user_id)
    if user.status is not AccountStatus.ACTIVE:
        raise LinkInvalid.of("token", LinkInvalid.default_message)
    try:
        async with db.savepoint():
            await db.execute(
                "UPDATE users SET email = $2, email_verified_at = now(), updated_at = now() WHERE id = $1",
                user_id,
                email,
            )
    except asyncpg.UniqueViolationError:
        raise LinkInvalid.of("token", LinkInvalid.default_message) from None
    await links.void(user_id, LinkPurpose.RESET_PASSWORD)
    if user.email != email:
        await outbox.emit(EmailChanged(user_id, user.email, user.is_verified))


async def prove(user_id: UUID, email: str) -> bool:
    """Set down that this account has proven this address. False if it had already. Raises LinkInvalid if it is not, or no longer, its to prove."""
    user = await lock_user(user_id)
    invalid = LinkInvalid.of("token", LinkInvalid.default_message)
    if user.email != email or user.status is not AccountStatus.ACTIVE:
        raise invalid
    if user.is_verified:
        return False
    try:
        async with db.savepoint():
            await db.execute("UPDATE users SET email_verified_at = now(), updated_at = now() WHERE id = $1", user_id)
    except asyncpg.UniqueViolationError:
        raise invalid from None
    await outbox.emit(EmailVerified(user_id))
    return True


def page(name: str, secret: str = "") -> str:
    """The address of one of our pages. The secret stands behind `#`, so no server, log or other site ever sees it."""
    return f"{settings().public_url.rstrip('/')}/#/{name}" + (f"?token={quote(secret)}" if secret else "")
