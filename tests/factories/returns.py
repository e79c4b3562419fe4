"""Orders of the shop that were delivered, and what is sent back of them."""

from typing import Any
from uuid import UUID

from marketplace.core import db
from marketplace.orders.service import completing, shipping
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import returns
from tests.factories.checkouts import a_shopper, order
from tests.factories.orders import pay, read


async def delivered(buyer: UUID, address: UUID, **over: Any) -> UUID:
    """The buyer's cart: ordered, paid, sent and received."""
    order_id = await order(buyer, address, **over)
    placed = await read(order_id)
    await pay(placed.checkout)
    await shipping.ship(order_id, placed.seller, "DHL", "JD1")
    await completing.complete_bought(order_id, buyer)
    return order_id


async def a_delivered_order(*things: tuple[UUID, int], **over: Any) -> UUID:
    return await delivered(*await a_shopper(*things), **over)


async def lines_of(order_id: UUID) -> list[UUID]:
    rows = await db.fetch('SELECT id FROM order_lines WHERE "order" = $1 ORDER BY position', order_id)
    return [row["id"] for row in rows]


async def a_return(order_id: UUID, quantity: int = 1, *, line: int = 0) -> UUID:
    """So many of one line, asked for."""
    placed = await read(order_id)
    wanted = WantedLine(line_id=(await lines_of(order_id))[line], quantity=quantity)
    return await returns.request(order_id, placed.buyer, [wanted], "Too small.")


async def come_back(return_id: UUID, *, restock: bool = True) -> None:
    """Approved and received by its seller."""
    seller = await db.fetch_val("SELECT seller FROM order_returns WHERE id = $1", return_id)
    await returns.approve(return_id, seller)
    await returns.receive(return_id, seller, restock=restock)
