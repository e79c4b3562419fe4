"""Secrets that open nothing any more, and sessions nobody will ask about, go away."""

from marketplace.accounts.service.sessions import SESSION_LIFE
from marketplace.core.housekeeping import delete_old


async def delete_spent_links() -> int:
    """A day after their end; until then the refusal can still be told from that of a made-up one in the logs."""
    return await delete_old("link_tokens", "expires_at < now() - interval '1 day'")


async def delete_spent_refresh_tokens() -> int:
    """A used token is kept until it would have run out: before, its return shows that somebody has a copy."""
    return await delete_old("refresh_tokens", "expires_at < now() - interval '1 day'")


async def delete_old_sessions() -> int:
    """A year after they ended or ran out: long enough to know a device again, and for those who look into fraud."""
    return await delete_old(
        "sessions", "coalesce(ended_at, last_seen_at + $1::interval) < now() - interval '1 year'", SESSION_LIFE
    )
