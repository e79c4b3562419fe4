"""The composition root: which domains there are, and what every request passes through."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar, Router, get
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.memory import MemoryChannelsBackend
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from marketplace.accounts.viewer import Authentication, provide_viewer, provide_visitor
from marketplace.admin.mount import MOUNTS
from marketplace.core import db, live, problems
from marketplace.core.bodies import StrictRequest
from marketplace.core.listing import provide_listing
from marketplace.web.pages import PAGES

CONTROLLERS: Sequence[ControllerRouterHandler] = []
"""Every domain's `CONTROLLERS`, served under /api/v1."""
ROOMS: Sequence[ControllerRouterHandler] = []
"""Every domain's `ROOMS`: WebSocket handlers, at their own paths."""


@asynccontextmanager
async def database(_: Litestar) -> AsyncIterator[None]:
    await db.connect()
    try:
        yield
    finally:
        await db.disconnect()


@get("/health/live", opt={"public": True})
async def alive() -> dict[str, str]:
    return {"status": "ok"}


def create_app() -> Litestar:
    channels = ChannelsPlugin(
        backend=MemoryChannelsBackend(), arbitrary_channels_allowed=True,
        subscriber_max_backlog=256, subscriber_backlog_strategy="dropleft",
    )  # fmt: skip
    live.use(channels)
    return Litestar(
        route_handlers=[alive, Router("/api/v1", route_handlers=CONTROLLERS), *PAGES, *MOUNTS, *ROOMS],
        request_class=StrictRequest,
        plugins=[channels],
        middleware=[DefineMiddleware(Authentication, exclude="^/admin")],
        dependencies={
            "listing": Provide(provide_listing),
            "viewer": Provide(provide_viewer),
            "visitor": Provide(provide_visitor),
        },
        exception_handlers=problems.HANDLERS,
        lifespan=[database],
        openapi_config=None,
    )
