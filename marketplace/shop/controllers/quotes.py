from typing import Final

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.queries.addresses import get_address
from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, ok
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.shop.controllers.cart import CartHeader, owner_of
from marketplace.shop.pricing.parts import Destination
from marketplace.shop.queries.cart import find_cart
from marketplace.shop.schemas.quotes import AskQuote, QuoteOut
from marketplace.shop.service.quoting import destination, quote_cart
from marketplace.shop.service.showing_quotes import shown_quote

LIMIT: Final = "quotes"
ratelimit.define(LIMIT, "30/m")  # codes are not to be guessed


class QuoteController(Controller):
    path = "/cart/quote"
    tags = ("Cart",)

    @post(operation_id="quoteCart", status_code=HTTP_200_OK, opt={"limit": LIMIT})
    async def quote(
        self,
        visitor: NamedDependency[Viewer | None],
        data: JSONBody[AskQuote | None] = None,
        cart_token: CartHeader = None,
    ) -> Envelope[QuoteOut]:
        """What your cart costs, seller by seller, with every step: goods, discounts, shipping, tax, commission. An order costs the same.

        A code that does not apply is among the `refused_coupons`, with why. Refuses with `cart_empty`.
        """
        asked = data or AskQuote()
        to = await _destination(visitor, asked)
        owner = owner_of(visitor, cart_token)
        cart = await find_cart(owner)
        quoted = await quote_cart(cart, owner.user, asked.coupon_codes, to)
        assert cart is not None, "an empty one is refused"
        return ok(shown_quote(quoted, cart))


async def _destination(visitor: Viewer | None, asked: AskQuote) -> Destination:
    if asked.shipping_address_id is None:
        return destination(asked.country or "", asked.region or "")
    if asked.country or asked.region:
        raise ValidationFailed.of("country", "Send this, or one of your addresses.")
    unknown = ValidationFailed.of("shipping_address_id", "None of your addresses has this id.")
    if visitor is None:
        raise unknown
    try:
        address = await get_address(visitor.id, asked.shipping_address_id)
    except NotFound:
        raise unknown from None
    return Destination(address.country_code, address.state)
