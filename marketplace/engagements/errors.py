"""What engagements refuse."""

from marketplace.core.errors import Conflict, Forbidden, NotFound, Unprocessable
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
    """Once the seller has accepted, both must agree. `details.alone_from`: when the buyer may cancel alone; null while the clock stands."""

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


class MilestoneNotFound(NotFound):
    code = "milestone_not_found"
    default_message = "There is no such milestone."


class MilestonesAgreed(Conflict):
    """What was agreed is changed one by one, with the other side's consent."""

    code = "milestones_agreed"
    default_message = "The milestones have been agreed. Change one of them instead."


class MilestonesNotAgreed(Conflict):
    code = "milestones_not_agreed"
    default_message = "The milestones have not been agreed yet."


class MilestonesIncomplete(Conflict):
    """`details.rest` is what of the order no milestone has, in `currency`."""

    code = "milestones_incomplete"
    default_message = "The milestones must sum to what the order costs."


class TooManyMilestones(Conflict):
    """`details.limit`: how many there may be."""

    code = "too_many_milestones"
    default_message = "There are as many milestones as there may be."


class MilestoneAmountRefused(Unprocessable):
    """`details.least` and `details.most`, in `currency`: what it may be."""

    code = "milestone_amount_refused"
    default_message = "That amount does not fit the other milestones."


class MilestoneFunded(Conflict):
    """The buyer may approve less of it; what is left goes to the next."""

    code = "milestone_funded"
    default_message = "Its money has been paid: its amount stays as it is."


class LastTakesTheRest(Conflict):
    code = "last_takes_the_rest"
    default_message = (
        "The last milestone takes what the others leave: change one of those, or agree on less once it is paid."
    )


class MilestoneNotNext(Conflict):
    """`details.next`: the position of the one whose turn it is, with its `status`."""

    code = "milestone_not_next"
    default_message = "Milestones are done one after the other, and it is another's turn."


class LastMilestoneWhole(Conflict):
    """Less of the last one is for both sides to agree on: `PUT` its amount."""

    code = "last_milestone_whole"
    default_message = "The last milestone is approved whole. To pay less for it, ask the other side to agree."


class NothingChanged(Conflict):
    code = "no_change_proposed"
    default_message = "Nobody has asked for it to be different."
