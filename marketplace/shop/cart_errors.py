"""What carts refuse, beside what the shop does."""

from marketplace.core.errors import Conflict, NotFound, Unprocessable


class CartItemNotFound(NotFound):
    code = "cart_item_not_found"
    default_message = "There is no such item in your cart."


class CartNotFound(NotFound):
    """No cart has this token, or it has been cleaned up, or merged into an account's."""

    code = "cart_not_found"
    default_message = "There is no cart with this token."


class CartFull(Unprocessable):
    """`details.limit`: how many different things a cart holds."""

    code = "cart_full"


class QuantityTooLarge(Unprocessable):
    """`details.limit`: how many of one thing a cart holds. `details.requested`: how many it would have been."""

    code = "quantity_too_large"


class CurrencyMixed(Conflict):
    """A cart is paid in one currency. `details` names the cart's and the product's."""

    code = "currency_mixed"


class ProductUnavailable(Conflict):
    """It was for sale when it was saved, and is not now."""

    code = "product_unavailable"
    default_message = "This product is not for sale any more."


class PriceRose(Conflict):
    """`details.items`: what costs more now than when it was put in, with both prices in `details.currency`."""

    code = "price_rose"
    default_message = (
        "A price has risen since you put it in your cart. Look at it again, or order with accept_price_changes."
    )


class TotalChanged(Conflict):
    """It does not cost what the buyer expects. `details.total_amount`: what it costs now, in `details.currency`."""

    code = "total_changed"


class OwnProduct(Conflict):
    code = "own_goods"
    default_message = "You can't buy from yourself."


class CartEmpty(Unprocessable):
    """Nothing is in it, or nothing of it is for sale any more."""

    code = "cart_empty"
    default_message = "There is nothing in your cart that can be bought."
