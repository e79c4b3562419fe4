"""Who is here now. Kept in Redis, which may lose it: then nobody knows, and nobody waits.

A person is online for ONLINE after their last request or socket; the time itself is remembered for REMEMBERED.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from redis.exceptions import RedisError

from marketplace.accounts.schemas.profiles import PublicProfile
from marketplace.core import clock, kv

log = structlog.get_logger(__name__)

ONLINE: Final = timedelta(minutes=5)
REMEMBERED: Final = timedelta(days=30)
WRITE_EVERY: Final = 60.0
_MOST_KNOWN: Final = 50_000

_WRITE: Final = """
local left = redis.call('TTL', KEYS[1])
if left > tonumber(ARGV[2]) - tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
"""

_written: dict[UUID, float] = {}
"""When this process last wrote for whom, so that most requests cost no round trip."""


def _key(user_id: UUID) -> str:
    return f"presence:{user_id}"


async def touch(user_id: UUID) -> bool:
    """Remember that somebody is here; says whether it was written. At most once a minute, over all processes."""
    now = monotonic()
    if now - _written.get(user_id, -WRITE_EVERY) < WRITE_EVERY:
        return False
    if len(_written) >= _MOST_KNOWN:
        _written.clear()
    _written[user_id] = now
    try:
        stamp = str(int(clock.now().timestamp()))
        wrote = await kv.client().eval(
            _WRITE, 1, _key(user_id), stamp, str(int(REMEMBERED.total_seconds())), str(int(WRITE_EVERY))
        )  # type: ignore[misc]
    except (RedisError, OSError) as error:
        log.warning("presence.not_written", error=repr(error))
        return False
    return bool(wrote)


async def last_seen(user_id: UUID) -> datetime | None:
    """When somebody was last here; None if that is not known."""
    try:
        stamp = await kv.client().get(_key(user_id))
    except (RedisError, OSError) as error:
        log.warning("presence.not_read", error=repr(error))
        return None
    return datetime.fromtimestamp(int(stamp), UTC) if stamp else None


async def forget(user_id: UUID) -> None:
    """Take away what is known of somebody's presence. Raises when Redis is away: a job repeats it."""
    _written.pop(user_id, None)
    await kv.client().delete(_key(user_id))


async def seen(profile: PublicProfile, shown: bool) -> PublicProfile:
    """The profile with the person's presence in it, if they show it."""
    if not shown:
        return profile
    at = await last_seen(profile.id)
    online = None if at is None else clock.now() - at < ONLINE
    return msgspec.structs.replace(profile, online=online, last_seen_at=at)


class Presence(ASGIMiddleware):
    """Notes signed-in people, once their request is answered or their socket opens. Stands inside `Authentication`."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        viewer = scope.get("user")
        if viewer is not None and scope["type"] == ScopeType.WEBSOCKET:
            await touch(viewer.id)
        await next_app(scope, receive, send)
        if viewer is not None:
            await touch(viewer.id)
