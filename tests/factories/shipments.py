"""Parts of orders on their way."""

from collections.abc import Mapping
from uuid import UUID

from marketplace.core import db
from marketplace.orders.service import shipping
from marketplace.orders.service.dispatching import Carriage
from tests.factories.checkouts import a_shopper, order
from tests.factories.orders import pay, read
from tests.factories.returns import lines_of


async def a_paid_order(*things: tuple[UUID, int]) -> UUID:
    """Of so many of these products, of one seller."""
    order_id = await order(*await a_shopper(*things))
    await pay((await read(order_id)).checkout)
    return order_id


async def send(order_id: UUID, *quantities: int, carrier: str = "DHL") -> UUID:
    """So many of each line, in the order of the lines; without any, all that is left. The shipment's id."""
    wanted = [(line, n) for line, n in zip(await lines_of(order_id), quantities, strict=False) if n]
    seller = (await read(order_id)).seller
    return await shipping.ship_part(order_id, seller, Carriage(carrier, "JD1"), wanted or None)


async def progress(order_id: UUID) -> list[tuple[int, int, int]]:
    """(ordered, sent, called off) of each line."""
    rows: list[Mapping[str, int]] = await db.fetch(
        "SELECT l.quantity, coalesce(p.sent, 0) AS sent, coalesce(p.cancelled, 0) AS cancelled FROM order_lines l "
        'LEFT JOIN order_line_progress p ON p.id = l.id WHERE l."order" = $1 ORDER BY l.position',
        order_id,
    )
    return [(row["quantity"], row["sent"], row["cancelled"]) for row in rows]
