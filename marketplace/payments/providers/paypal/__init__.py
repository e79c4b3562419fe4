"""PayPal: Orders v2 for charges, the Payouts API for money out, over its REST API.

How its words become ours: a charge is an order (`reference`), whose `capture` is the money that refunds and disputes name.
The payer agrees on PayPal's page (`action_url`); then, and only by our `confirm`, the order is captured. An order in
between, agreed to and not captured, says `action_kind` `confirm`. Orders that are never captured cost nobody anything and
end by themselves: PayPal has no call that closes one, and `cancel` is our promise not to capture.

PayPal lists nothing by our ids, so what was not answered is asked for again, with the same id, and is then the same: an
order or a refund by its request id, a payout by its batch's id. Until then an order takes no money, for its page was never
seen. A refund can also be found in its charge's order.
"""

from marketplace.core.config import settings
from marketplace.payments import providers
from marketplace.payments.providers.base import Provider
from marketplace.payments.providers.paypal.provider import PayPal


def _make() -> Provider | None:
    config = settings()
    if not config.paypal_client_id or not config.paypal_client_secret:
        return None
    return PayPal(
        config.paypal_client_id, config.paypal_client_secret, config.paypal_webhook_id, config.paypal_api_base
    )


providers.offer("paypal", _make)
