"""What a payment of a checkout does: the purpose `checkout`, whose subject is the checkout's id.

Payments post the money; this says to whose escrow it goes, and what it means to the orders.
"""

from typing import Final
from uuid import UUID

from marketplace.core import clock, db, outbox, timers
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.orders import accounts, invoicing, telling
from marketplace.orders.errors import CheckoutNotFound
from marketplace.orders.events import OrderPaid
from marketplace.orders.fulfilment import LockedOrder, of_kind
from marketplace.orders.locking import lock_checkout
from marketplace.orders.service import taking_back
from marketplace.orders.service.moving import move
from marketplace.orders.states import Goods
from marketplace.payments.payables import Due, NothingDue, Share

PURPOSE: Final = "checkout"
PAID: Final = """
UPDATE checkouts c SET paid_at = $2
WHERE id = $1 AND NOT EXISTS (SELECT FROM orders o WHERE o.checkout = c.id AND o.phase = 'unpaid')
"""


class CheckoutPayable:
    """Orders of one checkout, paid with one payment."""

    purpose = PURPOSE

    async def lock(self, subject: UUID) -> Due:
        """Due are the orders that wait for money; what of the checkout was cancelled is no longer. Raises NothingDue."""
        try:
            checkout = await lock_checkout(subject)
        except CheckoutNotFound as error:
            raise NothingDue from error
        due = [order for order in checkout.unpaid if order.total_minor]
        shares = [Share(accounts.escrow(order), Money(order.total_minor, order.currency), order.id) for order in due]
        amount = Money(sum(order.total_minor for order in due), checkout.currency)
        return Due(
            payer=checkout.buyer, amount=amount, open=bool(due), shares=shares,
            description=", ".join(order.number for order in due)[:200],
        )  # fmt: skip

    async def paid(self, subject: UUID, payment_id: UUID) -> None:
        paid = [await settle(order, payment_id) for order in (await lock_checkout(subject)).unpaid]
        for order in sorted(paid, key=lambda order: order.seller):  # each takes its seller's series until the commit
            await invoicing.issue(order)

    async def take_back(self, subject: UUID, *, key: str, reason: str, amount: Money, to: Account) -> None:
        await taking_back.take_back(subject, key, reason, amount, to)

    async def give_back(self, subject: UUID, *, key: str, reason: str, source: Account) -> None:
        await taking_back.give_back(subject, key, reason, source)

    async def lost(self, subject: UUID, *, key: str) -> None:
        await taking_back.lost(subject, key)

    async def refund_failed(self, subject: UUID, *, refund_id: UUID, amount: Money, source: Account) -> None:
        await taking_back.refund_failed(refund_id, amount, source)


async def settle(order: LockedOrder, payment_id: UUID | None) -> LockedOrder:
    """The money of a locked unpaid order is in its escrow: it is paid. No payment: there was nothing to pay."""
    now, kind = clock.now(), of_kind(order.kind)
    paid = await move(
        order, kind.paid, order.buyer, _said(kind.paid), captured_minor=order.total_minor, paid_at=now, expires_at=None
    )  # fmt: skip
    await db.execute(PAID, order.checkout, now)
    await timers.cancel("orders.expiry", order.id)
    await kind.on_paid(paid)
    await outbox.emit(OrderPaid(**telling.of(paid), payment_id=payment_id))
    return paid


def _said(status: str) -> str:
    return "Payment confirmed." + (" Order processing started." if status == Goods.PROCESSING else "")
