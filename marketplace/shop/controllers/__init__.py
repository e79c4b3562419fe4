"""The HTTP side of the shop, by subject."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from marketplace.shop.controllers.cart import CartController
from marketplace.shop.controllers.coupons import CouponController
from marketplace.shop.controllers.images import ProductImageController
from marketplace.shop.controllers.imports import ImportController
from marketplace.shop.controllers.products import ProductController
from marketplace.shop.controllers.quotes import QuoteController
from marketplace.shop.controllers.returns import CancelItemsController, OrderReturnController, ReturnController
from marketplace.shop.controllers.stock import StockController
from marketplace.shop.controllers.wishlist import WishlistController

CONTROLLERS: Sequence[ControllerRouterHandler] = [
    ProductController,
    ProductImageController,
    CartController,
    ImportController,
    StockController,
    WishlistController,
    QuoteController,
    CouponController,
    CancelItemsController,
    OrderReturnController,
    ReturnController,
]
