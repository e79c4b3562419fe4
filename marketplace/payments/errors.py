"""What payments refuse. A provider's own refusals stand in `providers.base`."""

from marketplace.core.errors import Conflict, DomainError, Forbidden, NotFound, Unprocessable


class PaymentNotFound(NotFound):
    code = "payment_not_found"
    default_message = "There is no such payment."


class RefundNotFound(NotFound):
    code = "refund_not_found"
    default_message = "There is no such refund."


class WebhookNotFound(NotFound):
    code = "webhook_not_found"
    default_message = "There is no such webhook event."


class NotPayable(Conflict):
    """It was the viewer's to pay, and is no more: paid for, cancelled or expired."""

    code = "not_payable"
    default_message = "This has been paid for, or is no longer to be paid."


class PaymentInProgress(Conflict):
    """`details.payment_id` is being worked on by its provider: nobody can tell yet whether it takes the money."""

    code = "payment_in_progress"
    default_message = "A payment for this is under way. Wait for what becomes of it."


class PaymentNotCompleted(DomainError):
    """`details.status` says how it stands, `details.failure_code` why the last try failed."""

    status_code = 400
    code = "payment_not_completed"
    default_message = "Payment not completed."


class PaymentReturned(Conflict):
    """The money came, but too late or twice, and goes back to the payer by itself."""

    code = "payment_returned"
    default_message = "This was no longer to be paid: the money goes back to you."


class RefundExceedsPayment(Conflict):
    """`details.refundable` is what is left of the payment, in `details.currency`."""

    code = "refund_exceeds_payment"
    default_message = "That is more than is left of the payment."


class UnknownToUs(DomainError):
    """A provider's news of something that we do not know (yet)."""

    code = "unknown_to_us"
    default_message = "Nothing of ours belongs to this event yet."


class PayoutNotFound(NotFound):
    code = "payout_not_found"
    default_message = "There is no such payout."


class PayoutMethodNotFound(NotFound):
    code = "payout_method_not_found"
    default_message = "There is no such payout method."


class NoPayoutMethod(Unprocessable):
    code = "no_payout_method"
    default_message = "Add a payout method first: POST /payouts/methods."


class MethodCooling(Conflict):
    """A payout method that was just added; `details.usable_at`."""

    code = "payout_method_too_new"
    default_message = "This payout method was added a short while ago. For your safety it can be used later."


class PayoutsPaused(Conflict):
    code = "payouts_paused"
    default_message = "Payouts are paused while our books are being checked. Your money is safe; try again later."


class NothingToPayOut(Conflict):
    """`details.available` is what there is, after `details.owed`."""

    code = "nothing_to_pay_out"
    default_message = "There is no cleared money to pay out."


class BelowMinimum(Unprocessable):
    """`details.minimum` in `details.currency`; everything at once may be less."""

    code = "below_minimum"


class AboveMaximum(Unprocessable):
    """`details.maximum` in `details.currency`."""

    code = "above_maximum"


class OwnPayout(Forbidden):
    """Two people: who gets the money is not who lets it go."""

    code = "own_payout"
    default_message = "This payout is your own: another member of staff must decide."


class StatementNotFound(NotFound):
    code = "statement_not_found"
    default_message = "There is no statement of that month in that currency."


class StatementTooLong(Unprocessable):
    """`details.entries` is more than `details.maximum`."""

    code = "statement_too_long"
    default_message = "This month has too many entries for a PDF: ask for format=csv."
