"""Erasing a person: what names them goes, what others rely on stays under an id that names nobody."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from marketplace.accounts import passwords, privacy
from marketplace.accounts.errors import ObligationsOpen, ReauthenticationRequired, WrongPassword
from marketplace.accounts.events import UserErased
from marketplace.accounts.queries.locks import LockedUser, lock_user
from marketplace.accounts.service import throttle
from marketplace.accounts.service.sessions import Client, end_sessions
from marketplace.accounts.states import ACCOUNT, AccountStatus, SessionEnd
from marketplace.core import audit, db, outbox

FRESH: Final = timedelta(minutes=10)


async def erase_account(user_id: UUID, session_id: UUID, password: str | None, client: Client) -> None:
    """Erase one's own account, for good, at once.

    Raises WrongPassword, ReauthenticationRequired, RateLimited, or ObligationsOpen while others depend on the account.
    """
    shown = await _reauthenticate(user_id, session_id, password, client)
    await db.retrying(lambda: _erase(user_id, shown))


async def _reauthenticate(user_id: UUID, session_id: UUID, password: str | None, client: Client) -> str:
    """The password hash that was matched, so that the deed can insist on it."""
    async with db.transaction():
        user = await lock_user(user_id)
        is_fresh = await db.fetch_val(
            "SELECT created_at > now() - $2::interval FROM sessions WHERE id = $1", session_id, FRESH
        )
    if not user.password_hash.startswith("$argon2"):
        if not is_fresh:
            raise ReauthenticationRequired
        return user.password_hash
    await throttle.login(str(user_id), client)
    if await passwords.match(password or "", [user.password_hash], user.email) is None:
        raise WrongPassword(fields={"password": [WrongPassword.default_message]})
    await throttle.logged_in(str(user_id), client)
    return user.password_hash


async def _erase(user_id: UUID, shown_hash: str) -> None:
    async with db.transaction():
        # The row stays locked to the end: a login, a bid or a change at the same time is either seen here, or sees this.
        user = await lock_user(user_id)
        if user.password_hash != shown_hash:
            raise WrongPassword(fields={"password": [WrongPassword.default_message]})
        ACCOUNT.check(user.status, AccountStatus.ERASED)
        obligations = [obligation for block in privacy.BLOCKERS.values() for obligation in await block(user_id)]
        if obligations:
            raise ObligationsOpen(obligations=obligations)
        # Refresh tokens go before their sessions end: a refresh at the same time locks in this order.
        changed = {name: await erase(user_id) for name, erase in privacy.ERASERS.items()}
        await end_sessions(user_id, SessionEnd.ERASED)
        await _empty(user)
        await outbox.emit(UserErased(user_id))
        await audit.record(
            actor=user_id, action="user.erased", object_type="user", object_id=user_id,
            before={"status": user.status}, after={"status": AccountStatus.ERASED, "rows_changed": changed},
        )  # fmt: skip


async def _empty(user: LockedUser) -> None:
    await db.execute(
        "UPDATE users SET status = $2, email = '', username = $3, password_hash = $4, role = 'user', first_name = '', "
        "last_name = '', phone_number = '', language = 'en', ban_reason = '', email_verified_at = NULL, updated_at = now() "
        "WHERE id = $1",
        user.id, AccountStatus.ERASED, pseudonym(user.id), passwords.UNUSABLE,
    )  # fmt: skip


def pseudonym(user_id: UUID) -> str:
    """The username of an erased account."""
    return f"erased-{user_id.hex}"
