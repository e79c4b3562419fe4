"""Where an order stands for money: the spine's own view. Each way to sell has statuses of its own and says which phase they are."""

from enum import StrEnum

from marketplace.core.states import Machine


class Phase(StrEnum):
    """UNPAID waits for money; OPEN is paid, and the money is in escrow; COMPLETED has been received, and the escrow is released
    (a return may still refund it); CANCELLED is over, and whatever was paid has been given back."""

    UNPAID = "unpaid"
    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


P = Phase
PHASE: Machine[Phase] = Machine({
    P.UNPAID: frozenset({P.UNPAID, P.OPEN, P.CANCELLED}),
    P.OPEN: frozenset({P.OPEN, P.COMPLETED, P.CANCELLED}),
    P.COMPLETED: frozenset({P.COMPLETED}),
    P.CANCELLED: frozenset(),
})  # fmt: skip
"""What a way to sell's own machine must obey; a status may change within its phase."""


class EscrowStatus(StrEnum):
    """Read off the amounts of an order, for whoever asks where the money is."""

    NONE = "none"
    HELD = "held"
    FROZEN = "frozen"
    RELEASED = "released"
    REFUNDED = "refunded"
    SETTLED = "settled"


class PartStatus(StrEnum):
    """Of what is paid at once of an order in parts. PLANNED waits for its turn, DUE for the money; VOID came to nothing, for the
    order was over before."""

    PLANNED = "planned"
    DUE = "due"
    PAID = "paid"
    VOID = "void"


class Goods(StrEnum):
    """The statuses of what is sent or handed over. RULES: Orders.

    SHIPPED once everything has been sent, DELIVERED once its buyer has it; what was sent and is given back is RETURNED.
    """

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Sending(StrEnum):
    """How far an order's things have come, read off its shipments."""

    UNSENT = "unsent"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    PARTIALLY_DELIVERED = "partially_delivered"
    DELIVERED = "delivered"


G = Goods
GOODS: Machine[Goods] = Machine({
    G.PENDING: frozenset({G.PROCESSING, G.CANCELLED}),
    G.PROCESSING: frozenset({G.SHIPPED, G.DELIVERED, G.CANCELLED}),
    G.SHIPPED: frozenset({G.DELIVERED, G.RETURNED}),
    G.DELIVERED: frozenset({G.RETURNED}),
    G.RETURNED: frozenset(),
    G.CANCELLED: frozenset(),
})  # fmt: skip

PHASES_OF_GOODS: dict[str, Phase] = {
    G.PENDING: P.UNPAID, G.PROCESSING: P.OPEN, G.SHIPPED: P.OPEN, G.DELIVERED: P.COMPLETED, G.RETURNED: P.COMPLETED,
    G.CANCELLED: P.CANCELLED,
}  # fmt: skip
