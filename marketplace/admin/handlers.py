from marketplace.accounts.events import PasswordChanged
from marketplace.core import db, outbox


@outbox.on(PasswordChanged)
async def end_staff_sessions(event: PasswordChanged) -> None:
    """A new password ends every sign-in to the back office, as it ends the account's other sessions."""
    await db.execute("DELETE FROM staff_sessions WHERE user_id = $1", event.user_id)
