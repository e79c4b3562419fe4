"""Subscriptions as a way to sell: an order is a charge; paid, it has been delivered."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

from marketplace.core.states import Machine
from marketplace.orders.fulfilment import CancelledBy, LockedOrder
from marketplace.orders.states import Phase
from marketplace.subscriptions.queries.locking import lock_of_orders
from marketplace.subscriptions.service import applying, billing
from marketplace.subscriptions.states import BILL, PHASES_OF_BILLS, Bill


class Subscriptions:
    kind = billing.KIND
    machine: Machine[Any] = BILL
    statuses: type[StrEnum] = Bill
    phases: Mapping[str, Phase] = PHASES_OF_BILLS
    first: str = Bill.PENDING
    paid: str = Bill.PAID
    completed: str = Bill.COMPLETED
    cancelled: str = Bill.CANCELLED

    async def lock(self, *order_ids: UUID) -> None:
        await lock_of_orders(list(order_ids))

    async def on_paid(self, order: LockedOrder) -> None:
        await applying.paid(order.id)

    async def on_cancelled(self, order: LockedOrder, by: CancelledBy, reason: str) -> None:
        await applying.cancelled(order.id, by, reason)

    async def on_completed(self, order: LockedOrder) -> None:
        """What was bought was granted when it was paid."""

    async def may_cancel(self, order: LockedOrder, by: CancelledBy) -> bool:
        """Who does not want it any more cancels the subscription."""
        return by in (CancelledBy.KIND, CancelledBy.EXPIRED, CancelledBy.STAFF)
