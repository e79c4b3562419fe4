"""What reviews refuse."""

from marketplace.core.errors import Conflict, Forbidden, NotFound


class ReviewNotFound(NotFound):
    """Also of one that is hidden, or that its author alone may see so far."""

    code = "review_not_found"
    default_message = "There is no such review."


class NotABuyer(Forbidden):
    code = "not_a_buyer"
    default_message = "Only who bought this and received it may review it."


class NotReviewed(Conflict):
    """Orders of this kind, or this side of them, are not reviewed."""

    code = "not_reviewable"
    default_message = "There is nothing here for you to review."


class OrderNotCompleted(Conflict):
    """`details.status` is what it is instead."""

    code = "order_not_completed"
    default_message = "An order is reviewed once it is completed."


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    default_message = "You have reviewed this already."


class ReviewClosed(Conflict):
    """Whoever has read what the other side said answers with a reply, not with a review."""

    code = "review_closed"
    default_message = "The other side's review is public by now: it is too late to review them."


class ReviewRevealed(Conflict):
    code = "review_revealed"
    default_message = "Both sides have seen this review: it stays as it is."


class AlreadyReplied(Conflict):
    code = "already_replied"
    default_message = "This review has been replied to already."


class ReviewHidden(Conflict):
    """Deleted and written anew, it would be back."""

    code = "review_hidden"
    default_message = "This review was hidden by staff and stays as it is."
