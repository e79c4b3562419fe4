"""What engagements refuse."""

from marketplace.core.errors import NotFound
from marketplace.orders.errors import CancellationRefused


class EngagementNotFound(NotFound):
    """Also of an order of another kind."""

    code = "engagement_not_found"
    default_message = "There is no such order of a gig."


class CancelByAgreement(CancellationRefused):
    """Once the seller has accepted, both must agree. `details.alone_from`: when the buyer may cancel alone, unless it is delivered."""

    default_message = "It has been accepted: ask the other side to agree to cancel it."
