"""What others tell disputes."""

from marketplace.core import db
from marketplace.core.outbox import on
from marketplace.disputes.service import waiting
from marketplace.payments.events import ChargebackClosed


@on(ChargebackClosed)
async def bank_has_decided(event: ChargebackClosed) -> None:
    """There may be nothing left to divide."""
    for row in await db.fetch("SELECT id FROM orders WHERE checkout = $1 ORDER BY id", event.subject):
        await waiting.bank_has_decided(row["id"])
