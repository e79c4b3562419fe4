"""What subscriptions register when they are imported, and what they hear from below."""

from marketplace.accounts.figures import PROFILE, STANDING
from marketplace.core import clock, db
from marketplace.core.outbox import on
from marketplace.orders import fulfilment
from marketplace.orders.events import OrderPaid
from marketplace.orders.locking import lock_order
from marketplace.orders.service.completing import complete_locked
from marketplace.orders.service.moving import change
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.events import PaymentFailed
from marketplace.subscriptions.fulfilment import Subscriptions
from marketplace.subscriptions.queries.locking import get_charge_of_checkout
from marketplace.subscriptions.service import collecting
from marketplace.subscriptions.service.billing import KIND
from marketplace.subscriptions.service.taking import payment_id_of
from marketplace.subscriptions.states import Bill

fulfilment.register(Subscriptions())
PROFILE.add(
    "subscription_status",
    'coalesce((SELECT x.status FROM subscriptions x WHERE x."user" = u.id '
    "ORDER BY (x.status IN ('incomplete', 'active', 'past_due')) DESC, x.created_at DESC LIMIT 1), 'none')",
)
STANDING.add(
    "is_premium",
    "EXISTS (SELECT FROM subscriptions x WHERE x.\"user\" = u.id AND x.premium AND x.status IN ('active', 'past_due'))",
)


@on(OrderPaid)
async def deliver(event: OrderPaid) -> None:
    """What was bought has been granted, so the order is complete; while its money is frozen it waits for that."""
    if event.kind != KIND:
        return
    async with db.transaction():
        order = await lock_order(event.order_id)
        if order.status != Bill.PAID:
            return
        if order.frozen:
            await change(order, auto_complete_at=clock.now())
        else:
            await complete_locked(order, None, "Granted")


@on(PaymentFailed)
async def note_failure(event: PaymentFailed) -> None:
    """Of a try that we made: what a provider tells later ends where its answer would have."""
    if event.purpose != PURPOSE:
        return
    charge = await get_charge_of_checkout(event.subject)
    if charge is not None and event.payment_id == payment_id_of(charge.id, charge.attempts):
        await collecting.failed(charge.id, charge.attempts, event.failure_code)
