"""When a request arrived: noted before anything else is done with it, for what is decided by who came first."""

from datetime import datetime
from typing import Any

from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from marketplace.core import clock


class Arrivals:
    """The outermost middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["received_at"] = clock.now()
        await self.app(scope, receive, send)


async def provide_received_at(request: Request[Any, Any, Any]) -> datetime:
    """Dependency `received_at`."""
    received_at: datetime = request.scope["state"]["received_at"]
    return received_at
