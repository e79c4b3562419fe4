from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.orders.queries import shipments as queries
from marketplace.orders.queries.orders import get_order
from marketplace.orders.queries.shipments import ShipmentFilters
from marketplace.orders.schemas.orders import OrderOut
from marketplace.orders.schemas.shipments import CreateShipment, ShipmentOut, UpdateShipment
from marketplace.orders.service import shipping
from marketplace.orders.service.dispatching import Carriage

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class ShipmentController(Controller):
    path = "/orders/{order_id:uuid}/shipments"
    tags = ("Orders",)

    @get(operation_id="listShipments", opt={"listing": queries.SHIPMENTS})
    async def list_all(
        self,
        order_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[ShipmentFilters]],
    ) -> Envelope[Page[ShipmentOut]]:
        """What has been sent of an order that you bought or sold, and how it travels."""
        return await queries.list_shipments(order_id, listing, viewer)

    @post(operation_id="createShipment", opt={"idempotent": True})
    async def create(
        self, order_id: FromPath[UUID], data: JSONBody[CreateShipment], viewer: NamedDependency[Viewer]
    ) -> Envelope[ShipmentOut]:
        """Send a part of it as its seller, or all that is left. With the last part, the order is shipped."""
        wanted = None if data.lines is None else [(line.line_id, line.quantity) for line in data.lines]
        how = Carriage(data.carrier, data.tracking_number or "")
        shipment_id = await shipping.ship_part(order_id, viewer.id, how, wanted)
        return ok(await queries.get_shipment(order_id, shipment_id, viewer.id), "The shipment is on its way.")

    @get("/{shipment_id:uuid}", operation_id="showShipment")
    async def show(
        self, order_id: FromPath[UUID], shipment_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[ShipmentOut]:
        """One of them."""
        return ok(await queries.get_shipment(order_id, shipment_id, viewer.id))

    @patch("/{shipment_id:uuid}", operation_id="updateShipment")
    async def update(
        self,
        order_id: FromPath[UUID],
        shipment_id: FromPath[UUID],
        data: JSONBody[UpdateShipment],
        viewer: NamedDependency[Viewer],
    ) -> Envelope[ShipmentOut]:
        """Correct as its seller who carries it, and under which number."""
        carrier = None if data.carrier is UNSET else data.carrier
        tracking_number = None if data.tracking_number is UNSET else data.tracking_number
        await shipping.correct_part(order_id, shipment_id, viewer.id, carrier, tracking_number)
        return ok(await queries.get_shipment(order_id, shipment_id, viewer.id), "The shipment has been changed.")

    @post("/{shipment_id:uuid}/deliver", operation_id="deliverShipment", **ONCE)
    async def deliver(
        self, order_id: FromPath[UUID], shipment_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[ShipmentOut]:
        """Say as its seller that it has arrived. The buyer confirms it, or is silent."""
        await shipping.deliver_part(order_id, shipment_id, viewer.id)
        return ok(await queries.get_shipment(order_id, shipment_id, viewer.id), "The shipment has been delivered.")

    @post("/{shipment_id:uuid}/confirm", operation_id="confirmShipment", **ONCE)
    async def confirm(
        self, order_id: FromPath[UUID], shipment_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[OrderOut]:
        """Confirm as its buyer that you have it. With the last of them the order is complete, and its escrow is released."""
        await shipping.confirm_part(order_id, shipment_id, viewer.id)
        return ok(await get_order(order_id, viewer.id), "The shipment has been received.")
