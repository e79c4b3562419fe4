"""The application as the server sees it: Litestar behind the door."""

from typing import Any

from litestar import Litestar
from litestar.types import Scope

from marketplace.core.edge.door import Door
from marketplace.core.edge.tracing import traced


class Application(Litestar):
    """Litestar, entered through the door; the lifespan goes past it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(after_exception=[_remember], **kwargs)
        self._door = traced(Door(self, super().__call__))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await super().__call__(scope, receive, send)
        else:
            await self._door(scope, receive, send)


async def _remember(error: Exception, scope: Scope) -> None:
    """The socket's close code is chosen by the error, which the framework would not tell."""
    scope["state"]["error"] = error
