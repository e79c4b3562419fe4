"""Moves that only some ways to sell have: a gig is accepted and started. Each kind says which, by whom, and to where."""

from uuid import UUID

from marketplace.core import db
from marketplace.core.states import IllegalTransition
from marketplace.orders.errors import OnlyTheBuyer, OnlyTheSeller
from marketplace.orders.fulfilment import CancelledBy, LockedOrder, steps_of
from marketplace.orders.locking import lock_order_of
from marketplace.orders.service.moving import check, move
from marketplace.orders.service.releasing import check_not_frozen


async def step(order_id: UUID, viewer_id: UUID, name: str) -> LockedOrder:
    """Take a step of the order's kind by its name.

    Raises OrderNotFound, OnlyTheSeller, OnlyTheBuyer, IllegalTransition, OrderFrozen, and what its deed refuses.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, viewer_id)
        steps = steps_of(order.kind)
        wanted = steps.get(name)
        if wanted is None:
            raise IllegalTransition(
                f"An order of this kind has no step {name!r}.", current=order.status, target=name, allowed=sorted(steps)
            )
        if wanted.by is CancelledBy.SELLER and viewer_id != order.seller:
            raise OnlyTheSeller
        if wanted.by is CancelledBy.BUYER and viewer_id != order.buyer:
            raise OnlyTheBuyer
        check(order, wanted.to)
        check_not_frozen(order)
        if wanted.at not in (None, order.status):
            raise IllegalTransition(
                f"{order.status} cannot become {wanted.to} by that.",
                current=order.status, target=wanted.to, allowed_from=[wanted.at],
            )  # fmt: skip
        if wanted.deed is not None:
            return await wanted.deed(order, viewer_id)
        return await move(order, wanted.to, viewer_id, wanted.note)
