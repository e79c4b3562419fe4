"""What staff do with orders and money: each act goes through the domain's own service, and leaves its audit row with it.

Nobody acts for the house in what is their own: an order they buy or sell, a payout to themselves.
"""

from uuid import UUID

from marketplace.accounts.states import Role
from marketplace.admin.service import check_staff
from marketplace.core import audit, db
from marketplace.core.errors import Forbidden
from marketplace.core.money import Money, to_minor
from marketplace.orders.errors import OrderFrozen, OrderNotFound
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import cancelling, freezing, refunding
from marketplace.payments.reconciliation import running
from marketplace.payments.service import webhooks
from marketplace.payments.service.payouts import deciding


class OwnOrder(Forbidden):
    code = "own_interest"
    default_message = "You are a party to this. Somebody else must do it."


async def refund_order(actor_id: UUID, order_id: UUID, amount: str | None, reason: str) -> None:
    """Give a buyer money back. Without an amount: all that has not been refunded."""
    async with db.transaction():
        currency = await _begin(actor_id, order_id)
        money = None if amount is None else Money(to_minor(amount, currency), currency)
        refund_id = await refunding.refund(order_id, money, actor_id, reason)
        await audit.record(
            actor=actor_id, action="order.refunded", object_type="order", object_id=order_id, reason=reason,
            after={"refund": str(refund_id), "amount": money.text if money else "all", "currency": currency},
        )  # fmt: skip


async def cancel_order(actor_id: UUID, order_id: UUID, reason: str) -> None:
    """Call an order off; what was paid goes back."""
    async with db.transaction():
        await _begin(actor_id, order_id)
        await cancelling.cancel(order_id, CancelledBy.STAFF, actor_id, reason)
        await _note("order.cancelled", actor_id, order_id, reason)


async def freeze_order(actor_id: UUID, order_id: UUID, reason: str) -> None:
    """Keep an order's money where it is."""
    async with db.transaction():
        await _begin(actor_id, order_id)
        await freezing.freeze(order_id, "staff", actor_id, reason)
        await _note("order.frozen", actor_id, order_id, reason)


async def unfreeze_order(actor_id: UUID, order_id: UUID, reason: str) -> None:
    async with db.transaction():
        await _begin(actor_id, order_id)
        await _check_not_disputed(order_id)
        await freezing.unfreeze(order_id, actor_id, reason)
        await _note("order.unfrozen", actor_id, order_id, reason)


async def settle_order(actor_id: UUID, order_id: UUID, buyer: str, seller: str, reason: str) -> None:
    """Split a frozen order's escrow between its parties: the two sum to what is held."""
    async with db.transaction():
        currency = await _begin(actor_id, order_id)
        await _check_not_disputed(order_id)
        await freezing.resolve(
            order_id,
            to_minor(buyer, currency, "buyer_amount"),
            to_minor(seller, currency, "seller_amount"),
            actor_id,
            reason,
        )
        await audit.record(
            actor=actor_id, action="order.settled", object_type="order", object_id=order_id, reason=reason,
            after={"buyer": buyer, "seller": seller, "currency": currency},
        )  # fmt: skip


async def approve_payout(actor_id: UUID, payout_id: UUID) -> None:
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        await deciding.approve(payout_id, actor_id)


async def reject_payout(actor_id: UUID, payout_id: UUID, reason: str) -> None:
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        await deciding.reject(payout_id, actor_id, reason)


async def close_break(actor_id: UUID, break_id: UUID, note: str) -> None:
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        await running.close_break(break_id, actor_id, note)


async def replay_webhook(actor_id: UUID, event_id: UUID) -> None:
    """Work on a stored event once more: it is safe, for what it said may have been heard already."""
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        await webhooks.replay(event_id, actor_id)


async def _begin(actor_id: UUID, order_id: UUID) -> str:
    """The order's currency, for staff who are no party to it. Raises Forbidden, OwnOrder, OrderNotFound."""
    await check_staff(actor_id, Role.MANAGER)
    row = await db.fetch_row("SELECT buyer, seller, currency FROM orders WHERE id = $1", order_id)
    if row is None:
        raise OrderNotFound
    if actor_id in (row["buyer"], row["seller"]):
        raise OwnOrder
    currency: str = row["currency"]
    return currency


async def _check_not_disputed(order_id: UUID) -> None:
    """What its sides argue about is decided as a dispute, with their say."""
    if await db.fetch_val("SELECT frozen_by = $2 FROM orders WHERE id = $1", order_id, freezing.DISPUTE):
        raise OrderFrozen("Its sides are in dispute: decide the dispute.", frozen_by=freezing.DISPUTE)


async def _note(action: str, actor_id: UUID, order_id: UUID, reason: str) -> None:
    await audit.record(actor=actor_id, action=action, object_type="order", object_id=order_id, reason=reason)
