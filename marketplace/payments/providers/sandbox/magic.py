"""What the sandbox does, and for what: the one place where it is written down.

A method token, a destination or the end of an amount picks a `Course`. `GET /api/v1/sandbox/` shows these tables.

Amounts count by the last four digits of their minor units: 77.02 and 1277.02 USD, or 7702 JPY, end in 7702. All of them begin
with 77, so that what things ordinarily cost (x.99, x.50, a tenth on top) does not meet them by chance.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct

from marketplace.core.money import Money
from marketplace.payments.providers.base import ProviderRefused, State

DELAY: Final = timedelta(seconds=3)
"""How long what happens later takes."""
ACTION_EXPIRES: Final = timedelta(minutes=15)
"""How long the payer has to approve. Less than an unpaid order lasts."""
ENDING: Final = 10_000
"""Amounts are looked at modulo this."""

SAMPLE: Final = "pm_1234567890"
"""The token that examples of the API name."""


class Course(Struct, frozen=True, kw_only=True):
    """What happens at once, and what `DELAY` later. A charge that is OPEN later has a dispute opened.

    `lost`: the first call gets no answer: its reply is lost, or the request itself, before it had any effect.
    """

    says: str
    at_once: State
    later: State | None = None
    failure_code: str = ""
    action_kind: Literal["", "redirect", "qr"] = ""
    lost: Literal["", "reply", "request"] = ""


METHODS: Final[Mapping[str, Course]] = {
    "pm_card_ok": Course(says="The payment succeeds at once.", at_once=State.SUCCEEDED),
    "pm_card_declined": Course(
        says="The card is declined; another one may be tried.",
        at_once=State.REQUIRES_METHOD, failure_code="card_declined",
    ),
    "pm_card_insufficient_funds": Course(
        says="Declined, for there is too little money.",
        at_once=State.REQUIRES_METHOD, failure_code="insufficient_funds",
    ),
    "pm_card_expired": Course(
        says="Declined, for the card has expired.", at_once=State.REQUIRES_METHOD, failure_code="expired_card"
    ),
    "pm_card_3ds": Course(
        says="The payer approves or declines on a page of ours, as with 3-D Secure.",
        at_once=State.REQUIRES_ACTION, action_kind="redirect",
    ),
    "pm_wallet_qr": Course(
        says="The same, by a QR code; declined is final here.", at_once=State.REQUIRES_ACTION, action_kind="qr"
    ),
    "pm_card_slow": Course(
        says="Processing; succeeds a little later, as a webhook tells.",
        at_once=State.PROCESSING, later=State.SUCCEEDED,
    ),
    "pm_card_slow_decline": Course(
        says="Processing; fails a little later, for good.",
        at_once=State.PROCESSING, later=State.FAILED, failure_code="card_declined",
    ),
    "pm_card_chargeback": Course(
        says="Succeeds; a little later the payer's bank takes the money back (a dispute opens).",
        at_once=State.SUCCEEDED, later=State.OPEN,
    ),
    "pm_card_lost_reply": Course(
        says="Succeeds, but the first answer is lost.", at_once=State.SUCCEEDED, lost="reply"
    ),
    "pm_card_lost_request": Course(
        says="The first request is lost and does nothing; the next one succeeds.",
        at_once=State.SUCCEEDED, lost="request",
    ),
    SAMPLE: Course(says="The token of the API's examples: as `pm_card_ok`.", at_once=State.SUCCEEDED),
}  # fmt: skip
"""By `Charge.method`. Any other token is refused."""

AMOUNTS: Final[Mapping[int, str]] = {
    7702: "pm_card_declined",
    7703: "pm_card_insufficient_funds",
    7704: "pm_card_expired",
    7705: "pm_card_3ds",
    7706: "pm_card_slow",
    7707: "pm_card_slow_decline",
    7708: "pm_card_chargeback",
    7709: "pm_card_lost_reply",
    7710: "pm_card_lost_request",
}
"""With `pm_card_ok`, a total that ends so makes the card act as this other one."""

REFUNDS: Final[Mapping[int, Course]] = {
    7721: Course(says="Fails at once.", at_once=State.FAILED, failure_code="provider_error"),
    7722: Course(
        says="Processing; fails a little later.",
        at_once=State.PROCESSING, later=State.FAILED, failure_code="account_closed",
    ),
    7723: Course(says="Processing; succeeds a little later.", at_once=State.PROCESSING, later=State.SUCCEEDED),
    7724: Course(
        says="Succeeds; comes back from the payer's bank a little later, and has failed.",
        at_once=State.SUCCEEDED, later=State.FAILED, failure_code="account_closed",
    ),
    7725: Course(says="Succeeds, but the first answer is lost.", at_once=State.SUCCEEDED, lost="reply"),
    7726: Course(says="The first request is lost and does nothing.", at_once=State.SUCCEEDED, lost="request"),
}  # fmt: skip
"""By the end of the refund's amount. Every other one succeeds at once."""

DESTINATIONS: Final[Mapping[str, Course]] = {
    "acct_ok": Course(says="The payout succeeds at once.", at_once=State.SUCCEEDED),
    "acct_closed": Course(says="Fails at once.", at_once=State.FAILED, failure_code="account_closed"),
    "acct_slow": Course(says="Processing; succeeds a little later.", at_once=State.PROCESSING, later=State.SUCCEEDED),
    "acct_slow_closed": Course(
        says="Processing; fails a little later.",
        at_once=State.PROCESSING, later=State.FAILED, failure_code="account_closed",
    ),
    "acct_returns": Course(
        says="Succeeds; is returned a little later.",
        at_once=State.SUCCEEDED, later=State.RETURNED, failure_code="account_closed",
    ),
    "acct_lost_reply": Course(says="Succeeds, but the first answer is lost.", at_once=State.SUCCEEDED, lost="reply"),
    "acct_lost_request": Course(
        says="The first request is lost and does nothing.", at_once=State.SUCCEEDED, lost="request"
    ),
}  # fmt: skip
"""By `Transfer.destination`. Other names that begin with `acct_` are refused; anything else (an IBAN, an address) is as good
as `acct_ok`."""

PAYOUTS: Final[Mapping[int, str]] = {
    7731: "acct_closed",
    7732: "acct_slow",
    7733: "acct_slow_closed",
    7734: "acct_returns",
    7735: "acct_lost_reply",
    7736: "acct_lost_request",
}
"""To a destination as good as `acct_ok`, a payout of an amount that ends so goes as to this other one."""

MESSAGES: Final[Mapping[str, str]] = {
    "card_declined": "The card was declined.",
    "insufficient_funds": "There is too little money on the card.",
    "expired_card": "The card has expired.",
    "authentication_failed": "The payer did not approve the payment.",
    "expired": "The payer did not approve the payment in time.",
    "provider_error": "The sandbox was told to fail.",
    "account_closed": "The receiving account is closed.",
}
"""What is said with each failure code."""


def charging(method: str, amount: Money) -> Course:
    """How a charge goes. Raises ProviderRefused for a token that does not exist."""
    course = METHODS.get(method)
    if course is None:
        raise ProviderRefused(f"The sandbox knows no payment method {method!r}.", reason="no_such_payment_method")
    if course.at_once == State.SUCCEEDED and not course.lost and course.later is None:
        return METHODS[AMOUNTS.get(amount.minor % ENDING, method)]
    return course


def refunding(amount: Money) -> Course:
    """How a refund goes."""
    return REFUNDS.get(amount.minor % ENDING, DESTINATIONS["acct_ok"])


def paying_out(destination: str, amount: Money) -> Course:
    """How a payout goes. Raises ProviderRefused for a destination that does not exist."""
    if not destination.strip() or (destination.startswith("acct_") and destination not in DESTINATIONS):
        raise ProviderRefused(f"The sandbox knows no destination {destination!r}.", reason="no_such_destination")
    if destination in DESTINATIONS and destination != "acct_ok":
        return DESTINATIONS[destination]
    return DESTINATIONS[PAYOUTS.get(amount.minor % ENDING, "acct_ok")]
