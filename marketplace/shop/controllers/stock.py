from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.errors import Forbidden
from marketplace.core.pagination import ListQuery
from marketplace.shop.controllers.naming import ProductName, actor_of
from marketplace.shop.queries import stock as journal
from marketplace.shop.queries.products import find_product
from marketplace.shop.queries.stock import MOVEMENTS, MovementFilters
from marketplace.shop.schemas.stock import AdjustStock, MovementOut, StockOut
from marketplace.shop.service.adjusting import adjust


class StockController(Controller):
    path = "/products/{product:str}/stock"
    tags = ("Stock",)

    @get(operation_id="listStockMovements", opt={"listing": MOVEMENTS})
    async def movements(
        self,
        product: FromPath[ProductName],
        viewer: NamedDependency[Viewer],
        listing: NamedDependency[ListQuery[MovementFilters]],
    ) -> Envelope[Page[MovementOut]]:
        """How your product's stock came to be what it is, newest first."""
        product_id = await find_product(product, viewer)
        page = await journal.list_movements(listing, product_id, viewer)
        if not page.data.count and not viewer.is_staff and not await journal.is_of(product_id, viewer.id):
            raise Forbidden("Only its seller may see that.")
        return page

    @put(operation_id="setStock")
    async def replace(
        self, product: FromPath[ProductName], data: JSONBody[AdjustStock], viewer: NamedDependency[Viewer]
    ) -> Envelope[StockOut]:
        """Say what there is of your product. What is promised to orders stays promised: less than that is refused with `stock_unavailable`."""
        return await _adjusted(product, data, viewer)

    @post(operation_id="changeStock", status_code=HTTP_200_OK, opt={"idempotent": True})
    async def change(
        self, product: FromPath[ProductName], data: JSONBody[AdjustStock], viewer: NamedDependency[Viewer]
    ) -> Envelope[StockOut]:
        """The same; with `Idempotency-Key`, a `change` is made once."""
        return await _adjusted(product, data, viewer)


async def _adjusted(product: str, data: AdjustStock, viewer: Viewer) -> Envelope[StockOut]:
    product_id = await find_product(product, viewer)
    now = await adjust(product_id, actor_of(viewer), data)
    return ok(
        StockOut(
            product_id=product_id, variant_id=now.id, variant=now.name, on_hand=now.on_hand, reserved=now.allocated,
            quantity=now.available, is_low=now.tracks_stock and now.available <= now.mark,
        ),
        "The stock has been changed.",
    )  # fmt: skip
