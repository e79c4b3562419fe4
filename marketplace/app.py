"""The composition root: which domains there are, and what every request passes through."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.types import ControllerRouterHandler

from marketplace import worker
from marketplace.accounts import controllers as accounts
from marketplace.accounts.presence import Presence
from marketplace.accounts.tickets import ended_sessions
from marketplace.accounts.viewer import Authentication, account_first, provide_viewer, provide_visitor
from marketplace.admin import controllers as admin
from marketplace.admin.mount import MOUNTS
from marketplace.auctions import controllers as auctions
from marketplace.auctions import rooms as auction_rooms
from marketplace.catalog import controllers as catalog
from marketplace.core import cache, db, live, logs, presence, problems, sockets
from marketplace.core.arrival import Arrivals, provide_received_at
from marketplace.core.bodies import StrictRequest
from marketplace.core.channels import LiveChannels, RedisChannels
from marketplace.core.config import settings
from marketplace.core.edge.application import Application
from marketplace.core.edge.docs import DOCS
from marketplace.core.edge.health import HEALTH
from marketplace.core.edge.limits import count_request
from marketplace.core.edge.metrics import metrics
from marketplace.core.idempotency import IdempotencyKeys
from marketplace.core.listing import provide_listing
from marketplace.disputes import controllers as disputes
from marketplace.engagements import controllers as engagements
from marketplace.gigs import controllers as gigs
from marketplace.gigs.counting import counting
from marketplace.notifications import controllers as notifications
from marketplace.notifications import rooms as notification_rooms
from marketplace.orders import controllers as orders
from marketplace.payments import controllers as payments
from marketplace.payments.providers.sandbox import controllers as sandbox
from marketplace.payments.providers.sandbox.page import PAGES as SANDBOX_PAGES
from marketplace.reviews import controllers as reviews
from marketplace.shop import controllers as shop
from marketplace.subscriptions import controllers as subscriptions
from marketplace.web.pages import PAGES

CONTROLLERS: Sequence[ControllerRouterHandler] = [
    *accounts.CONTROLLERS,
    *catalog.CONTROLLERS,
    *auctions.CONTROLLERS,
    *gigs.CONTROLLERS,
    *shop.CONTROLLERS,
    *engagements.CONTROLLERS,
    *reviews.CONTROLLERS,
    *disputes.CONTROLLERS,
    *admin.CONTROLLERS,
    *notifications.CONTROLLERS,
    *payments.CONTROLLERS,
    *subscriptions.CONTROLLERS,
    *sandbox.CONTROLLERS,
]
"""Every domain's `CONTROLLERS`, served under /api/v1. Those of orders are made with the application."""
ROOMS: Sequence[ControllerRouterHandler] = [*auction_rooms.ROOMS, *notification_rooms.ROOMS]
"""Every domain's `ROOMS`: WebSocket handlers, at their own paths."""


@asynccontextmanager
async def database(_: Litestar) -> AsyncIterator[None]:
    await db.connect()
    try:
        yield
    finally:
        await db.disconnect()


@asynccontextmanager
async def shared_cache(_: Litestar) -> AsyncIterator[None]:
    async with cache.shared.running():
        yield


def live_rooms(channels: LiveChannels) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def rooms(_: Litestar) -> AsyncIterator[None]:
        live.use(channels.backend.say)
        try:
            async with sockets.watch(channels, ended_sessions), presence.telling():
                yield
        finally:
            live.use(None)

    return rooms


@asynccontextmanager
async def counted_views(_: Litestar) -> AsyncIterator[None]:
    async with counting():
        yield


@asynccontextmanager
async def own_worker(_: Litestar) -> AsyncIterator[None]:
    if settings().worker_in_process:
        async with worker.working():
            yield
    else:
        yield


def create_app() -> Application:
    logs.configure()
    channels = LiveChannels(RedisChannels())
    return Application(
        route_handlers=[
            *HEALTH,
            *DOCS,
            metrics,
            Router(
                "/api/v1", route_handlers=[*CONTROLLERS, *orders.controllers()], guards=[count_request, account_first]
            ),
            *PAGES,
            *SANDBOX_PAGES,
            *catalog.FILES,
            *MOUNTS,
            *ROOMS,
        ],
        request_class=StrictRequest,
        plugins=[channels],
        middleware=[
            Arrivals,
            DefineMiddleware(Authentication, exclude="^/admin", exclude_http_methods=[]),
            Presence(),
            IdempotencyKeys,
        ],
        dependencies={
            "listing": Provide(provide_listing),
            "received_at": Provide(provide_received_at),
            "viewer": Provide(provide_viewer),
            "visitor": Provide(provide_visitor),
        },
        exception_handlers=problems.HANDLERS,
        lifespan=[database, shared_cache, live_rooms(channels), counted_views, own_worker],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,  # the door counts
    )
