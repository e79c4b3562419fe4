"""Change and reset of a password. Both end the account's other sessions."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from marketplace.accounts import passwords
from marketplace.accounts.contact import normal_email
from marketplace.accounts.errors import LinkInvalid, WrongPassword
from marketplace.accounts.events import PasswordChanged, PasswordResetAsked
from marketplace.accounts.password_rules import check_confirmation, check_password
from marketplace.accounts.queries.locks import LockedUser, lock_user
from marketplace.accounts.service import links, throttle
from marketplace.accounts.service.second_factor import forget_second_factor
from marketplace.accounts.service.sessions import Client, end_sessions
from marketplace.accounts.service.verification import page, prove
from marketplace.accounts.states import AccountStatus, LinkPurpose, SessionEnd
from marketplace.core import db, mail, outbox


async def change_password(
    user_id: UUID, session_id: UUID, *, old: str, new: str, again: str | None, client: Client
) -> None:
    """Replace the password, knowing the old one; this session stays, all others end. Raises WrongPassword, ValidationFailed or RateLimited."""
    check_confirmation(new, again)
    await throttle.login(str(user_id), client)
    async with db.transaction():
        user = await lock_user(user_id)
    check_password(new, about=_about(user), field="new_password")
    if await passwords.match(old, [user.password_hash], user.email) is None:
        raise WrongPassword(fields={"old_password": [WrongPassword.default_message]})
    await throttle.logged_in(str(user_id), client)

    async def deed(password_hash: str) -> None:
        changed = await db.execute(
            "UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash = $2",
            user_id, user.password_hash, password_hash,
        )  # fmt: skip
        if not changed:
            raise WrongPassword(fields={"old_password": [WrongPassword.default_message]})
        await end_sessions(user_id, SessionEnd.PASSWORD, keep=session_id)
        await _void_links(user_id)
        await outbox.emit(PasswordChanged(user_id, by_reset=False))

    await _with_hash(new, user.email, deed)


async def ask_for_reset(address: str, client: Client) -> None:
    """Have a link sent to this address if an account has it. Does the same, and answers the same, if none has."""
    email = normal_email(address)
    await throttle.password_reset(email, client)
    async with db.transaction():
        await outbox.emit(PasswordResetAsked(email))


async def send_reset(email: str) -> None:
    """Write to the address with a link for the account that has proven it, else for the newest that claims it."""
    async with db.transaction():
        row = await db.fetch_row(
            "SELECT id, username, first_name, language FROM users WHERE email = $1 AND email <> '' AND status = 'active' "
            "ORDER BY email_verified_at IS NULL, id DESC LIMIT 1",
            email,
        )
        if row is None or not await throttle.may_write_to(email):
            return
        secret = await links.issue(LinkPurpose.RESET_PASSWORD, user_id=row["id"], email=email)
        await mail.send(
            "accounts/reset_password", to=email, language=row["language"], name=row["first_name"] or row["username"],
            username=row["username"], link=page("reset-password", secret), token=secret,
        )  # fmt: skip


async def reset_password(secret: str, *, new: str, again: str | None) -> None:
    """Set a password with a mailed link; every session ends. Raises LinkInvalid or ValidationFailed.

    Opening the link proves the address. If it was not proven before, whoever made the account may have been somebody else:
    its second factor and social logins go.
    """
    check_confirmation(new, again)
    link = await links.look(secret, LinkPurpose.RESET_PASSWORD)
    assert link.user_id is not None
    user_id = link.user_id
    async with db.transaction():
        user = await lock_user(user_id)
    check_password(new, about=_about(user))

    async def deed(password_hash: str) -> None:
        used = await links.use(secret, LinkPurpose.RESET_PASSWORD)
        if (await lock_user(user_id)).status is not AccountStatus.ACTIVE:
            raise LinkInvalid.of("token", LinkInvalid.default_message)
        if await prove(user_id, used.email):
            await forget_second_factor(user_id)
            await db.execute('DELETE FROM social_identities WHERE "user" = $1', user_id)
        await db.execute(
            "UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1", user_id, password_hash
        )
        await end_sessions(user_id, SessionEnd.PASSWORD)
        await _void_links(user_id)
        await outbox.emit(PasswordChanged(user_id, by_reset=True))

    await _with_hash(new, user.email, deed)


async def _void_links(user_id: UUID) -> None:
    """What the old password, or who held the mailbox, had under way."""
    for purpose in (LinkPurpose.RESET_PASSWORD, LinkPurpose.SECOND_FACTOR, LinkPurpose.CHANGE_EMAIL):
        await links.void(user_id, purpose)


async def _with_hash(password: str, email: str, deed: Callable[[str], Awaitable[None]]) -> None:
    """Do the deed in one transaction with the password's hash.

    If another account that claims the address happens to have this very password, the hash gets a salt of its own: the
    refusal would tell one of them the other's password.
    """
    shared = await passwords.hashed(password, email)
    try:
        async with db.transaction():
            await deed(shared)
    except asyncpg.UniqueViolationError:
        apart = await passwords.hashed_apart(password)
        async with db.transaction():
            await deed(apart)


def _about(user: LockedUser) -> tuple[str, ...]:
    return (user.email, user.username, user.first_name, user.last_name, user.phone_number)
