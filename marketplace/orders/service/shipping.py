"""Sending what was bought, or handing it over. From then on the buyer's silence counts as receipt. RULES: Orders."""

from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.orders import rules, telling
from marketplace.orders.errors import OnlyTheSeller
from marketplace.orders.events import OrderDelivered, OrderShipped
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order_of
from marketplace.orders.service.moving import change, move
from marketplace.orders.states import Goods, Phase


async def ship(order_id: UUID, seller_id: UUID, carrier: str, tracking_number: str) -> LockedOrder:
    """By its seller. Raises OrderNotFound, OnlyTheSeller, IllegalTransition."""
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        return await _sent(order, seller_id, "Shipped", carrier=carrier, tracking_number=tracking_number)


async def deliver(order_id: UUID, seller_id: UUID) -> LockedOrder:
    """Its seller has handed it over, or knows that it has arrived; it is for the buyer to confirm, or to be silent.

    Raises OrderNotFound, OnlyTheSeller, IllegalTransition.
    """
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        if order.phase is not Phase.OPEN or order.status != Goods.SHIPPED:
            order = await _sent(order, seller_id, "Handed over", carrier="", tracking_number="")
        delivered = await change(order, seller_id, "Delivered", delivered_at=clock.now())
        await outbox.emit(OrderDelivered(**telling.of(delivered)))
        return delivered


async def correct_shipment(
    order: LockedOrder, seller_id: UUID, carrier: str | None, tracking_number: str | None
) -> LockedOrder:
    """Other words for how a locked order travels."""
    given = {"carrier": carrier, "tracking_number": tracking_number}
    wanted = {name: value for name, value in given.items() if value is not None}
    return await change(order, seller_id, "Shipment details changed", **wanted)


async def _lock_sold(order_id: UUID, seller_id: UUID) -> LockedOrder:
    order = await lock_order_of(order_id, seller_id)
    if order.seller != seller_id:
        raise OnlyTheSeller
    return order


async def _sent(order: LockedOrder, seller_id: UUID, note: str, *, carrier: str, tracking_number: str) -> LockedOrder:
    now = clock.now()
    auto_complete_at = now + await rules.auto_complete()
    sent = await move(
        order, Goods.SHIPPED, seller_id, note, carrier=carrier, tracking_number=tracking_number, shipped_at=now,
        auto_complete_at=auto_complete_at,
    )  # fmt: skip
    await timers.schedule("orders.auto_complete", order.id, auto_complete_at)
    await outbox.emit(OrderShipped(**telling.of(sent), carrier=carrier, tracking_number=tracking_number))
    return sent
