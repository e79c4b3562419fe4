"""Dividing the money: at once where the sides agree or a decision is final, else when the time to appeal is over."""

from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import clock, db, outbox
from marketplace.core.ids import uuid7
from marketplace.core.money import to_text
from marketplace.disputes import history, packs, telling
from marketplace.disputes.events import DisputeResolved
from marketplace.disputes.queries.locking import LockedDispute
from marketplace.disputes.service import turns
from marketplace.disputes.states import DisputeStatus, How
from marketplace.orders.errors import NothingHeld, SplitNotExact
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service import freezing
from marketplace.orders.service.closing import close, may_close
from marketplace.orders.states import Phase

INSERT: Final = """
INSERT INTO dispute_decisions (id, dispute, number, final, how, buyer_minor, seller_minor, actor, reason, pack, pack_sha256, at)
SELECT $1, $2, count(*) + 1, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $11 FROM dispute_decisions WHERE dispute = $2
"""
LAST: Final = """
SELECT how, buyer_minor, seller_minor, actor, reason FROM dispute_decisions WHERE dispute = $1 ORDER BY number DESC LIMIT 1
"""


class Split(Struct, frozen=True):
    """What each side gets of what is held, in minor units."""

    buyer_minor: int
    seller_minor: int


def check_split(dispute: LockedDispute, split: Split) -> None:
    """Raises NothingHeld, SplitNotExact that says what there is to divide."""
    held = dispute.held
    if held.minor == 0:
        raise NothingHeld
    if min(split.buyer_minor, split.seller_minor) < 0 or split.buyer_minor + split.seller_minor != held.minor:
        raise SplitNotExact(held=held.text, currency=held.currency)


async def record(
    dispute: LockedDispute, split: Split, actor: UUID | None, reason: str, how: How, *, final: bool = True
) -> None:
    """Write down how a locked dispute is decided, with the evidence as it is now. Raises NothingHeld, SplitNotExact."""
    check_split(dispute, split)
    pack = await packs.gather(dispute.id)
    await db.execute(
        INSERT, uuid7(), dispute.id, final, how.value, split.buyer_minor, split.seller_minor, actor, reason, pack.text,
        pack.sha256, clock.now(),
    )  # fmt: skip


async def agree(dispute: LockedDispute, split: Split, actor: UUID | None, reason: str, how: How) -> None:
    """Decided and done in one."""
    await record(dispute, split, actor, reason, how)
    await carry_out(dispute, split, actor, reason, how)


async def carry_out(dispute: LockedDispute, split: Split, actor: UUID | None, reason: str, how: How) -> None:
    """Move the money of a locked dispute as it was decided: then it is over.

    Raises OrderFrozen while the payer's bank decides, NothingHeld or SplitNotExact if that took some of it meanwhile.
    """
    check_split(dispute, split)
    columns = await turns.over(dispute)
    over = await history.move(
        dispute, DisputeStatus.RESOLVED, actor, _said(dispute, split, reason), closed_at=clock.now(), **columns
    )
    await freezing.resolve(dispute.order.id, split.buyer_minor, split.seller_minor, actor, reason)
    await outbox.emit(
        DisputeResolved(
            **telling.of(over), how=how.value, buyer_amount=split.buyer_minor, seller_amount=split.seller_minor
        )
    )


async def close_empty(dispute: LockedDispute) -> None:
    """The payer's bank took all of it: nothing is left to divide, and the order is over."""
    columns = await turns.over(dispute)
    over = await history.move(
        dispute, DisputeStatus.RESOLVED, None, "The payer's bank took the money back", closed_at=clock.now(), **columns
    )
    order = await freezing.unfreeze(dispute.order.id, None, "nothing is left in escrow")
    if order.phase is Phase.OPEN and not order.refundable_minor and may_close(order):
        await close(order, CancelledBy.STAFF, None, "The payer's bank took the money back")
    await outbox.emit(DisputeResolved(**telling.of(over), how=How.CHARGEBACK.value, buyer_amount=0, seller_amount=0))


def _said(dispute: LockedDispute, split: Split, reason: str) -> str:
    currency = dispute.order.currency
    buyer, seller = to_text(split.buyer_minor, currency), to_text(split.seller_minor, currency)
    return f"{buyer} {currency} to the buyer, {seller} {currency} to the seller: {reason}"


class Decided(Struct, frozen=True, kw_only=True):
    how: How
    buyer_minor: int
    seller_minor: int
    actor: UUID | None
    reason: str

    @property
    def split(self) -> Split:
        return Split(self.buyer_minor, self.seller_minor)


async def last_decision(dispute: LockedDispute) -> Decided:
    """Of a locked dispute that has been decided."""
    row = await db.fetch_row(LAST, dispute.id)
    assert row is not None, "what is decided has a decision"
    return Decided(**dict(row) | {"how": How(row["how"])})
