"""The order of a gig. RULES: Orders, "Gig"."""

from enum import StrEnum
from typing import Final

from marketplace.core.states import Machine
from marketplace.orders.states import Phase


class Gig(StrEnum):
    """The statuses of an order of a gig. AWAITING_REQUIREMENTS is paid, and not yet accepted by its seller."""

    PENDING_PAYMENT = "pending_payment"
    AWAITING_REQUIREMENTS = "awaiting_requirements"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    DELIVERED = "delivered"
    IN_REVISION = "in_revision"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"


G = Gig
DISPUTABLE: Final = frozenset({G.ACCEPTED, G.IN_PROGRESS, G.DELIVERED, G.IN_REVISION})
"""From where there may be a dispute, and to where one goes back that changed nothing."""
WORKING: Final = frozenset({G.ACCEPTED, G.IN_PROGRESS, G.IN_REVISION})
"""It is the seller's turn: the clock runs."""

GIG: Machine[Gig] = Machine({
    G.PENDING_PAYMENT: frozenset({G.AWAITING_REQUIREMENTS, G.CANCELLED}),
    G.AWAITING_REQUIREMENTS: frozenset({G.ACCEPTED, G.CANCELLED}),
    G.ACCEPTED: frozenset({G.IN_PROGRESS, G.DISPUTED, G.CANCELLED}),
    G.IN_PROGRESS: frozenset({G.DELIVERED, G.DISPUTED, G.CANCELLED}),
    G.DELIVERED: frozenset({G.IN_PROGRESS, G.IN_REVISION, G.COMPLETED, G.DISPUTED, G.CANCELLED}),
    G.IN_REVISION: frozenset({G.DELIVERED, G.DISPUTED, G.CANCELLED}),
    G.DISPUTED: DISPUTABLE | {G.COMPLETED, G.CANCELLED},
    G.COMPLETED: frozenset(),
    G.CANCELLED: frozenset(),
})  # fmt: skip
"""A delivery that is rejected goes back to IN_PROGRESS, or to IN_REVISION once there was a revision."""

PHASES: dict[str, Phase] = {
    **dict.fromkeys(Gig, Phase.OPEN), G.PENDING_PAYMENT: Phase.UNPAID, G.COMPLETED: Phase.COMPLETED,
    G.CANCELLED: Phase.CANCELLED,
}  # fmt: skip


class QuestionKind(StrEnum):
    """What a buyer answers a question with: words, one of the choices, several of them, or files."""

    TEXT = "text"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    FILE = "file"


class DeliveryStatus(StrEnum):
    """SUBMITTED waits for the buyer, and only the latest one ever does. CLOSED: the order was called off while it waited."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REVISION_REQUESTED = "revision_requested"
    CLOSED = "closed"


D = DeliveryStatus
DELIVERY: Machine[DeliveryStatus] = Machine({
    D.SUBMITTED: frozenset({D.ACCEPTED, D.REJECTED, D.REVISION_REQUESTED, D.CLOSED}),
    D.ACCEPTED: frozenset(),
    D.REJECTED: frozenset(),
    D.REVISION_REQUESTED: frozenset(),
    D.CLOSED: frozenset(),
})  # fmt: skip


class RequestKind(StrEnum):
    """What one side asks of the other: more days, by the seller; to call it off, by either."""

    EXTENSION = "extension"
    CANCELLATION = "cancellation"


class RequestStatus(StrEnum):
    """LAPSED: it has no object any more, for the work was delivered or the order is over."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


R = RequestStatus
REQUEST: Machine[RequestStatus] = Machine({
    R.OPEN: frozenset({R.ACCEPTED, R.DECLINED, R.WITHDRAWN, R.LAPSED}),
    R.ACCEPTED: frozenset(),
    R.DECLINED: frozenset(),
    R.WITHDRAWN: frozenset(),
    R.LAPSED: frozenset(),
})  # fmt: skip


class OfferStatus(StrEnum):
    """COUNTERED: the other side has answered it with an offer of their own."""

    OPEN = "open"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


O = OfferStatus  # noqa: E741 - as G, D and R
OFFER: Machine[OfferStatus] = Machine({
    O.OPEN: frozenset({O.COUNTERED, O.ACCEPTED, O.DECLINED, O.WITHDRAWN, O.EXPIRED}),
    O.COUNTERED: frozenset(),
    O.ACCEPTED: frozenset(),
    O.DECLINED: frozenset(),
    O.WITHDRAWN: frozenset(),
    O.EXPIRED: frozenset(),
})  # fmt: skip


class MilestoneStatus(StrEnum):
    """PROPOSED waits for the other side's word, PLANNED for its money, SUBMITTED for the buyer. CANCELLED: the order was over before."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    FUNDED = "funded"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CANCELLED = "cancelled"


M = MilestoneStatus
MILESTONE: Machine[MilestoneStatus] = Machine({
    M.PROPOSED: frozenset({M.PLANNED, M.FUNDED, M.CANCELLED}),
    M.PLANNED: frozenset({M.FUNDED, M.CANCELLED}),
    M.FUNDED: frozenset({M.SUBMITTED, M.APPROVED, M.CANCELLED}),
    M.SUBMITTED: frozenset({M.FUNDED, M.APPROVED, M.CANCELLED}),
    M.APPROVED: frozenset(),
    M.CANCELLED: frozenset(),
})  # fmt: skip
"""PROPOSED becomes FUNDED where the order was paid whole, FUNDED at once APPROVED where its order is completed otherwise."""
