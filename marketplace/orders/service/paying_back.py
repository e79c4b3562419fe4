"""Giving money of an order back to whoever paid it: from where it lies to the wallet, or on its way through the provider."""

from collections.abc import Sequence
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
from marketplace.orders.parts import count_refunded, refund_id_of
from marketplace.orders.service.moving import change
from marketplace.orders.service.sources import Purse, Taken
from marketplace.payments.service import crediting, refunding

PAID_WITH: Final = """
SELECT id, provider FROM payments
WHERE purpose = 'checkout' AND subject = $1 AND status = 'succeeded' AND NOT surplus FOR UPDATE
"""
PARTS_PAID_WITH: Final = """
SELECT p.id, p.provider, x.amount_minor - x.refunded_minor AS left_minor, x.id AS part
FROM order_parts x JOIN payments p ON p.purpose = 'checkout' AND p.subject = x.checkout AND p.status = 'succeeded' AND NOT p.surplus
WHERE x."order" = $1 AND x.paid_at IS NOT NULL ORDER BY x.position DESC FOR UPDATE OF p
"""
WALLET: Final = "wallet"


class PaidWith(Struct, frozen=True):
    """A payment of an order. `left_minor` of the order is left of it to give back."""

    payment_id: UUID
    provider: str
    left_minor: int
    part: UUID | None = None

    def target(self, order: LockedOrder) -> Account:
        if self.provider == WALLET:
            return accounts.buyers_wallet(order)
        return Account(AccountKind.REFUND_CLEARING, order.currency, provider=self.provider)


class Piece(Struct, frozen=True):
    """What of a refund goes back through one payment."""

    refund_id: UUID
    payment: PaidWith
    taken: Taken
    transfer: Transfer


class Giving(Struct, frozen=True):
    """A refund that is worked out, and neither posted nor recorded yet. `order` is as it was before it."""

    order: LockedOrder
    pieces: Sequence[Piece]

    @property
    def transfers(self) -> list[Transfer]:
        return [piece.transfer for piece in self.pieces]


async def lock_payments_of(order: LockedOrder) -> list[PaidWith]:
    """What a locked order was paid with; before the ledger's accounts, as everywhere. Of one in parts, the last part first:
    that is the one whose money is still in escrow.
    """
    if order.in_parts:
        rows = await db.fetch(PARTS_PAID_WITH, order.id)
        return [PaidWith(row["id"], row["provider"], row["left_minor"], row["part"]) for row in rows]
    row = await db.fetch_row(PAID_WITH, order.checkout)
    assert row is not None, "what was captured was paid"
    return [PaidWith(row["id"], row["provider"], order.refundable_minor)]


async def give(
    order: LockedOrder, minor: int, actor: UUID | None, reason: str, *, refund_id: UUID | None = None
) -> LockedOrder:
    """Refund so much of a locked order; it is not more than is left of what was paid."""
    giving = await prepare(order, minor, actor, refund_id or uuid7())
    await post_many(giving.transfers)
    return await record(giving, actor, reason)


async def prepare(order: LockedOrder, minor: int, actor: UUID | None, refund_id: UUID) -> Giving:
    assert 0 < minor <= order.refundable_minor, "a refund is of what was paid"
    shares = _over(minor, await lock_payments_of(order))
    targets = [payment.target(order) for payment, _ in shares]
    purse = await Purse.open([order], *targets, beyond_escrow=minor > order.held_minor)
    with_commission = await rules.REFUND_RETURNS_COMMISSION.value()
    pieces: list[Piece] = []
    before = order
    for payment, part in shares:
        taken = purse.take(before, part, with_commission=with_commission)
        one_id = refund_id_of(refund_id, payment.payment_id) if pieces else refund_id
        transfer = Transfer(
            key=f"order:{order.id}:refund:{one_id}", reason="refund", order_id=order.id, payment_id=payment.payment_id,
            actor=actor, moves=taken.moves(purse.to[payment.target(order)]),
        )  # fmt: skip
        pieces.append(Piece(one_id, payment, taken, transfer))
        before = taken.after
    return Giving(order, pieces)


def _over(minor: int, payments: Sequence[PaidWith]) -> list[tuple[PaidWith, int]]:
    """As much as is left of each, in their order."""
    shares = []
    for payment in payments:
        if part := min(minor, payment.left_minor):
            shares.append((payment, part))
            minor -= part
    assert minor == 0, "what is left of an order is left of its payments"
    return shares


async def record(giving: Giving, actor: UUID | None, reason: str) -> LockedOrder:
    """The refund's transfers are posted: write it down, have the providers do it, and tell of it."""
    order, refunded = giving.order, giving.pieces[-1].taken.after
    amount = Money(refunded.refunded_minor - order.refunded_minor, order.currency)
    await change(
        order, actor, f"Refunded {amount}" + (f": {reason}" if reason else ""),
        refunded_minor=refunded.refunded_minor, refunded_held_minor=refunded.refunded_held_minor,
    )  # fmt: skip
    for piece in giving.pieces:
        await _record(piece, actor, reason)
    await outbox.emit(
        OrderRefunded(
            **telling.of(order), refund_id=giving.pieces[0].refund_id, amount=amount.minor, refunded=refunded.refunded_minor,
            reason=reason,
        )
    )  # fmt: skip
    for piece in giving.pieces:
        await crediting.credit_refund(piece.refund_id)
    return refunded


async def _record(piece: Piece, actor: UUID | None, reason: str) -> None:
    order, minor = piece.taken.order, piece.taken.minor
    if piece.payment.part is not None:
        await count_refunded(piece.payment.part, minor)
    await refunding.record(
        piece.payment.payment_id, Money(minor, order.currency), refund_id=piece.refund_id, order_id=order.id, reason=reason,
        actor=actor,
    )  # fmt: skip
