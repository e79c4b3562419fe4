"""What orders tell others. Amounts are minor units of `currency`."""

from uuid import UUID

from msgspec import Struct


class OrderEvent(Struct, frozen=True, kw_only=True):
    """What every event of an order says. `title` is that of its first line."""

    order_id: UUID
    number: str
    kind: str
    title: str
    buyer_id: UUID
    seller_id: UUID
    currency: str
    total: int


class OrderPlaced(OrderEvent, frozen=True, kw_only=True):
    checkout_id: UUID


class OrderPaid(OrderEvent, frozen=True, kw_only=True):
    """All of it is in escrow. `payment_id` None: there was nothing to pay."""

    payment_id: UUID | None


class OrderShipped(OrderEvent, frozen=True, kw_only=True):
    """On its way, or handed over in person (no `carrier`)."""

    carrier: str
    tracking_number: str


class OrderDelivered(OrderEvent, frozen=True, kw_only=True):
    """Said to have arrived; the buyer has not confirmed it yet."""


class OrderCompleted(OrderEvent, frozen=True, kw_only=True):
    """Received. `by_silence`: the buyer said nothing for as long as that counts as receipt."""

    by_silence: bool


class OrderCancelled(OrderEvent, frozen=True, kw_only=True):
    by: str
    reason: str
    was_paid: bool


class OrderRefunded(OrderEvent, frozen=True, kw_only=True):
    refund_id: UUID
    amount: int
    refunded: int
    reason: str


class OrderFrozen(OrderEvent, frozen=True, kw_only=True):
    by: str
    reason: str


class OrderUnfrozen(OrderEvent, frozen=True, kw_only=True):
    by: str
    reason: str


class OrderReleased(OrderEvent, frozen=True, kw_only=True):
    """`amount` has left escrow; of it `seller_amount` is the seller's, theirs to take out once it has cleared."""

    amount: int
    seller_amount: int


class OrderCleared(OrderEvent, frozen=True, kw_only=True):
    """`amount` is the seller's to take out, after `debt_paid` of what they owed."""

    amount: int
    debt_paid: int
