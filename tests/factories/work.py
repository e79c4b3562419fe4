"""Orders of a kind made for tests that has a word for dispute: work that is done for somebody."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from marketplace.core.states import Machine
from marketplace.orders import fulfilment
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.service.placing import place
from marketplace.orders.states import Phase
from tests.factories.accounts import a_user
from tests.factories.orders import a_draft as a_draft_of_goods
from tests.factories.orders import a_line, pay


class Work(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    DISPUTED = "disputed"
    DONE = "done"
    CANCELLED = "cancelled"


W = Work
WORK: Machine[Work] = Machine({
    W.PENDING: frozenset({W.IN_PROGRESS, W.CANCELLED}),
    W.IN_PROGRESS: frozenset({W.DELIVERED, W.DISPUTED, W.CANCELLED}),
    W.DELIVERED: frozenset({W.DISPUTED, W.DONE, W.CANCELLED}),
    W.DISPUTED: frozenset({W.IN_PROGRESS, W.DELIVERED, W.DONE, W.CANCELLED}),
    W.DONE: frozenset(),
    W.CANCELLED: frozenset(),
})  # fmt: skip


class TestWork:
    """A way to sell that promises nothing but work."""

    __test__ = False
    kind = "test_work"
    machine: Machine[Any] = WORK
    statuses: type[StrEnum] = Work
    phases: Mapping[str, Phase] = {
        W.PENDING: Phase.UNPAID, W.IN_PROGRESS: Phase.OPEN, W.DELIVERED: Phase.OPEN, W.DISPUTED: Phase.OPEN,
        W.DONE: Phase.COMPLETED, W.CANCELLED: Phase.CANCELLED,
    }  # fmt: skip
    first: str = W.PENDING
    paid: str = W.IN_PROGRESS
    completed: str = W.DONE
    cancelled: str = W.CANCELLED

    async def lock(self, *order_ids: UUID) -> None:
        """Nothing of its own."""

    async def on_paid(self, order: LockedOrder) -> None:
        """The work begins."""

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        """Nothing was reserved."""

    async def on_completed(self, order: LockedOrder) -> None:
        """Nothing is left to do."""

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        return by is CancelledBy.STAFF


fulfilment.register(
    TestWork(), {"deliver": fulfilment.Step(W.DELIVERED, note="Delivered")}, disputed=W.DISPUTED
)  # fmt: skip


async def work(minor: int = 10_000, *, buyer: UUID | None = None, seller: UUID | None = None, **line: Any) -> UUID:
    """The id of a paid order of work."""
    buyer, seller = buyer or (await a_user()).id, seller or (await a_user()).id
    placed = await place(buyer, [a_draft_of_goods(seller, a_line(minor, **line), kind=TestWork.kind)], actor=buyer)
    await pay(placed.checkout_id)
    return placed.orders[0].id
