"""The sandbox provider: a whole payment provider inside the service, with books, webhooks, a payer's page, failures and delays.

Owns what a provider would hold, in tables of its own. Refuses to be called inside our transactions, as a provider on the
other side of a network would have to be, and to exist where real money is moved. What it does for which card, amount or
destination stands in `magic.py`.
"""

from marketplace.core.config import settings
from marketplace.payments.providers import offer
from marketplace.payments.providers.base import Provider
from marketplace.payments.providers.sandbox.provider import Sandbox


def _sandbox() -> Provider | None:
    return Sandbox() if settings().has_sandbox_payments else None


offer("sandbox", _sandbox)
