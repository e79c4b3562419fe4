"""What accounts there are, what a transfer does, and what becomes of one that is pending."""

from enum import StrEnum


class AccountKind(StrEnum):
    WALLET_AVAILABLE = "wallet_available"
    WALLET_HELD = "wallet_held"
    ESCROW = "escrow"
    SELLER_PENDING = "seller_pending"
    SELLER_AVAILABLE = "seller_available"
    SELLER_NEGATIVE = "seller_negative"
    PLATFORM_FEE = "platform_fee"
    TAX_PAYABLE = "tax_payable"
    PROVIDER_CLEARING = "provider_clearing"
    PAYOUT_IN_TRANSIT = "payout_in_transit"
    REFUND_CLEARING = "refund_clearing"
    DISPUTE_HOLD = "dispute_hold"
    BANK = "bank"


class Action(StrEnum):
    """What a transfer is for. A hold moves nothing until another transfer settles or voids it."""

    POST = "post"
    HOLD = "hold"
    SETTLE = "settle"
    VOID = "void"
    REVERSE = "reverse"


class TransferStatus(StrEnum):
    """Read off the transfers that follow, so that a transfer is never changed: a hold is pending until it is resolved."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
