from uuid import UUID

from marketplace.accounts.events import PasswordChanged, RoleChanged, SessionsEnded, UserBanned
from marketplace.core import db, outbox


@outbox.on(PasswordChanged)
async def end_staff_sessions(event: PasswordChanged) -> None:
    """A new password ends every sign-in to the back office, as it ends the account's other sessions."""
    await _sign_out(event.user_id)


@outbox.on(SessionsEnded)
async def sign_out_of_the_back_office_too(event: SessionsEnded) -> None:
    """Who signs out everywhere means here, too."""
    if event.everywhere:
        await _sign_out(event.user_id)


@outbox.on(UserBanned)
async def end_staff_sessions_of_the_banned(event: UserBanned) -> None:
    """The ban shuts them out at once; this is so that lifting it does not let an old sign-in live again."""
    await _sign_out(event.user_id)


@outbox.on(RoleChanged)
async def end_staff_sessions_of_another_role(event: RoleChanged) -> None:
    """A role that is given again is no reason for an old sign-in to count again."""
    await _sign_out(event.user_id)


async def _sign_out(user_id: UUID) -> None:
    await db.execute("DELETE FROM staff_sessions WHERE user_id = $1", user_id)
