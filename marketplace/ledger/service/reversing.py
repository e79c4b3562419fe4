"""Corrections: nothing recorded is changed, so what was wrong is moved back by a transfer that names it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.core.money import Money
from marketplace.ledger.errors import NotReversible, TransferNotFound
from marketplace.ledger.queries import WrittenLine, get_written
from marketplace.ledger.schemas import Move, Recorded, Transfer
from marketplace.ledger.service.posting import record
from marketplace.ledger.states import Action


async def reverse(
    transfer_id: UUID, *, key: str, reason: str, actor: UUID | None = None, event_at: datetime | None = None
) -> Recorded:
    """Move everything a posted transfer moved back, between the same rows. Once.

    Raises TransferNotFound, NotReversible, AlreadyReversed, and InsufficientFunds where the money has gone on.
    """
    written = await get_written(transfer_id)
    if written is None:
        raise TransferNotFound
    if written.action not in (Action.POST, Action.SETTLE):
        raise NotReversible(action=written.action.value)
    transfer = Transfer(
        key=key, reason=reason, moves=_moves_back(written.lines), actor=actor, order_id=written.order_id,
        payment_id=written.payment_id, payout_id=written.payout_id, event_at=event_at,
    )  # fmt: skip
    return (await record(Action.REVERSE, [transfer], reverses=transfer_id))[0]


def _moves_back(lines: Sequence[WrittenLine]) -> list[Move]:
    """From those who received to those who paid, within each currency."""
    moves: list[Move] = []
    for currency in sorted({line.account.currency for line in lines}):
        mine = [line for line in lines if line.account.currency == currency]
        owed = [(line.account, -line.minor) for line in mine if line.minor < 0]
        for line in mine:
            left = line.minor
            while left > 0:
                payer, missing = owed.pop()
                part = min(left, missing)
                moves.append(Move(line.account, payer, Money(part, currency)))
                left -= part
                if missing > part:
                    owed.append((payer, missing - part))
    return moves
