"""What orders are to others: a purpose that payments are for, and what a payment's body may name."""

from uuid import UUID

from marketplace.orders.queries.checkouts import checkout_of_order, own_checkout
from marketplace.orders.service.paying import PURPOSE, CheckoutPayable
from marketplace.payments import payables
from marketplace.payments.payables import Payee


async def by_order(viewer_id: UUID, order_id: UUID) -> Payee:
    return Payee(PURPOSE, await checkout_of_order(order_id, viewer_id))


async def by_checkout(viewer_id: UUID, checkout_id: UUID) -> Payee:
    return Payee(PURPOSE, await own_checkout(checkout_id, viewer_id))


payables.register(CheckoutPayable())
payables.alias("order_id", by_order)
payables.alias("checkout_id", by_checkout)
