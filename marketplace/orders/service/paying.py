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
from marketplace.orders.events import OrderPaid, OrderPartPaid
from marketplace.orders.fulfilment import LockedOrder, of_kind, tell_part_paid
from marketplace.orders.locking import lock_checkout
from marketplace.orders.parts import Part
from marketplace.orders.service import taking_back
from marketplace.orders.service.moving import change, move
from marketplace.orders.states import Goods, Phase
from marketplace.payments.payables import Due, NothingDue, Share

PURPOSE: Final = "checkout"
PAID: Final = """
UPDATE checkouts c SET paid_at = $2
WHERE id = $1 AND NOT EXISTS (SELECT FROM orders o WHERE o.checkout = c.id AND o.phase = 'unpaid')
"""
PART_PAID: Final = "UPDATE order_parts SET paid_at = $2 WHERE id = $1"


class CheckoutPayable:
    """Orders of one checkout, or a part of one, paid with one payment."""

    purpose = PURPOSE

    async def lock(self, subject: UUID) -> Due:
        """Due are the orders that wait for money; what of the checkout was cancelled is no longer. Raises NothingDue."""
        try:
            checkout = await lock_checkout(subject)
        except CheckoutNotFound as error:
            raise NothingDue from error
        due = [(order, minor) for order in checkout.orders if (minor := checkout.due_minor(order))]
        shares = [Share(accounts.escrow(order), Money(minor, order.currency), order.id) for order, minor in due]
        amount = Money(sum(minor for _, minor in due), checkout.currency)
        return Due(
            payer=checkout.buyer, amount=amount, open=bool(due), shares=shares,
            description=", ".join(_named(order, checkout.parts.get(order.id)) for order, _ in due)[:200],
        )  # fmt: skip

    async def paid(self, subject: UUID, payment_id: UUID) -> None:
        checkout = await lock_checkout(subject)
        paid = []
        for order in checkout.orders:
            part = checkout.parts.get(order.id)
            if not checkout.due_minor(order):
                continue
            if part is None or order.phase is Phase.UNPAID:
                paid.append((await settle(order, payment_id, part), part))
            else:
                paid.append((await _add(order, payment_id, part), part))
        for order, part in sorted(
            paid, key=lambda one: one[0].seller
        ):  # each takes its seller's series until the commit
            await invoicing.issue(order, part, payment_id)

    async def take_back(self, subject: UUID, *, key: str, reason: str, amount: Money, to: Account) -> None:
        await taking_back.take_back(subject, key, reason, amount, to)

    async def give_back(self, subject: UUID, *, key: str, reason: str, source: Account) -> None:
        await taking_back.give_back(subject, key, reason, source)

    async def lost(self, subject: UUID, *, key: str) -> None:
        await taking_back.lost(subject, key)

    async def refund_failed(self, subject: UUID, *, refund_id: UUID, amount: Money, source: Account) -> None:
        await taking_back.refund_failed(refund_id, amount, source)


async def settle(order: LockedOrder, payment_id: UUID | None, part: Part | None = None) -> LockedOrder:
    """The money of a locked unpaid order, or its first part, is in its escrow: it is paid. No payment: there was nothing to pay."""
    now, kind = clock.now(), of_kind(order.kind)
    minor = part.amount_minor if part else order.total_minor
    paid = await move(
        order, kind.paid, order.buyer, _said(kind.paid), captured_minor=minor, paid_at=now, expires_at=None
    )  # fmt: skip
    await db.execute(PAID, order.checkout, now)
    if part is not None:
        await db.execute(PART_PAID, part.id, now)
    await timers.cancel("orders.expiry", order.id)
    await kind.on_paid(paid)
    await outbox.emit(OrderPaid(**telling.of(paid), payment_id=payment_id, amount=minor if part else None))
    return paid


async def _add(order: LockedOrder, payment_id: UUID, part: Part) -> LockedOrder:
    """The money of a further part is in the escrow of a locked open order."""
    now = clock.now()
    paid = await change(
        order, order.buyer, f"Payment confirmed: {part.title}", captured_minor=order.captured_minor + part.amount_minor
    )
    await db.execute("UPDATE checkouts SET paid_at = $2 WHERE id = $1", part.checkout, now)
    await db.execute(PART_PAID, part.id, now)
    await tell_part_paid(paid, part.position)
    await outbox.emit(
        OrderPartPaid(
            **telling.of(paid), payment_id=payment_id, position=part.position, part=part.title, amount=part.amount_minor
        )
    )
    return paid


def _named(order: LockedOrder, part: Part | None) -> str:
    return order.number if part is None else f"{order.number}-{part.position}"


def _said(status: str) -> str:
    return "Payment confirmed." + (" Order processing started." if status == Goods.PROCESSING else "")
