from enum import StrEnum

from marketplace.core.states import Machine


class CaseKind(StrEnum):
    """What looked wrong."""

    LINKED_TO_SELLER = "linked_to_seller"
    """A bid was refused: bidder and seller share a device or address."""
    NEAR_SELLER = "near_seller"
    """A bid was let in although bidder and seller share a network or phone."""
    LINKED_BIDDERS = "linked_bidders"
    """Two bidders who share something drive one lot's price."""
    BID_VELOCITY = "bid_velocity"
    """More bids a minute on one lot than people place."""


class CaseStatus(StrEnum):
    OPEN = "open"
    REVIEWING = "reviewing"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


S = CaseStatus
CASE: Machine[CaseStatus] = Machine({
    S.OPEN: frozenset({S.REVIEWING, S.UPHELD, S.DISMISSED}),
    S.REVIEWING: frozenset({S.OPEN, S.UPHELD, S.DISMISSED}),
    S.UPHELD: frozenset(),
    S.DISMISSED: frozenset({S.OPEN}),
})  # fmt: skip
