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
    """All of it is in escrow, or `amount`, the first part of it. `payment_id` None: there was nothing to pay."""

    payment_id: UUID | None
    amount: int | None = None


class OrderPartPaid(OrderEvent, frozen=True, kw_only=True):
    """A further part of it is in escrow."""

    payment_id: UUID
    position: int
    part: str
    amount: int


class SentItem(Struct, frozen=True, kw_only=True):
    """So many of a line; `subject_id` is what its way to sell calls it."""

    line_id: UUID
    subject_id: UUID
    title: str
    quantity: int


class ShipmentSent(OrderEvent, frozen=True, kw_only=True):
    """A part of an order is on its way, or was handed over in person (no `carrier`). `whole`: everything that was ordered."""

    shipment_id: UUID
    part: int
    carrier: str
    tracking_number: str
    tracking_url: str
    items: list[SentItem]
    whole: bool


class OrderShipped(OrderEvent, frozen=True, kw_only=True):
    """Everything has been sent or handed over. What carries it is that of the last shipment."""

    carrier: str
    tracking_number: str


class ShipmentDelivered(OrderEvent, frozen=True, kw_only=True):
    """A part of an order has arrived: its seller says so, or its buyer (`confirmed`). `last`: now all of it has."""

    shipment_id: UUID
    part: int
    confirmed: bool
    last: bool


class OrderReturned(OrderEvent, frozen=True, kw_only=True):
    """What had been sent is over: it came back, or all that was paid for it was given back."""

    reason: str


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
