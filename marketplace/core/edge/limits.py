"""The guard that counts API requests: by account when signed in, else by address.

A route names a limit of its own in its `opt`: `opt={"limit": "uploads"}`. `opt={"limit": None}` is for routes that are not
counted at all (webhooks of providers, which come from few addresses).
"""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from marketplace.core import ratelimit
from marketplace.core.edge.addresses import caller


async def count_request(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of the API router. Raises RateLimited."""
    named = handler.opt.get("limit", "")
    if named is None:
        return
    user = connection.user
    who = caller(connection.scope) if user is None else str(user.id)
    tier = "anonymous" if user is None else "premium" if getattr(user, "is_premium", False) else "api"
    standing = await ratelimit.count([(tier, who), *([(named, who)] if named else [])])
    if standing is not None:
        connection.scope["state"]["rate_limit"] = standing
