"""Stripe: PaymentIntents for charges, transfers to connected accounts for payouts, through Stripe's own SDK.

How its words become ours: a charge is a PaymentIntent (`reference`), whose Charge is the `capture` that refunds and
disputes name. A payout to `acct_...` is a Transfer to that connected account, done at once; Stripe then pays the account's
bank by the account's own schedule, and what goes wrong there is between the two. A payout to `ba_...` or `card_...`, an
external account of our own Stripe account, is a Stripe Payout, and processing until the bank took it.
"""

from marketplace.core.config import settings
from marketplace.payments import providers
from marketplace.payments.providers.base import Provider


def _make() -> Provider | None:
    config = settings()
    if not config.stripe_secret_key:
        return None
    from marketplace.payments.providers.stripe.provider import Stripe

    secrets = tuple(secret for part in config.stripe_webhook_secrets.split(",") if (secret := part.strip()))
    return Stripe(config.stripe_secret_key, config.stripe_api_base, secrets)


providers.offer("stripe", _make)
_make()  # the SDK takes a third of a second to import: now, where it is configured, and not in somebody's request
