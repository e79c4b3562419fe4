"""Money on its way out: asked for, approved, sent, and what became of it. A module a verb; these are what others call."""

from marketplace.payments.service.payouts.completing import apply_payout, apply_payouts
from marketplace.payments.service.payouts.deciding import approve, cancel, reject
from marketplace.payments.service.payouts.requesting import Wanted, request
from marketplace.payments.service.payouts.sending import check_due, send_due

__all__ = ["Wanted", "apply_payout", "apply_payouts", "approve", "cancel", "check_due", "reject", "request", "send_due"]
