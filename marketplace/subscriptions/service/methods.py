"""What renewals are paid with."""

from uuid import UUID

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.subscriptions import history
from marketplace.subscriptions.queries.locking import Charge, get_open_charge, lock_live_of
from marketplace.subscriptions.service.taking import check_method, check_provider, take
from marketplace.subscriptions.states import ChargeKind


async def use_method(
    user_id: UUID, *, provider: str = "", method: str = "", pay: bool = True, request_id: UUID | None = None
) -> Charge | None:
    """Pay for what comes with this, and (`pay`) for a renewal that failed at once. Returns that renewal's charge.

    Raises NoSubscription, and what payments raise: the method is kept then all the same.
    """
    assert not db.in_transaction(), "a provider is called here"
    provider = check_provider(provider)
    check_method(provider, method)
    async with db.transaction():
        subscription = await lock_live_of(user_id)
        if (provider, method) != (subscription.provider, subscription.method):
            await history.change(subscription, user_id, "Another payment method", provider=provider, method=method)
        charge = await get_open_charge(subscription.id)
    if charge is None or charge.kind is not ChargeKind.RENEWAL or not pay:
        return None
    await take(charge, user_id, provider, method, request_id or uuid7())
    return charge
