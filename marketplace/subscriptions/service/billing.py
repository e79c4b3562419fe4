"""Charges: what is to be paid for a subscription becomes an order of the house's, and ends paid or void."""

from datetime import datetime
from typing import Final
from uuid import UUID

from marketplace.accounts.house import house
from marketplace.core import clock, db
from marketplace.core.money import Money
from marketplace.orders.fulfilment import CancelledBy, Draft, Line
from marketplace.orders.service.cancelling import cancel
from marketplace.orders.service.placing import place
from marketplace.subscriptions.plans import Terms
from marketplace.subscriptions.queries.locking import Charge, LockedSubscription, get_charge, get_open_charge
from marketplace.subscriptions.states import ChargeKind, ChargeStatus
from marketplace.subscriptions.tables import SubscriptionCharge

KIND: Final = "subscription"


async def bill(
    subscription: LockedSubscription, charge_id: UUID, kind: ChargeKind, terms: Terms, amount: Money, *,
    restarts: bool = False, period: tuple[datetime, datetime] | None = None, expires_at: datetime | None = None,
) -> Charge:  # fmt: skip
    """Open a charge on a locked subscription that has none open, and place its order. What costs nothing is paid at once."""
    start, end = period or (None, None)
    await SubscriptionCharge(
        id=charge_id, subscription=subscription.id, kind=kind, plan=terms.plan, plan_name=terms.plan_name,
        premium=terms.premium, price_minor=terms.price_minor, months=terms.months, amount_minor=amount.minor,
        currency=amount.currency, restarts=restarts, period_start=start, period_end=end, created_at=clock.now(),
    ).save()  # fmt: skip
    line = Line(
        subject=charge_id, title=terms.plan_name, total=amount, snapshot={"plan": terms.plan, "kind": kind.value}
    )
    draft = Draft(kind=KIND, seller=await house(), lines=[line], expires_at=expires_at)
    placed = await place(subscription.user, [draft])
    await db.execute(
        'UPDATE subscription_charges SET "order" = $2, checkout = $3 WHERE id = $1',
        charge_id, placed.orders[0].id, placed.checkout_id,
    )  # fmt: skip
    charge = await get_charge(charge_id)
    assert charge is not None, "it was written just now"
    return charge


async def close(charge: Charge, status: ChargeStatus) -> None:
    await db.execute(
        "UPDATE subscription_charges SET status = $2, closed_at = $3 WHERE id = $1", charge.id, status, clock.now()
    )


async def void_open(subscription: LockedSubscription, reason: str) -> None:
    """Take back what is open of a locked subscription. Should its money come all the same, payments give it back."""
    charge = await get_open_charge(subscription.id)
    if charge is not None:
        await close(charge, ChargeStatus.VOID)
        if charge.order is not None:
            await cancel(charge.order, CancelledBy.KIND, None, reason)
