"""Where a dispute stands, and whose turn it is."""

from enum import StrEnum

from marketplace.core.states import IllegalTransition, Machine


class DisputeStatus(StrEnum):
    """NEGOTIATING: the sides talk. UNDER_REVIEW: staff decide. DECIDED: they have, and it is done when the time to appeal is
    over. APPEALED: somebody else of the staff decides for good. RESOLVED and WITHDRAWN are over.
    """

    NEGOTIATING = "negotiating"
    UNDER_REVIEW = "under_review"
    DECIDED = "decided"
    APPEALED = "appealed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


S = DisputeStatus
DISPUTE: Machine[DisputeStatus] = Machine({
    S.NEGOTIATING: frozenset({S.UNDER_REVIEW, S.DECIDED, S.RESOLVED, S.WITHDRAWN}),
    S.UNDER_REVIEW: frozenset({S.DECIDED, S.RESOLVED, S.WITHDRAWN}),
    S.DECIDED: frozenset({S.APPEALED, S.UNDER_REVIEW, S.RESOLVED}),
    S.APPEALED: frozenset({S.RESOLVED}),
    S.RESOLVED: frozenset(),
    S.WITHDRAWN: frozenset(),
})  # fmt: skip


def must_be(current: DisputeStatus, *wanted: DisputeStatus) -> None:
    """For what is done in a status without leaving it. Raises IllegalTransition that names what there is."""
    if current not in wanted:
        raise IllegalTransition(
            f"It is {current}, and not {' or '.join(wanted)}.", current=current.value, target=wanted[0].value,
            allowed=sorted(target.value for status, target in DISPUTE.moves() if status is current),
        )  # fmt: skip


OVER = frozenset({S.RESOLVED, S.WITHDRAWN})
UNDECIDED = (S.NEGOTIATING, S.UNDER_REVIEW)
LIVING = (*UNDECIDED, S.DECIDED, S.APPEALED)
"""Not over."""


class Side(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"

    @property
    def other(self) -> "Side":
        return Side.SELLER if self is Side.BUYER else Side.BUYER


class Turn(StrEnum):
    """Whose move is awaited. NOBODY: only time has to pass, or it is over."""

    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"
    NOBODY = ""


class Reason(StrEnum):
    """What it is about."""

    NOT_RECEIVED = "not_received"
    NOT_AS_DESCRIBED = "not_as_described"
    POOR_QUALITY = "poor_quality"
    LATE = "late"
    NO_ANSWER = "no_answer"
    REQUIREMENTS_CHANGED = "requirements_changed"
    NOT_ACCEPTED = "not_accepted"
    OTHER = "other"


class How(StrEnum):
    """By what a dispute was decided. CHARGEBACK: the payer's bank took the money, and there was nothing left to divide."""

    AGREEMENT = "agreement"
    SILENCE = "silence"
    STAFF = "staff"
    APPEAL = "appeal"
    CHARGEBACK = "chargeback"


class ProposalStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


P = ProposalStatus
PROPOSAL: Machine[ProposalStatus] = Machine({
    P.OPEN: frozenset({P.ACCEPTED, P.DECLINED, P.WITHDRAWN, P.SUPERSEDED}),
    P.ACCEPTED: frozenset(),
    P.DECLINED: frozenset(),
    P.WITHDRAWN: frozenset(),
    P.SUPERSEDED: frozenset(),
})  # fmt: skip
