"""The shop among the ways to sell. What it promises to an order is stock, and uses of coupons; both are given back once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import Amount
from marketplace.core.states import Machine
from marketplace.orders import fulfilment, ordering
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.states import GOODS, PHASES_OF_GOODS, Goods, Phase
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.queries.locking import lock_variants
from marketplace.shop.queries.stock import held_by
from marketplace.shop.service import redeeming, stock
from marketplace.shop.service.checkout import Wanted, check_out


class ShopOrders:
    """Goods from the shelf. The buyer may call it off until it is sent."""

    kind = KIND
    machine: Machine[Any] = GOODS
    statuses: type[StrEnum] = Goods
    phases: Mapping[str, Phase] = PHASES_OF_GOODS
    first: str = Goods.PENDING
    paid: str = Goods.PROCESSING
    completed: str = Goods.DELIVERED
    cancelled: str = Goods.CANCELLED

    async def lock(self, *order_ids: UUID) -> None:
        await lock_variants(await held_by(order_ids))
        await redeeming.lock_of(*order_ids)

    async def on_paid(self, order: LockedOrder) -> None:
        """What is promised stays promised until it is sent."""

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        await stock.catch_up(order.id)  # what has left is not given back
        await stock.release(order.id, reason=f"cancelled by {by}")
        await redeeming.give_back(order.checkout, order.seller)

    async def on_completed(self, order: LockedOrder) -> None:
        await stock.catch_up(order.id)  # what was handed over without ever being sent
        await stock.release(order.id, reason="never sent")  # where only a part was

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        return by is CancelledBy.STAFF or order.status != Goods.SHIPPED


class OrderCart(Struct, kw_only=True, tag=KIND, tag_field="kind", forbid_unknown_fields=True):
    """Everything in your cart, at today's prices: one payment, an order for each seller.

    A price that has risen since you put something in is refused with `price_rose`, unless you say that you accept it.
    """

    shipping_address_id: UUID
    billing_address_id: Annotated[UUID, Meta(description="The shipping address, unless given.")] | None = None
    coupon_codes: Annotated[list[Annotated[str, Meta(min_length=1, max_length=40)]], Meta(max_length=10)] = []
    note: Annotated[str, Meta(max_length=2000)] = ""
    accept_price_changes: bool = False
    expected_total: (
        Annotated[Amount, Meta(description="The quote's `total_amount`: any other is refused with `total_changed`.")]
        | None
    ) = None


async def order_cart(buyer: UUID, wanted: OrderCart) -> UUID:
    """Raises what `check_out` raises."""
    return await check_out(
        buyer,
        Wanted(
            shipping_address_id=wanted.shipping_address_id, billing_address_id=wanted.billing_address_id,
            coupon_codes=wanted.coupon_codes, note=wanted.note, accepts_higher_prices=wanted.accept_price_changes,
            expected_total=wanted.expected_total,
        ),
    )  # fmt: skip


fulfilment.register(ShopOrders())
ordering.register(OrderCart, order_cart)
