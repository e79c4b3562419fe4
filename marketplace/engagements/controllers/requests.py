from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.engagements.queries import requests as queries
from marketplace.engagements.queries.requests import RequestFilters, get_request
from marketplace.engagements.schemas.requests import AskCancellation, AskExtension, DeclineRequest, RequestOut
from marketplace.engagements.service import asking
from marketplace.engagements.states import RequestKind

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class OrderRequestController(Controller):
    """What one side of an order asks of the other."""

    path = "/orders/{order_id:uuid}"
    tags = ("Work",)

    @get("/extension-requests", operation_id="listExtensionRequests", opt={"listing": queries.EXTENSIONS})
    async def extensions(
        self,
        order_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[RequestFilters]],
    ) -> Envelope[Page[RequestOut]]:
        """Where the seller asked for more days."""
        return await queries.list_requests(order_id, RequestKind.EXTENSION, listing, viewer)

    @post("/extension-requests", operation_id="askExtension", opt={"idempotent": True})
    async def ask_extension(
        self, order_id: FromPath[UUID], data: JSONBody[AskExtension], viewer: NamedDependency[Viewer]
    ) -> Envelope[RequestOut]:
        """Ask the buyer for more days, as the seller. One at a time; the buyer accepts or declines."""
        request_id = await asking.ask_extension(order_id, viewer.id, data.days, data.reason)
        return ok(await get_request(request_id, viewer.id), "The buyer has been asked.")

    @get("/cancel-requests", operation_id="listCancelRequests", opt={"listing": queries.CANCELLATIONS})
    async def cancellations(
        self,
        order_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[RequestFilters]],
    ) -> Envelope[Page[RequestOut]]:
        """Where one side asked to call it off."""
        return await queries.list_requests(order_id, RequestKind.CANCELLATION, listing, viewer)

    @post("/cancel-requests", operation_id="askCancellation", opt={"idempotent": True})
    async def ask_cancellation(
        self, order_id: FromPath[UUID], data: JSONBody[AskCancellation], viewer: NamedDependency[Viewer]
    ) -> Envelope[RequestOut]:
        """Ask the other side to call it off. Silence agrees; going on with the work declines."""
        request_id = await asking.ask_cancellation(order_id, viewer.id, data.reason)
        return ok(await get_request(request_id, viewer.id), "The other side has been asked.")


class ExtensionController(Controller):
    path = "/extension-requests/{extension_id:uuid}"
    tags = ("Work",)

    @post("/accept", operation_id="acceptExtension", **ONCE)
    async def accept(self, extension_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[RequestOut]:
        """Give the seller the days they ask for, as the buyer. What was late is in time again."""
        await asking.accept(extension_id, RequestKind.EXTENSION, viewer.id)
        return ok(await get_request(extension_id, viewer.id), "The due date has been moved.")

    @post("/decline", operation_id="declineExtension", **ONCE)
    async def decline(
        self,
        extension_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        data: JSONBody[DeclineRequest | None] = None,
    ) -> Envelope[RequestOut]:
        """Leave the due date where it is."""
        await asking.decline(extension_id, RequestKind.EXTENSION, viewer.id, (data or DeclineRequest()).message)
        return ok(await get_request(extension_id, viewer.id), "The request has been declined.")

    @post("/withdraw", operation_id="withdrawExtension", **ONCE)
    async def withdraw(self, extension_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[RequestOut]:
        """Take your request back, as the seller."""
        await asking.withdraw(extension_id, RequestKind.EXTENSION, viewer.id)
        return ok(await get_request(extension_id, viewer.id), "The request has been taken back.")


class CancellationController(Controller):
    path = "/cancel-requests/{cancellation_id:uuid}"
    tags = ("Work",)

    @post("/accept", operation_id="acceptCancellation", **ONCE)
    async def accept(self, cancellation_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[RequestOut]:
        """Agree to call it off: the order is cancelled, and the buyer gets back what was paid."""
        await asking.accept(cancellation_id, RequestKind.CANCELLATION, viewer.id)
        return ok(await get_request(cancellation_id, viewer.id), "The order has been cancelled.")

    @post("/decline", operation_id="declineCancellation", **ONCE)
    async def decline(
        self,
        cancellation_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        data: JSONBody[DeclineRequest | None] = None,
    ) -> Envelope[RequestOut]:
        """Go on with it."""
        await asking.decline(cancellation_id, RequestKind.CANCELLATION, viewer.id, (data or DeclineRequest()).message)
        return ok(await get_request(cancellation_id, viewer.id), "The request has been declined.")

    @post("/withdraw", operation_id="withdrawCancellation", **ONCE)
    async def withdraw(self, cancellation_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[RequestOut]:
        """Take your own request back."""
        await asking.withdraw(cancellation_id, RequestKind.CANCELLATION, viewer.id)
        return ok(await get_request(cancellation_id, viewer.id), "The request has been taken back.")
