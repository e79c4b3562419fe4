"""Whether the process lives, and whether it should be sent requests."""

import asyncio
from typing import Literal

from litestar import Response, get
from litestar.types import ControllerRouterHandler
from msgspec import Struct
from redis.exceptions import RedisError

from marketplace.core import db, kv, migrations

State = Literal["ok", "away", "behind"]
SECONDS = 2.0

_migrated = False


class Alive(Struct, frozen=True):
    status: Literal["ok"] = "ok"


class Ready(Struct, frozen=True):
    """`redis` away alone is no reason to send nobody: what needs it waits or does without."""

    status: Literal["ok", "degraded", "unavailable"]
    database: State
    migrations: State
    redis: State


@get("/health/live", operation_id="live", tags=["Health"], opt={"public": True})
async def live() -> Alive:
    """The process answers. Restart it when it does not."""
    return Alive()


@get("/health/ready", operation_id="ready", tags=["Health"], opt={"public": True})
async def ready() -> Response[Ready]:
    """Database, migrations and Redis. 503 means: send this process nothing for now."""
    (database, migrated), redis = await asyncio.gather(_database(), _redis())
    good = database == migrated == "ok"
    status: Literal["ok", "degraded", "unavailable"] = "unavailable"
    if good:
        status = "ok" if redis == "ok" else "degraded"
    return Response(Ready(status, database, migrated, redis), status_code=200 if good else 503)


async def _database() -> tuple[State, State]:
    global _migrated
    try:
        async with asyncio.timeout(SECONDS):
            await db.fetch_val("SELECT 1")
            if not _migrated:
                _migrated = not await migrations.pending()
    except Exception as error:
        if db.unavailable(error) is None:
            raise
        return "away", "away"
    return "ok", "ok" if _migrated else "behind"


async def _redis() -> State:
    try:
        async with asyncio.timeout(SECONDS):
            await kv.client().get("-")
    except (RedisError, OSError, TimeoutError):
        return "away"
    return "ok"


HEALTH: list[ControllerRouterHandler] = [live, ready]
