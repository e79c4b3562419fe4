from typing import Any

from litestar import post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.orders import ordering
from marketplace.orders.queries.orders import get_order
from marketplace.orders.schemas.orders import OrderOut
from marketplace.orders.service.ordering import order


def placing() -> HTTPRouteHandler:
    """`POST /orders` for the ways to sell that are registered now."""

    async def place_order(data: Any, viewer: NamedDependency[Viewer]) -> Envelope[OrderOut]:
        """Order something, as its kind asks for it. The answer is the order; its checkout names the others, if there are several.

        `kind` may be left out where the other fields fit only one.
        """
        order_id = await order(viewer.id, data)
        return ok(await get_order(order_id, viewer.id), "The order has been placed.")

    place_order.__annotations__["data"] = JSONBody[ordering.bodies()]  # type: ignore[misc] # it is made here
    return post(
        "/orders", operation_id="placeOrder", tags=["Orders"], opt={"idempotent": True, "prepare_body": ordering.tagged}
    )(place_order)
