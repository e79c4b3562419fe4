"""What returns refuse."""

from marketplace.core.errors import Conflict, NotFound


class ReturnNotFound(NotFound):
    code = "return_not_found"
    default_message = "There is no such return."


class NotReturnable(Conflict):
    """`details.status` is the order's."""

    code = "not_returnable"
    default_message = "Only goods that were delivered can be sent back."


class ReturnTooLate(Conflict):
    """`details.until` is when the time to send it back was over."""

    code = "return_too_late"
    default_message = "The time to send this back is over."


class CancelsTooMany(Conflict):
    """`details.line_id`, and `details.unsent`: how many of it are neither sent nor called off."""

    code = "cancels_more_than_unsent"
    default_message = "Not so many of this are left to call off."


class TooManyReturns(Conflict):
    """`details.most`: so many returns of one order can be open at once."""

    code = "too_many_returns"
    default_message = "Too many returns of this order are open: wait until some of them are closed."


class ReturnExceedsBought(Conflict):
    """`details.returnable`: how many of the line are in no return yet."""

    code = "return_exceeds_bought"
    default_message = "You have not so many of this left to send back."
