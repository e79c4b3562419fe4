from typing import Annotated, Final, TypeAlias
from uuid import UUID

from litestar import Controller, HttpMethod, Response, delete, get, post, route
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import ValidationFailed
from marketplace.shop.carrying import HEADER
from marketplace.shop.queries.cart import Owner
from marketplace.shop.schemas.cart import AddItem, CartItemOut, CartOut, ChangeItem, MergeCart
from marketplace.shop.service import cart
from marketplace.shop.service.merging import merge_cart
from marketplace.shop.service.showing import shown_cart, shown_line

ABOUT: Final = (
    "Names the cart of somebody who is not signed in. It is answered, in a header of this name, when the cart is made."
)
CartHeader: TypeAlias = Annotated[str | None, HeaderParameter(name=HEADER, max_length=100, description=ABOUT)]


def owner_of(visitor: Viewer | None, token: str | None) -> Owner:
    return Owner(user=visitor.id if visitor else None, token="" if visitor else token or "")


class CartController(Controller):
    path = "/cart"
    tags = ("Cart",)

    @get(operation_id="showCart")
    async def show(self, visitor: NamedDependency[Viewer | None], cart_token: CartHeader = None) -> Envelope[CartOut]:
        """Your cart, at today's prices, with what has changed since things were put in. A guest's is named by `X-Cart-Token`."""
        return ok(shown_cart(await cart.open_cart(owner_of(visitor, cart_token))))

    @post(
        "/items",
        operation_id="addCartItem",
        responses={
            HTTP_200_OK: ResponseSpec(
                Envelope[CartItemOut], description="It was in the cart already; now there are more."
            )
        },
    )
    async def add(
        self, visitor: NamedDependency[Viewer | None], data: JSONBody[AddItem], cart_token: CartHeader = None
    ) -> Response[Envelope[CartItemOut]]:
        """Put so many more of a product in. Quantities add up; what was saved for later comes back.

        Refuses with `stock_unavailable` (with `requested` and `available`, what is in the cart already included),
        `variant_required`, `currency_mixed`, `cart_full`, `quantity_too_large` or `own_goods`. A guest's first answer carries the token
        of the new cart in `X-Cart-Token`.
        """
        added = await cart.add_item(owner_of(visitor, cart_token), data.product_id, data.variant_id, data.quantity)
        return Response(
            ok(shown_line(added.line), None if added.is_new else "Item quantity updated"),
            status_code=HTTP_201_CREATED if added.is_new else HTTP_200_OK,
            headers={HEADER: added.token} if added.token else None,
        )

    @route("/items/{cart_item_id:uuid}", http_method=[HttpMethod.PUT, HttpMethod.PATCH], operation_id="changeCartItem")
    async def change(
        self,
        visitor: NamedDependency[Viewer | None],
        cart_item_id: FromPath[UUID],
        data: JSONBody[ChangeItem],
        cart_token: CartHeader = None,
    ) -> Envelope[CartItemOut]:
        """Say how many there shall be, at the price it has now."""
        return ok(shown_line(await cart.change_item(owner_of(visitor, cart_token), cart_item_id, data.quantity)))

    @delete("/items/{cart_item_id:uuid}", operation_id="removeCartItem")
    async def remove(
        self, visitor: NamedDependency[Viewer | None], cart_item_id: FromPath[UUID], cart_token: CartHeader = None
    ) -> None:
        """Take it out."""
        await cart.remove_item(owner_of(visitor, cart_token), cart_item_id)

    @post("/items/{cart_item_id:uuid}/save-for-later", operation_id="saveCartItem", status_code=HTTP_200_OK)
    async def save(
        self, visitor: NamedDependency[Viewer | None], cart_item_id: FromPath[UUID], cart_token: CartHeader = None
    ) -> Envelope[CartOut]:
        """Set it aside: it stays with the cart, and is not ordered."""
        owner = owner_of(visitor, cart_token)
        await cart.save_for_later(owner, cart_item_id)
        return ok(shown_cart(await cart.open_cart(owner)), "Saved for later.")

    @post("/items/{cart_item_id:uuid}/move-to-cart", operation_id="moveItemToCart", status_code=HTTP_200_OK)
    async def move_back(
        self, visitor: NamedDependency[Viewer | None], cart_item_id: FromPath[UUID], cart_token: CartHeader = None
    ) -> Envelope[CartOut]:
        """Take up again what was saved for later."""
        owner = owner_of(visitor, cart_token)
        await cart.move_to_cart(owner, cart_item_id)
        return ok(shown_cart(await cart.open_cart(owner)), "Moved to your cart.")

    @post("/clear", operation_id="clearCart", status_code=HTTP_200_OK)
    async def clear(self, visitor: NamedDependency[Viewer | None], cart_token: CartHeader = None) -> Envelope[CartOut]:
        """Take everything out; what is saved for later stays."""
        owner = owner_of(visitor, cart_token)
        await cart.clear_cart(owner)
        return ok(shown_cart(await cart.open_cart(owner)), "Cart cleared successfully")

    @post("/merge", operation_id="mergeCart", status_code=HTTP_200_OK)
    async def merge(
        self, viewer: NamedDependency[Viewer], data: JSONBody[MergeCart | None] = None, cart_token: CartHeader = None
    ) -> Envelope[CartOut]:
        """Put a guest's cart into your own. Signing in with the header `X-Cart-Token` does the same by itself."""
        token = (data.token if data else None) or cart_token
        if not token:
            raise ValidationFailed.of("token", f"Send the guest cart's token, here or as {HEADER}.")
        return ok(shown_cart(await merge_cart(viewer.id, token)), "Your carts are one now.")
