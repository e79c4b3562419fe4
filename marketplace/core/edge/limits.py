"""The guard that counts API requests: by account when signed in, else by address.

A route names a limit of its own in its `opt`: `opt={"limit": "uploads"}`. `opt={"limit": None}` is for routes that are not
counted at all (webhooks of providers, which come from few addresses).
"""

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from marketplace.core import ratelimit
from marketplace.core.edge.addresses import caller

COUNTED: Final = "is_counted"


async def count_request(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of the API router. Raises RateLimited."""
    await count(connection.scope, handler)


async def count(scope: Any, handler: BaseRouteHandler) -> None:
    """Count this request, once however often it is asked. Raises RateLimited."""
    named = handler.opt.get("limit", "")
    if named is None or COUNTED in scope["state"]:
        return
    user = scope.get("user")
    who = caller(scope) if user is None else str(user.id)
    tier = "anonymous" if user is None else "premium" if user.is_premium else "api"
    standing = await ratelimit.count([(tier, who), *([(named, who)] if named else [])])
    scope["state"][COUNTED] = True
    if standing is not None:
        scope["state"]["rate_limit"] = standing
