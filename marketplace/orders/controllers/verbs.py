from typing import Any, Final
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.core.money import to_text
from marketplace.orders.queries.orders import get_order
from marketplace.orders.queries.refunds import get_refunded
from marketplace.orders.schemas.orders import CancelOrder, OrderOut, RefundOrder, RefundOut, ShipOrder
from marketplace.orders.service import cancelling, completing, refunding, shipping
from marketplace.orders.service.stepping import step

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class VerbController(Controller):
    """What the two sides of an order do with it."""

    path = "/orders/{order_id:uuid}"
    tags = ("Orders",)

    @post("/cancel", operation_id="cancelOrder", **ONCE)
    async def cancel(
        self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[CancelOrder | None] = None
    ) -> Envelope[OrderOut]:
        """Cancel it, as far as its way to sell lets you; what was paid goes back."""
        await cancelling.cancel_own(order_id, viewer.id, (data or CancelOrder()).reason)
        return ok(await get_order(order_id, viewer.id), "The order has been cancelled.")

    @post("/complete", operation_id="completeOrder", **ONCE)
    async def complete(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """Confirm as its buyer that you have received it: its escrow is released to the seller."""
        await completing.complete_bought(order_id, viewer.id)
        return ok(await get_order(order_id, viewer.id), "The order is complete.")

    @post("/ship", operation_id="shipOrder", **ONCE)
    async def ship(
        self, order_id: FromPath[UUID], data: JSONBody[ShipOrder], viewer: NamedDependency[Viewer]
    ) -> Envelope[OrderOut]:
        """Say as its seller that it is on its way."""
        await shipping.ship(order_id, viewer.id, data.carrier, data.tracking_number)
        return ok(await get_order(order_id, viewer.id), "The order has been shipped.")

    @post("/deliver", operation_id="deliverOrder", **ONCE)
    async def deliver(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """Say as its seller that it has been handed over, or has arrived. The buyer confirms it, or is silent."""
        await shipping.deliver(order_id, viewer.id)
        return ok(await get_order(order_id, viewer.id), "The order has been delivered.")

    @post("/refund", operation_id="refundOrder", **ONCE)
    async def refund(
        self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[RefundOrder | None] = None
    ) -> Envelope[RefundOut]:
        """Give money back as its seller: all that is left, or part of it, as often as there is something left."""
        wanted = data or RefundOrder()
        refund_id = await refunding.refund_sold(order_id, viewer.id, wanted.amount, wanted.reason)
        minor, currency = await get_refunded(refund_id)
        shown = RefundOut(
            refund_id=refund_id, amount=to_text(minor, currency), currency=currency,
            order=await get_order(order_id, viewer.id),
        )  # fmt: skip
        return ok(shown, "The refund is on its way.")

    @post("/accept", operation_id="acceptOrder", **ONCE)
    async def accept(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """Accept it, where its kind is accepted at all."""
        await step(order_id, viewer.id, "accept")
        return ok(await get_order(order_id, viewer.id), "The order has been accepted.")

    @post("/start", operation_id="startOrder", **ONCE)
    async def start(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """Begin with it, where its kind is begun at all."""
        await step(order_id, viewer.id, "start")
        return ok(await get_order(order_id, viewer.id), "The order has been started.")
