from litestar import Controller, get
from litestar.di import NamedDependency

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page
from marketplace.core.pagination import ListQuery
from marketplace.orders.queries import escrow as queries
from marketplace.orders.queries.escrow import EscrowFilters
from marketplace.orders.schemas.money import EscrowOut


class EscrowController(Controller):
    path = "/escrow"
    tags = ("Orders",)

    @get(operation_id="listEscrow", opt={"listing": queries.ESCROWS})
    async def list_all(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[EscrowFilters]]
    ) -> Envelope[Page[EscrowOut]]:
        """Where the money of your orders is: held, frozen, released or given back."""
        return await queries.list_escrow(listing, viewer)
