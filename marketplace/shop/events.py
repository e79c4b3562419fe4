from uuid import UUID

from msgspec import Struct


class ProductPublished(Struct, tag="product_published", frozen=True, kw_only=True):
    """A product is for sale from now on."""

    product_id: UUID
    seller_id: UUID


class ProductChanged(Struct, tag="product_changed", frozen=True, kw_only=True):
    """What a product says of itself is another: texts, prices, variants, pictures. Not its stock."""

    product_id: UUID


class ProductWithdrawn(Struct, tag="product_withdrawn", frozen=True, kw_only=True):
    """A product is not for sale any more: a draft again, archived or deleted."""

    product_id: UUID
    seller_id: UUID


class StockLow(Struct, tag="stock_low", frozen=True, kw_only=True):
    """What can be sold of a variant has just fallen to the mark its seller set, or below. `variant` is empty where there is only one."""

    product_id: UUID
    variant_id: UUID
    seller_id: UUID
    name: str
    variant: str
    available: int


class ReturnEvent(Struct, frozen=True, kw_only=True):
    """What every event of a return says. `amount`, in minor units, is an estimate until it is received; `title` that of its first line."""

    return_id: UUID
    order_id: UUID
    number: str
    title: str
    buyer_id: UUID
    seller_id: UUID
    amount: int
    currency: str
    reason: str


class ReturnRequested(ReturnEvent, frozen=True, kw_only=True):
    """A buyer asks to send things back."""


class ReturnApproved(ReturnEvent, frozen=True, kw_only=True):
    """`by_silence`: its seller did not answer in time."""

    by_silence: bool


class ReturnRejected(ReturnEvent, frozen=True, kw_only=True):
    """Its seller refuses it; `reason` is theirs."""


class ReturnReceived(ReturnEvent, frozen=True, kw_only=True):
    """It has come back."""

    restocked: bool


class ReturnRefunded(ReturnEvent, frozen=True, kw_only=True):
    """It is paid back: `refunded` of what it is worth. Nothing, where the order had been refunded before."""

    refunded: int


class ReturnCancelled(ReturnEvent, frozen=True, kw_only=True):
    """Its buyer keeps it after all."""


class UnitsCancelled(Struct, frozen=True, kw_only=True):
    """Some of an order was called off before it was sent: `count` things, for which `amount` in minor units was given back."""

    order_id: UUID
    number: str
    title: str
    buyer_id: UUID
    seller_id: UUID
    by: str
    count: int
    amount: int
    currency: str
    reason: str
