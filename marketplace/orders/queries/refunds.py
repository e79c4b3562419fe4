from uuid import UUID

from marketplace.core import db


async def get_refunded(refund_id: UUID) -> tuple[int, str]:
    """Minor units of a refund that was made, and their currency."""
    row = await db.fetch_row("SELECT amount_minor, currency FROM refunds WHERE id = $1", refund_id)
    assert row is not None, "it was made"
    return row["amount_minor"], row["currency"]
