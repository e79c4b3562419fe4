"""What becomes of a hold: it is settled, wholly or in part, or voided. Once."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core import db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.errors import KeyReused, MoreThanHeld, TransferNotFound, TransferNotPending
from marketplace.ledger.schemas import Resolved
from marketplace.ledger.service.posting import fingerprint
from marketplace.ledger.states import Action


async def settle(
    hold_id: UUID,
    *,
    key: str,
    reason: str,
    amount: Money | None = None,
    actor: UUID | None = None,
    event_at: datetime | None = None,
) -> Resolved:
    """Move what was held, or `amount` of it and give the rest back.

    Raises TransferNotFound, TransferNotPending, MoreThanHeld, KeyReused.
    """
    if amount is not None and amount.minor <= 0:
        raise ValidationFailed.of("amount", "Must be an amount above zero.")
    return await _resolve(Action.SETTLE, hold_id, key, reason, amount, actor, event_at)


async def void(
    hold_id: UUID, *, key: str, reason: str, actor: UUID | None = None, event_at: datetime | None = None
) -> Resolved:
    """Give all of it back. Raises TransferNotFound, TransferNotPending, KeyReused."""
    return await _resolve(Action.VOID, hold_id, key, reason, None, actor, event_at)


async def _resolve(
    action: Action, hold_id: UUID, key: str, reason: str, amount: Money | None, actor: UUID | None, event_at: datetime | None
) -> Resolved:  # fmt: skip
    if amount is not None:
        held = await db.fetch_val(
            "SELECT a.currency FROM ledger_holds h JOIN ledger_accounts a ON a.id = h.source WHERE h.transfer = $1",
            hold_id,
        )
        if held is not None and held != amount.currency:
            raise ValueError(f"{amount} does not fit a hold in {held}")
    minor = amount.minor if amount is not None else None
    arguments = (
        hold_id, uuid7(), key, fingerprint(action, hold_id, minor, reason), action, reason, actor, event_at, minor,
    )  # fmt: skip

    async def once() -> asyncpg.Record | None:
        return await db.fetch_row("SELECT * FROM ledger_resolve($1, $2, $3, $4, $5, $6, $7, $8, $9)", *arguments)

    row = await db.retrying(once)
    assert row is not None
    match row["outcome"]:
        case "unknown":
            raise TransferNotFound
        case "posted" | "voided":
            raise TransferNotPending(status=row["outcome"], transfer=str(row["transfer"]))
        case "key_reused":
            raise KeyReused(key=key)
        case "too_much":
            most = Money(row["amount"], row["currency"])
            raise MoreThanHeld(held=most.text, currency=most.currency)
    return Resolved(row["transfer"], Money(row["amount"], row["currency"]), row["outcome"] == "replayed")
