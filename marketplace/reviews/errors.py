"""What reviews refuse."""

from marketplace.core.errors import Conflict, Forbidden, NotFound


class ReviewNotFound(NotFound):
    code = "review_not_found"
    default_message = "There is no such review."


class NotABuyer(Forbidden):
    code = "not_a_buyer"
    default_message = "Only who bought this and received it may review it."


class AlreadyReviewed(Conflict):
    code = "already_reviewed"
    default_message = "You have reviewed this product already."


class AlreadyReplied(Conflict):
    code = "already_replied"
    default_message = "This review has been replied to already."


class ReviewHidden(Conflict):
    """Deleted and written anew, it would be back."""

    code = "review_hidden"
    default_message = "This review was hidden by staff and cannot be taken back."
