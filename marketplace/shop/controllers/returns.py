from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.orders.queries.orders import get_order
from marketplace.orders.schemas.orders import OrderOut
from marketplace.shop.queries import returns as queries
from marketplace.shop.queries.returns import OrderReturnFilters, ReturnFilters
from marketplace.shop.schemas.returns import (
    ApproveReturn,
    CancelItems,
    CancelReturn,
    ReceiveReturn,
    RejectReturn,
    RequestReturn,
    ReturnOut,
)
from marketplace.shop.service import calling_off, returns

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class OrderReturnController(Controller):
    path = "/orders/{order_id:uuid}/returns"
    tags = ("Returns",)

    @get(operation_id="listReturnsOfOrder", opt={"listing": queries.RETURNS_OF_ORDER})
    async def of_order(
        self,
        order_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[OrderReturnFilters]],
    ) -> Envelope[Page[ReturnOut]]:
        """What is sent back of an order that you bought or sold."""
        return await queries.list_returns_of(order_id, listing, viewer)

    @post(operation_id="requestReturn", opt={"idempotent": True})
    async def request(
        self, order_id: FromPath[UUID], data: JSONBody[RequestReturn], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReturnOut]:
        """Ask to send things back that were delivered to you. A seller who does not answer in time agrees."""
        return_id = await returns.request(order_id, viewer.id, data.lines, data.reason)
        return ok(await queries.get_return(return_id, viewer.id), "The return has been requested.")


class CancelItemsController(Controller):
    path = "/orders/{order_id:uuid}/cancel-items"
    tags = ("Orders",)

    @post(operation_id="cancelOrderItems", **ONCE)
    async def cancel(
        self, order_id: FromPath[UUID], data: JSONBody[CancelItems], viewer: NamedDependency[Viewer]
    ) -> Envelope[OrderOut]:
        """Call a part of a paid order off, as its buyer or its seller, before it is sent; what was paid for it goes back."""
        await calling_off.call_off(order_id, viewer.id, data.lines, data.reason)
        return ok(await get_order(order_id, viewer.id), "It has been called off.")


class ReturnController(Controller):
    path = "/returns"
    tags = ("Returns",)

    @get(operation_id="listReturns", opt={"listing": queries.RETURNS})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[ReturnFilters]]
    ) -> Envelope[Page[ReturnOut]]:
        """What you send back, and what comes back to you."""
        return await queries.list_returns(listing, viewer)

    @get("/{return_id:uuid}", operation_id="showReturn")
    async def show(self, return_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[ReturnOut]:
        """One of them."""
        return ok(await queries.get_return(return_id, viewer.id))

    @post("/{return_id:uuid}/approve", operation_id="approveReturn", **ONCE)
    async def approve(
        self, return_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[ApproveReturn | None] = None
    ) -> Envelope[ReturnOut]:
        """Agree as its seller that it is sent back."""
        await returns.approve(return_id, viewer.id, (data or ApproveReturn()).note)
        return ok(await queries.get_return(return_id, viewer.id), "The return has been approved.")

    @post("/{return_id:uuid}/reject", operation_id="rejectReturn", **ONCE)
    async def reject(
        self, return_id: FromPath[UUID], data: JSONBody[RejectReturn], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReturnOut]:
        """Refuse it as its seller, and say why."""
        await returns.reject(return_id, viewer.id, data.reason)
        return ok(await queries.get_return(return_id, viewer.id), "The return has been rejected.")

    @post("/{return_id:uuid}/receive", operation_id="receiveReturn", **ONCE)
    async def receive(
        self, return_id: FromPath[UUID], data: JSONBody[ReceiveReturn], viewer: NamedDependency[Viewer]
    ) -> Envelope[ReturnOut]:
        """Say as its seller that it has come back: it is refunded, and on your shelf again if you say so."""
        await returns.receive(return_id, viewer.id, restock=data.restock, note=data.note)
        return ok(await queries.get_return(return_id, viewer.id), "The return has been received, and is refunded.")

    @post("/{return_id:uuid}/cancel", operation_id="cancelReturn", **ONCE)
    async def cancel(
        self, return_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[CancelReturn | None] = None
    ) -> Envelope[ReturnOut]:
        """Keep it after all, as its buyer, until it has been received."""
        await returns.cancel(return_id, viewer.id, (data or CancelReturn()).reason)
        return ok(await queries.get_return(return_id, viewer.id), "The return has been cancelled.")
