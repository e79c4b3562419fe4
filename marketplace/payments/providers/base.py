"""What a payment provider is to us: seven calls, and one shape for what it says.

Every call names our own id, which is also the provider's idempotency key: asking again after an answer was lost has the
effect once. No call is made inside a database transaction. An answer may be late, repeated or out of order: callers
treat it as news about a state, never as a command.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import DomainError, Unavailable
from marketplace.core.money import Money


class Subject(StrEnum):
    """What a provider's answer is about."""

    CHARGE = "charge"
    REFUND = "refund"
    PAYOUT = "payout"
    DISPUTE = "dispute"


class State(StrEnum):
    """How it stands with a charge, refund, payout or dispute at the provider.

    A charge may be any of the first six. Refunds and payouts are PROCESSING until SUCCEEDED or FAILED; a payout that came
    back after it had succeeded is RETURNED. A dispute is OPEN until WON or LOST (by us).
    """

    REQUIRES_METHOD = "requires_payment_method"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Outcome(Struct, frozen=True, kw_only=True):
    """What the provider says. `reference` is its id of the thing, `amount` what was (or is to be) moved.

    `capture` is the provider's id of the money itself where that differs (PayPal's capture, Stripe's charge): refunds and
    disputes name it. `client_secret` and `action_url` are for the payer, while the state asks for them; `action_url` may
    be a page to open or text to show as a QR code (`action_kind`: `redirect` or `qr`). REQUIRES_ACTION with the kind `confirm` means
    that the payer has done theirs, and `confirm` is what is missing (PayPal's order that waits to be captured). `failure_code` is ours: `card_declined`, `insufficient_funds`,
    `expired_card`, `authentication_failed`, `expired`, `provider_error`, `account_closed`.
    """

    subject: Subject
    reference: str
    state: State
    amount: Money
    our_id: UUID | None = None
    capture: str = ""
    client_secret: str = ""
    action_url: str = ""
    action_kind: str = ""
    failure_code: str = ""
    failure_message: str = ""
    reason: str = ""


class Charge(Struct, frozen=True, kw_only=True):
    """A payment to ask for. `method` is a token of the provider's (`pm_...`, a sandbox card), never a card number."""

    payment_id: UUID
    amount: Money
    description: str
    method: str = ""
    payer_email: str = ""
    payer_ip: str = ""
    """Where the payer is: WeChat Pay opens its pages on a phone only from there."""
    return_url: str = ""
    notify_url: str = ""
    metadata: Mapping[str, str] = {}


class Repayment(Struct, frozen=True, kw_only=True):
    """A refund to ask for, whole or in part. `reference` and `capture` are those of the charge."""

    refund_id: UUID
    payment_id: UUID
    reference: str
    capture: str
    amount: Money
    charged: Money
    """The whole charge: Alipay and WeChat want it named."""
    reason: str = ""


class Transfer(Struct, frozen=True, kw_only=True):
    """A payout to make. `destination` is the provider's name for where the money goes: an account, a token, an e-mail."""

    payout_id: UUID
    amount: Money
    destination: str
    description: str = ""
    recipient_name: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """One verified webhook event. `event_id` is unique at the provider; `outcome` is None where it does not concern us."""

    event_id: str
    type: str
    created_at: datetime
    outcome: Outcome | None = None


class Reply(Struct, frozen=True):
    """What the provider wants to hear when its webhook was taken (Alipay: the text `success`)."""

    body: bytes = b'{"status":"success"}'
    media_type: str = "application/json"


class BadSignature(DomainError):
    """The webhook is not the provider's, or it is too old; nothing was stored."""

    status_code = 400
    code = "bad_signature"
    default_message = "The signature of this webhook does not verify."


class ProviderUnknown(Unavailable):
    """We do not know what became of the call: it timed out, or the answer was no answer. Ask with `fetch`, or again."""

    code = "provider_unavailable"
    default_message = "The payment provider did not answer. Nothing is lost: look again in a moment."


class ProviderRefused(DomainError):
    """The provider understood and refused: a bad token, a currency it does not take. `details.reason` says what it said."""

    status_code = 422
    code = "provider_refused"
    default_message = "The payment provider refused that."


class NotSupported(DomainError):
    """This provider has no such thing (payouts by WeChat Pay to a bank, say)."""

    status_code = 422
    code = "not_supported_by_provider"
    default_message = "This payment provider cannot do that."


@runtime_checkable
class Provider(Protocol):
    """Every call raises ProviderUnknown or ProviderRefused. Declines are no errors: they are an Outcome that FAILED
    (the payment may not be tried again) or REQUIRES_METHOD with a failure code (try another card)."""

    name: str
    currencies: frozenset[str] | None
    """None: any."""
    pays_out: bool

    async def create(self, charge: Charge) -> Outcome:
        """Open the charge, and take the money at once where a method is given that allows it. Safe to repeat."""
        ...

    async def confirm(self, charge: Charge, reference: str) -> Outcome:
        """Take the money of an open charge, with `charge.method` if one is given; PayPal: capture. Safe to repeat."""
        ...

    async def cancel(self, payment_id: UUID, reference: str) -> Outcome:
        """Close an open charge. One that has succeeded meanwhile says so: the caller refunds it."""
        ...

    async def refund(self, repayment: Repayment) -> Outcome:
        """Give money back. Safe to repeat with the same `refund_id`."""
        ...

    async def payout(self, transfer: Transfer) -> Outcome:
        """Send money out. Safe to repeat with the same `payout_id`."""
        ...

    async def verify_webhook(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[Notice]:
        """The events of a webhook whose signature, time stamp (at most 300 s old or ahead) and secret are right.

        `headers` have lower-case names. Raises BadSignature. `reply` is what to answer then.
        """
        ...

    async def fetch(self, subject: Subject, our_id: UUID, reference: str = "") -> Outcome | None:
        """How it stands now; by our id where the reference was never heard. None if the provider knows nothing of it.

        Some cannot be asked for a refund or payout by our id (PayPal): of these None says nothing but "ask for it again, with the
        same id", which has the effect once. The reference of a refund may also be its charge's.
        """
        ...

    def reply(self) -> Reply:
        """The answer to a webhook that was taken."""
        ...


@runtime_checkable
class KeepsRecords(Protocol):
    """A provider whose books can be read from its side, for reconciliation."""

    def records(self, since: datetime, until: datetime) -> AsyncIterator[Outcome]:
        """Every charge, refund, payout and dispute it has changed in that time."""
        ...
