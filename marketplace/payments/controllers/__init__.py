"""The HTTP side of payments, by subject."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from marketplace.payments.controllers.invoices import InvoiceController
from marketplace.payments.controllers.payments import PaymentController
from marketplace.payments.controllers.payouts import PayoutController
from marketplace.payments.controllers.wallet import WalletController
from marketplace.payments.controllers.webhooks import WebhookController

CONTROLLERS: Sequence[ControllerRouterHandler] = [
    InvoiceController,
    PaymentController,
    PayoutController,
    WalletController,
    WebhookController,
]
