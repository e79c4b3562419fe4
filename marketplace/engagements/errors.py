"""What engagements refuse."""

from marketplace.core.errors import Conflict, Forbidden, NotFound
from marketplace.orders.errors import CancellationRefused


class EngagementNotFound(NotFound):
    """Also of an order of another kind."""

    code = "engagement_not_found"
    default_message = "There is no such order of a gig."


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    default_message = "There is no such delivery."


class RequestNotFound(NotFound):
    code = "request_not_found"
    default_message = "There is no such request."


class CustomOfferNotFound(NotFound):
    code = "custom_offer_not_found"
    default_message = "There is no such offer."


class CancelByAgreement(CancellationRefused):
    """Once the seller has accepted, both must agree. `details.alone_from`: when the buyer may cancel alone, unless it is delivered."""

    default_message = "It has been accepted: ask the other side to agree to cancel it."


class RequirementsMissing(Conflict):
    """`details.missing`: the questions that the buyer must answer first, by `id` and `question`."""

    code = "requirements_missing"
    default_message = "The buyer has not answered all that must be answered."


class DeliverySuperseded(Conflict):
    """`details.latest` is the id of the delivery that counts, `details.version` its number."""

    code = "delivery_superseded"
    default_message = "There is a later delivery."


class DeliverySeen(Conflict):
    """`details.seen_at`, and `details.status` where it has been answered."""

    code = "delivery_seen"
    default_message = "The buyer has seen it: send another delivery instead."


class RevisionsUsedUp(Conflict):
    """`details.limit`: how many were agreed."""

    code = "revisions_used_up"
    default_message = "All the revisions that were agreed have been used."


class RequestOpen(Conflict):
    """One of a kind at a time. `details.request_id` is the open one."""

    code = "request_open"
    default_message = "There is such a request already. It must be answered first."


class OnlyTheOtherSide(Forbidden):
    code = "only_the_other_side"
    default_message = "That is for the other side to say."


class OnlyItsAuthor(Forbidden):
    code = "only_its_author"
    default_message = "Only who asked for it may take it back."
