"""Gigs among the ways to sell. What is promised to an order is somebody's work."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core import clock
from marketplace.core.states import Machine
from marketplace.engagements.errors import CancelByAgreement
from marketplace.engagements.queries.locking import lock_work_of, read_work
from marketplace.engagements.service import accepting, clockwork, ending, milestone_moves, opening
from marketplace.engagements.service.buying import order_package
from marketplace.engagements.states import GIG, PHASES, WORKING, Gig
from marketplace.orders import fulfilment, ordering
from marketplace.orders.fulfilment import CancelledBy, LockedOrder, Step
from marketplace.orders.states import Phase


class GigOrders:
    """Until the seller has accepted, either side may call it off. Then both must agree, but for a buyer who has waited too long."""

    kind = opening.KIND
    machine: Machine[Any] = GIG
    statuses: type[StrEnum] = Gig
    phases: Mapping[str, Phase] = PHASES
    first: str = Gig.PENDING_PAYMENT
    paid: str = Gig.AWAITING_REQUIREMENTS
    completed: str = Gig.COMPLETED
    cancelled: str = Gig.CANCELLED

    async def lock(self, *order_ids: UUID) -> None:
        await lock_work_of(order_ids)

    async def on_paid(self, order: LockedOrder) -> None:
        await opening.paid(order)
        await milestone_moves.order_paid(order)

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        await ending.cancelled(order)

    async def on_completed(self, order: LockedOrder) -> None:
        await ending.completed(order)

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        """Raises CancelByAgreement."""
        if by is CancelledBy.STAFF or order.status in (Gig.PENDING_PAYMENT, Gig.AWAITING_REQUIREMENTS):
            return True
        work = await read_work(order.id)
        assert work.due_at is not None, "it has been accepted"
        alone_from = work.due_at + await clockwork.very_late_after()
        if by is CancelledBy.BUYER and order.status in WORKING and not work.buyers_turn and clock.now() >= alone_from:
            return True
        raise CancelByAgreement(
            current=order.status, target=Gig.CANCELLED.value,
            alone_from=alone_from.isoformat() if by is CancelledBy.BUYER and order.status in WORKING else None,
        )  # fmt: skip


class OrderGig(Struct, kw_only=True, tag=opening.KIND, tag_field="kind", forbid_unknown_fields=True):
    """A package of a gig, with extras, at today's terms. A quantity multiplies the package; its days and revisions are for all of it.

    What the seller must know is answered next (`/orders/{id}/requirements/`).
    """

    package_id: UUID
    extras: Annotated[list[UUID], Meta(max_length=20)] = []
    quantity: Annotated[int, Meta(ge=1, le=20)] = 1
    note: Annotated[str, Meta(max_length=2000)] = ""


async def order_gig(buyer: UUID, wanted: OrderGig) -> UUID:
    """Raises what `order_package` raises."""
    return await order_package(buyer, wanted.package_id, wanted.extras, wanted.quantity, wanted.note)


STEPS = {
    "accept": Step(Gig.ACCEPTED, deed=accepting.accept, at=Gig.AWAITING_REQUIREMENTS),
    "start": Step(Gig.IN_PROGRESS, deed=accepting.start, at=Gig.ACCEPTED),
}

fulfilment.register(
    GigOrders(), STEPS, disputed=Gig.DISPUTED, on_frozen=ending.frozen_or_thawed, on_part_paid=milestone_moves.part_paid,
    on_released=milestone_moves.released,
)  # fmt: skip
ordering.register(OrderGig, order_gig)
