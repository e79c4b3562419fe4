from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.filters import NoFilters
from marketplace.core.pagination import ListQuery
from marketplace.shop.controllers.naming import ProductName
from marketplace.shop.queries.products import find_product
from marketplace.shop.queries.wishlist import WISHES, list_wishes
from marketplace.shop.schemas.wishlist import WishOut, WishState
from marketplace.shop.service import wishing


class WishlistController(Controller):
    path = "/products"
    tags = ("Wishlist",)

    @get("/wishlist/me", operation_id="listMyWishes", opt={"listing": WISHES})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[NoFilters]]
    ) -> Envelope[Page[WishOut]]:
        """The products on your wishlist, the newest first."""
        return await list_wishes(listing, viewer)

    @post(
        "/{product:str}/wishlist",
        operation_id="toggleWish",
        opt={"idempotent": True},
        responses={HTTP_200_OK: ResponseSpec(Envelope[WishState], description="It is not on it any more.")},
    )
    async def toggle(
        self, product: FromPath[ProductName], viewer: NamedDependency[Viewer]
    ) -> Response[Envelope[WishState]]:
        """Put a product on your wishlist (201), or take it off again (200). Send an `Idempotency-Key` where a reply may get lost."""
        product_id = await find_product(product, viewer)
        added = await wishing.toggle(viewer.id, product_id)
        said = "Product added to wishlist" if added else "Product removed from wishlist"
        body = ok(WishState(product_id=product_id, in_wishlist=added), said)
        return Response(body, status_code=HTTP_201_CREATED if added else HTTP_200_OK)
