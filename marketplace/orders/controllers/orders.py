from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.orders.queries import orders as queries
from marketplace.orders.queries.money import get_money
from marketplace.orders.queries.orders import OrderFilters
from marketplace.orders.schemas.money import OrderMoney
from marketplace.orders.schemas.orders import OrderCard, OrderOut, UpdateOrder
from marketplace.orders.service.addressing import Change, update


class OrderController(Controller):
    path = "/orders"
    tags = ("Orders",)

    @get(operation_id="listOrders", opt={"listing": queries.ORDERS})
    async def list_all(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[OrderFilters]]
    ) -> Envelope[Page[OrderCard]]:
        """What you have bought and sold; one of the two with `role`."""
        return await queries.list_orders(listing, viewer)

    @get("/{order_id:uuid}", operation_id="showOrder")
    async def show(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """One order with its items, addresses and history."""
        return ok(await queries.get_order(order_id, viewer.id))

    @put("/{order_id:uuid}", operation_id="updateOrder")
    async def update(
        self, order_id: FromPath[UUID], data: JSONBody[UpdateOrder], viewer: NamedDependency[Viewer]
    ) -> Envelope[OrderOut]:
        """Change addresses and note as its buyer, until it is paid; carrier and tracking number as its seller, once it is sent."""
        wanted = Change(
            shipping_address_id=data.shipping_address_id, billing_address_id=data.billing_address_id, note=data.note,
            carrier=data.carrier, tracking_number=data.tracking_number,
        )  # fmt: skip
        await update(order_id, viewer.id, wanted)
        return ok(await queries.get_order(order_id, viewer.id), "The order has been changed.")

    @get("/{order_id:uuid}/money", operation_id="showOrderMoney")
    async def money(self, order_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OrderMoney]:
        """Where its money went: every posting in the ledger, and what lies in escrow after each."""
        return ok(await get_money(order_id, viewer.id))
