from uuid import UUID

from marketplace.accounts.tokens import TokenInvalid
from marketplace.core import db


async def lock_owner(user_id: UUID) -> None:
    """Take the account's row for a change of what belongs to it. Raises TokenInvalid if it is no longer active.

    One person's changes wait for each other (so a limit or a single default holds), and none lands in an account that a
    concurrent erasure has emptied. References to the account from elsewhere do not wait.
    """
    if not await db.fetch_val(
        "SELECT true FROM users WHERE id = $1 AND status = 'active' FOR NO KEY UPDATE", user_id
    ):  # fmt: skip
        raise TokenInvalid
