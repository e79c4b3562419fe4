"""Completing an order: its buyer has received it, or has been silent for as long as that counts as receipt. RULES: Orders."""

from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.orders import progress, telling
from marketplace.orders.errors import NotAllSent, OnlyTheBuyer
from marketplace.orders.events import OrderCompleted
from marketplace.orders.fulfilment import LockedOrder, of_kind
from marketplace.orders.locking import lock_order, lock_order_of
from marketplace.orders.service import dispatching
from marketplace.orders.service.dividing import nothing_due
from marketplace.orders.service.moving import check, move
from marketplace.orders.service.releasing import check_not_frozen, release
from marketplace.orders.states import Phase


async def complete_bought(order_id: UUID, buyer_id: UUID) -> LockedOrder:
    """By its buyer: all of its escrow is released.

    Raises OrderNotFound, OnlyTheBuyer, OrderFrozen, IllegalTransition, NotAllSent while only a part of it has been sent.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, buyer_id)
        if order.buyer != buyer_id:
            raise OnlyTheBuyer
        check(order, of_kind(order.kind).completed)
        await check_all_sent(order)
        return await complete_locked(order, buyer_id, "Receipt confirmed")


async def check_all_sent(order: LockedOrder) -> None:
    """Raises NotAllSent for an order of which a part is on its way and another is not."""
    if order.sent_parts and (rest := progress.unsent((await progress.progress_of(order.id)).values())):
        raise NotAllSent(unsent={str(line): n for line, n in rest.items()})


async def complete(order_id: UUID, actor: UUID | None, note: str) -> LockedOrder:
    """For staff and for ways to sell. Raises OrderNotFound, OrderFrozen, IllegalTransition."""
    async with db.transaction():
        return await complete_locked(await lock_order(order_id), actor, note)


async def complete_locked(
    order: LockedOrder, actor: UUID | None, note: str, *, by_silence: bool = False
) -> LockedOrder:
    check(order, of_kind(order.kind).completed)
    check_not_frozen(order)
    completed = await finish(order, actor, note, by_silence=by_silence)
    return await release(completed, actor=actor)


async def finish(order: LockedOrder, actor: UUID | None, note: str, *, by_silence: bool = False) -> LockedOrder:
    """Completed, but for the money: the caller sees to that."""
    kind, now = of_kind(order.kind), clock.now()
    parts = await dispatching.received(order, now, confirmed=actor == order.buyer and not by_silence)
    completed = await move(
        order, kind.completed, actor, note, completed_at=now, delivered_at=order.delivered_at or now, sent_parts=parts,
        auto_complete_at=None, frozen_at=None, frozen_by="",
    )  # fmt: skip
    await timers.cancel("orders.auto_complete", order.id)
    await nothing_due(order)
    await kind.on_completed(completed)
    await outbox.emit(OrderCompleted(**telling.of(completed), by_silence=by_silence))
    return completed


async def auto_complete(order_id: UUID) -> None:
    """The buyer's time to speak has passed. Safe to repeat; a frozen order waits for what froze it, another for its returns."""
    async with db.transaction():
        order = await lock_order(order_id)
        if order.phase is not Phase.OPEN or order.frozen or order.open_returns or order.auto_complete_at is None:
            return
        if order.auto_complete_at > clock.now():
            await timers.schedule("orders.auto_complete", order.id, order.auto_complete_at)
            return
        await complete_locked(order, None, "No objection in time", by_silence=True)
