from uuid import UUID

from marketplace.core import db


async def may_fetch(user_id: UUID) -> bool:
    """May this account still fetch private files? A ban ends its links at once."""
    return bool(await db.fetch_val("SELECT status = 'active' FROM users WHERE id = $1", user_id))
