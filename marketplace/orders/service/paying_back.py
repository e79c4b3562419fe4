"""Giving money of an order back to whoever paid it: from where it lies to the wallet, or on its way through the provider."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.chart import Account
from marketplace.ledger.schemas import Transfer
from marketplace.ledger.service.posting import post_many
from marketplace.ledger.states import AccountKind
from marketplace.orders import accounts, rules, telling
from marketplace.orders.events import OrderRefunded
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.service.moving import change
from marketplace.orders.service.sources import Purse, Taken
from marketplace.payments.service import crediting, refunding

PAID_WITH: Final = """
SELECT id, provider FROM payments
WHERE purpose = 'checkout' AND subject = $1 AND status = 'succeeded' AND NOT surplus FOR UPDATE
"""
WALLET: Final = "wallet"


class PaidWith(Struct, frozen=True):
    payment_id: UUID
    provider: str

    def target(self, order: LockedOrder) -> Account:
        if self.provider == WALLET:
            return accounts.buyers_wallet(order)
        return Account(AccountKind.REFUND_CLEARING, order.currency, provider=self.provider)


class Giving(Struct, frozen=True):
    """A refund that is worked out, and neither posted nor recorded yet. `order` is as it was before it."""

    order: LockedOrder
    refund_id: UUID
    payment: PaidWith
    taken: Taken
    transfer: Transfer


async def lock_payment_of(order: LockedOrder) -> PaidWith:
    """The payment of a locked order that was paid; before the ledger's accounts, as everywhere."""
    row = await db.fetch_row(PAID_WITH, order.checkout)
    assert row is not None, "what was captured was paid"
    return PaidWith(row["id"], row["provider"])


async def give(
    order: LockedOrder, minor: int, actor: UUID | None, reason: str, *, refund_id: UUID | None = None
) -> LockedOrder:
    """Refund so much of a locked order; it is not more than is left of what was paid."""
    giving = await prepare(order, minor, actor, refund_id or uuid7())
    await post_many([giving.transfer])
    return await record(giving, actor, reason)


async def prepare(order: LockedOrder, minor: int, actor: UUID | None, refund_id: UUID) -> Giving:
    assert 0 < minor <= order.refundable_minor, "a refund is of what was paid"
    payment = await lock_payment_of(order)
    purse = await Purse.open([order], payment.target(order), beyond_escrow=minor > order.held_minor)
    taken = purse.take(order, minor, with_commission=await rules.REFUND_RETURNS_COMMISSION.value())
    transfer = Transfer(
        key=f"order:{order.id}:refund:{refund_id}", reason="refund", order_id=order.id, payment_id=payment.payment_id,
        actor=actor, moves=taken.moves(purse.to),
    )  # fmt: skip
    return Giving(order, refund_id, payment, taken, transfer)


async def record(giving: Giving, actor: UUID | None, reason: str) -> LockedOrder:
    """The refund's transfer is posted: write it down, have the provider do it, and tell of it."""
    order, minor = giving.order, giving.taken.minor
    amount = Money(minor, order.currency)
    refunded = await change(
        order, actor, f"Refunded {amount}" + (f": {reason}" if reason else ""),
        refunded_minor=order.refunded_minor + minor, refunded_held_minor=order.refunded_held_minor + giving.taken.held,
    )  # fmt: skip
    await refunding.record(
        giving.payment.payment_id, amount, refund_id=giving.refund_id, order_id=order.id, reason=reason, actor=actor
    )
    await outbox.emit(
        OrderRefunded(
            **telling.of(order), refund_id=giving.refund_id, amount=minor, refunded=refunded.refunded_minor, reason=reason
        )
    )  # fmt: skip
    await crediting.credit_refund(giving.refund_id)
    return refunded
