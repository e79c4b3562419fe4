"""What orders refuse. Amounts in `details` are text, beside their currency."""

from marketplace.core.errors import Conflict, Forbidden, NotFound, Unprocessable, ValidationFailed


class OrderNotFound(NotFound):
    code = "order_not_found"
    default_message = "There is no such order."


class CheckoutNotFound(NotFound):
    code = "checkout_not_found"
    default_message = "There is no such checkout."


class OnlyTheBuyer(Forbidden):
    code = "only_the_buyer"
    default_message = "Only its buyer may do that."


class OnlyTheSeller(Forbidden):
    code = "only_the_seller"
    default_message = "Only its seller may do that."


class TotalTooLarge(Unprocessable):
    code = "total_too_large"
    default_message = "This is more than can be paid at once. Order it in parts."


class OwnGoods(Conflict):
    code = "own_goods"
    default_message = "You can't buy from yourself."


class CancellationRefused(Conflict):
    """The status may become cancelled (`details`), but not by this side."""

    code = "cancellation_refused"
    default_message = "You can't cancel this order as it stands."


class ShipmentNotFound(NotFound):
    code = "shipment_not_found"
    default_message = "There is no such shipment."


class SendsTooMany(Conflict):
    """`details.line_id`, and `details.unsent`: how many of it are still to be sent."""

    code = "ships_more_than_ordered"
    default_message = "You have not so many of this left to send."


class TooManyShipments(Conflict):
    """`details.most`: an order has so many at most, and the last takes all that is left."""

    code = "too_many_shipments"
    default_message = "This order has as many shipments as an order can have: send all that is left with this one."


class NotAllSent(Conflict):
    """`details.unsent`: what is still to be sent, by line."""

    code = "not_all_sent"
    default_message = "Part of this order has not been sent yet."


class OrderFrozen(Conflict):
    """`details.frozen_by` says what froze it, `details.current` where it stands."""

    code = "order_frozen"
    default_message = "The money of this order is frozen until that is resolved."


class OrderNotFrozen(Conflict):
    code = "order_not_frozen"
    default_message = "The money of this order is not frozen."


class NothingHeld(Conflict):
    code = "nothing_held"
    default_message = "None of this order's money is in escrow."


class ReleaseExceedsHeld(Unprocessable):
    """`details.held`: what there is to release."""

    code = "release_exceeds_held"
    default_message = "That is more than is in escrow."


class RefundExceedsPaid(Conflict):
    """`details.refundable`: what is left to refund."""

    code = "refund_exceeds_payment"
    default_message = "That is more than is left of what was paid."


class SplitNotExact(Unprocessable):
    """`details.held`: what the two parts must sum to."""

    code = "split_not_exact"
    default_message = "The parts must sum to what is in escrow."


class NotYetPaid(Conflict):
    code = "order_not_paid"
    default_message = "This order has not been paid."


class NotUnpaid(Conflict):
    """What may only be changed while nothing has been paid."""

    code = "order_not_unpaid"
    default_message = "That can only be changed until the order is paid."


class NothingToOrder(ValidationFailed):
    default_message = "There is nothing to order."


class UnknownKind(ValidationFailed):
    """`details.known`: the ways to sell that take orders here."""


class PartsNotExact(Unprocessable):
    """`details.due`: what the parts must sum to, each of them above zero."""

    code = "parts_not_exact"
    default_message = "The parts must sum to what is to be paid."


class NotInParts(Conflict):
    """It is paid whole, and has been."""

    code = "order_not_in_parts"
    default_message = "This order has been paid whole."
