from uuid import UUID

from marketplace.core import db
from marketplace.orders.parts import refund_id_of


async def get_refunded(refund_id: UUID) -> tuple[int, str]:
    """Minor units that a request to refund gave back, through however many payments, and their currency."""
    rows = await db.fetch(
        "SELECT id, payment, amount_minor, currency FROM refunds WHERE order_id = (SELECT order_id FROM refunds WHERE id = $1)",
        refund_id,
    )
    given = [row for row in rows if row["id"] in (refund_id, refund_id_of(refund_id, row["payment"]))]
    assert given, "it was made"
    return sum(row["amount_minor"] for row in given), given[0]["currency"]
