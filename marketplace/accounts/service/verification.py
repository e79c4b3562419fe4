"""Proof of an address: a link is sent to it, and whoever opens the link has it."""

from urllib.parse import quote
from uuid import UUID

import asyncpg

from marketplace.accounts.errors import AddressProven, LinkInvalid
from marketplace.accounts.events import EmailVerified, VerificationAsked
from marketplace.accounts.queries.identity import get_account
from marketplace.accounts.queries.locks import lock_user
from marketplace.accounts.schemas.auth import AccountOut
from marketplace.accounts.service import links, throttle
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
        owner = await db.fetch_row(
            "SELECT username, language FROM users WHERE email = $1 AND email_verified_at IS NOT NULL", user.email
        )
        if owner is not None:
            await mail.send(
                "accounts/already_registered", to=user.email, language=owner["language"],
                username=owner["username"], link=page("reset-password"),
            )  # fmt: skip
            return
        secret = await links.issue(LinkPurpose.VERIFY_EMAIL, user_id=user_id, email=user.email)
        await mail.send(
            "accounts/verify_email", to=user.email, language=user.language,
            name=user.first_name or user.username, link=page("verify-email", secret), token=secret,
        )  # fmt: skip


async def verify_email(secret: str) -> AccountOut:
    """Take a link that came back as proof. Raises LinkInvalid, also when another account was faster."""
    async with db.transaction():
        link = await links.use(secret, LinkPurpose.VERIFY_EMAIL)
        assert link.user_id is not None
        await prove(link.user_id, link.email)
        await links.void(link.user_id, LinkPurpose.VERIFY_EMAIL)
        return await get_account(link.user_id)


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
