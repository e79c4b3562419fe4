"""What every event of a return says of it."""

from typing import Any, Final
from uuid import UUID

from marketplace.core import db, outbox
from marketplace.shop.events import ReturnEvent

ABOUT: Final = """
SELECT r.id AS return_id, o.id AS order_id, o.number, r.buyer AS buyer_id, r.seller AS seller_id, r.amount_minor AS amount, o.currency,
  (SELECT l.title FROM order_return_lines i JOIN order_lines l ON l.id = i.line WHERE i.order_return = r.id
    ORDER BY l.position LIMIT 1) AS title
FROM order_returns r JOIN orders o ON o.id = r."order" WHERE r.id = $1
"""


async def tell(event: type[ReturnEvent], return_id: UUID, *, reason: str, **more: Any) -> None:
    """Emit it, in the transaction that makes it true."""
    row = await db.fetch_row(ABOUT, return_id)
    assert row is not None, "returns are never deleted"
    await outbox.emit(event(**row, reason=reason, **more))
