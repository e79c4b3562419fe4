from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.engagements.queries import deliveries as queries
from marketplace.engagements.queries.deliveries import DeliveryFilters
from marketplace.engagements.schemas.deliveries import (
    DeliveryOut,
    RejectDelivery,
    RequestRevision,
    SubmitDelivery,
    UpdateDelivery,
)
from marketplace.engagements.service import deciding, delivering
from marketplace.orders.schemas.orders import OrderRole

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class OrderDeliveryController(Controller):
    path = "/orders/{order_id:uuid}/deliveries"
    tags = ("Deliveries",)

    @get(operation_id="listDeliveries", opt={"listing": queries.DELIVERIES})
    async def of_order(
        self,
        order_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[DeliveryFilters]],
    ) -> Envelope[Page[DeliveryOut]]:
        """What was delivered for an order that you buy or sell, the latest first."""
        return await queries.list_deliveries(order_id, listing, viewer)

    @post(operation_id="submitDelivery", opt={"idempotent": True})
    async def submit(
        self, order_id: FromPath[UUID], data: JSONBody[SubmitDelivery], viewer: NamedDependency[Viewer]
    ) -> Envelope[DeliveryOut]:
        """Deliver as the seller. The buyer accepts it, rejects it, or asks for a revision; silence accepts it after some days."""
        delivery_id = await delivering.submit(order_id, viewer.id, data.message, data.file_ids)
        return ok(await queries.get_delivery(delivery_id, viewer.id), "The work has been delivered.")


class DeliveryController(Controller):
    path = "/deliveries/{delivery_id:uuid}"
    tags = ("Deliveries",)

    @get(operation_id="showDelivery")
    async def show(self, delivery_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DeliveryOut]:
        """One delivery. That the buyer has looked at it is noted: from then on its message stays as it is."""
        found = await queries.get_delivery(delivery_id, viewer.id)
        if found.seen_at is None and found.role is OrderRole.BUYER:
            await delivering.see(delivery_id, viewer.id)
            found = await queries.get_delivery(delivery_id, viewer.id)  # what the buyer has seen is what stays
        return ok(found)

    @put(operation_id="updateDelivery")
    async def update(
        self, delivery_id: FromPath[UUID], data: JSONBody[UpdateDelivery], viewer: NamedDependency[Viewer]
    ) -> Envelope[DeliveryOut]:
        """Change the message as the seller, until the buyer has seen it."""
        await delivering.change_message(delivery_id, viewer.id, data.message)
        return ok(await queries.get_delivery(delivery_id, viewer.id), "The message has been changed.")

    @post("/accept", operation_id="acceptDelivery", **ONCE)
    async def accept(self, delivery_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[DeliveryOut]:
        """Accept the latest delivery as the buyer: the order is complete, and its escrow is released to the seller."""
        await deciding.accept(delivery_id, viewer.id)
        return ok(await queries.get_delivery(delivery_id, viewer.id), "The delivery has been accepted.")

    @post("/reject", operation_id="rejectDelivery", **ONCE)
    async def reject(
        self, delivery_id: FromPath[UUID], data: JSONBody[RejectDelivery], viewer: NamedDependency[Viewer]
    ) -> Envelope[DeliveryOut]:
        """Say as the buyer that the latest delivery is not what was agreed, and why. The work goes on; no revision is used."""
        await deciding.reject(delivery_id, viewer.id, data.reason)
        return ok(await queries.get_delivery(delivery_id, viewer.id), "The delivery has been rejected.")

    @post("/request-revision", operation_id="requestRevision", **ONCE)
    async def request_revision(
        self, delivery_id: FromPath[UUID], data: JSONBody[RequestRevision], viewer: NamedDependency[Viewer]
    ) -> Envelope[DeliveryOut]:
        """Ask as the buyer for something to be different in the latest delivery: one of the revisions that were agreed."""
        await deciding.request_revision(delivery_id, viewer.id, data.message)
        return ok(await queries.get_delivery(delivery_id, viewer.id), "The revision has been requested.")
