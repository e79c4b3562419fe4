"""The HTTP side of orders."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from marketplace.orders.controllers.escrow import EscrowController
from marketplace.orders.controllers.orders import OrderController
from marketplace.orders.controllers.placing import placing
from marketplace.orders.controllers.shipments import ShipmentController
from marketplace.orders.controllers.verbs import VerbController


def controllers() -> Sequence[ControllerRouterHandler]:
    """Made once every way to sell is registered: what may be posted is the union of what they take."""
    return [OrderController, VerbController, ShipmentController, EscrowController, placing()]
