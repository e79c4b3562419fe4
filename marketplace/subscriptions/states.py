"""Where a subscription stands, what is charged for it, and the statuses of the orders it makes."""

from enum import StrEnum

from marketplace.core.states import Machine
from marketplace.orders.states import Phase


class SubscriptionStatus(StrEnum):
    """INCOMPLETE waits for its first payment. PAST_DUE: a renewal failed and is tried again; nothing is taken away yet.

    CANCELLED was ended by somebody, EXPIRED by nobody paying. A subscription that ends with its period stays ACTIVE until then.
    """

    INCOMPLETE = "incomplete"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


S = SubscriptionStatus
LIVE = frozenset({S.INCOMPLETE, S.ACTIVE, S.PAST_DUE})
SUBSCRIPTION: Machine[SubscriptionStatus] = Machine({
    S.INCOMPLETE: frozenset({S.ACTIVE, S.CANCELLED, S.EXPIRED}),
    S.ACTIVE: frozenset({S.PAST_DUE, S.CANCELLED, S.EXPIRED}),
    S.PAST_DUE: frozenset({S.ACTIVE, S.CANCELLED, S.EXPIRED}),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
})  # fmt: skip


class ChargeKind(StrEnum):
    START = "start"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"


class ChargeStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    VOID = "void"


class Bill(StrEnum):
    """The statuses of a subscription's order."""

    PENDING = "pending"
    PAID = "paid"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


B = Bill
BILL: Machine[Bill] = Machine({
    B.PENDING: frozenset({B.PAID, B.CANCELLED}),
    B.PAID: frozenset({B.COMPLETED, B.CANCELLED}),
    B.COMPLETED: frozenset(),
    B.CANCELLED: frozenset(),
})  # fmt: skip
PHASES_OF_BILLS: dict[str, Phase] = {
    B.PENDING: Phase.UNPAID, B.PAID: Phase.OPEN, B.COMPLETED: Phase.COMPLETED, B.CANCELLED: Phase.CANCELLED,
}  # fmt: skip
