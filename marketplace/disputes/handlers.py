"""What others tell disputes."""

from marketplace.core.outbox import on
from marketplace.disputes.service import waiting
from marketplace.orders.queries.checkouts import sales_of
from marketplace.payments.events import ChargebackClosed


@on(ChargebackClosed)
async def bank_has_decided(event: ChargebackClosed) -> None:
    """There may be nothing left to divide of what was paid with it, be it a part of an order."""
    for sale in await sales_of(event.subject):
        await waiting.bank_has_decided(sale.order_id)
