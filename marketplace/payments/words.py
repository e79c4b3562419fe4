"""What the ledger's reasons mean to the person whose money it is."""

from typing import Final

from marketplace.payments.schemas.wallet import EntryType

T = EntryType
TYPES: Final = {
    "deposit": T.DEPOSIT,
    "capture": T.DEPOSIT,  # into an account of one's own: a deposit; into an escrow it is nobody's entry
    "payment": T.PAYMENT,
    "refund": T.REFUND,
    "refund_to_wallet": T.REFUND,
    "bid_hold": T.HOLD,
    "bid_release": T.HOLD_RELEASED,
    "release": T.EARNING,
    "clear": T.CLEARING,
    "payout": T.PAYOUT,
    "payout_failed": T.PAYOUT_BACK,
    "payout_rejected": T.PAYOUT_BACK,
    "payout_cancelled": T.PAYOUT_BACK,
    "payout_returned": T.PAYOUT_BACK,
    "debt_settled": T.DEBT,
    "chargeback": T.CHARGEBACK,
    "chargeback_won": T.CHARGEBACK,
}
"""By the `reason` of a transfer. What is not here is `other`."""
