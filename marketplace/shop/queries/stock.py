"""What the journal says, and whose things they are."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.accounts.viewer import Viewer
from marketplace.core import db
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.shop.schemas.stock import MovementOut
from marketplace.shop.states import MovementKind


async def held_for(order_id: UUID) -> dict[UUID, int]:
    """What an order has reserved and neither shipped nor given back."""
    rows = await db.fetch(
        'SELECT variant, sum(allocated_change) AS n FROM stock_movements WHERE "order" = $1 '
        "GROUP BY variant HAVING sum(allocated_change) > 0 ORDER BY variant",
        order_id,
    )
    return {row["variant"]: row["n"] for row in rows}


async def held_by(order_ids: Sequence[UUID]) -> list[UUID]:
    """The variants of which any of the orders has reserved something."""
    rows = await db.fetch(
        'SELECT variant FROM stock_movements WHERE "order" = ANY($1::uuid[]) '
        'GROUP BY "order", variant HAVING sum(allocated_change) > 0',
        list(order_ids),
    )
    return [row["variant"] for row in rows]


async def sent_with(order_id: UUID) -> dict[UUID, int]:
    """What was sent with an order and has not come back."""
    rows = await db.fetch(
        "SELECT variant, n FROM (SELECT variant, sum(CASE kind WHEN 'shipped' THEN -allocated_change "
        "WHEN 'returned' THEN -on_hand_change END) AS n FROM stock_movements "
        "WHERE \"order\" = $1 AND kind IN ('shipped', 'returned') GROUP BY variant) AS sent WHERE n > 0 ORDER BY variant",
        order_id,
    )
    return {row["variant"]: row["n"] for row in rows}


async def unwritten(order_id: UUID) -> dict[UUID, int]:
    """What travels with an order's shipments, and still lies on the shelf as the journal has it."""
    rows = await db.fetch(
        "SELECT l.subject AS variant, sum(i.quantity) - coalesce((SELECT -sum(m.allocated_change) FROM stock_movements m "
        "WHERE m.\"order\" = $1 AND m.variant = l.subject AND m.kind = 'shipped'), 0) AS n "
        "FROM shipments s JOIN shipment_lines i ON i.shipment = s.id JOIN order_lines l ON l.id = i.line "
        'WHERE s."order" = $1 GROUP BY l.subject ORDER BY l.subject',
        order_id,
    )
    return {row["variant"]: int(row["n"]) for row in rows if row["n"] > 0}


class Offer(Struct, frozen=True):
    """Whose product a variant is of, and what that is called."""

    seller: UUID
    name: str


async def offers_of(variant_ids: Sequence[UUID]) -> dict[UUID, Offer]:
    """Of the variants that are for sale."""
    rows = await db.fetch(
        "SELECT v.id, p.seller, p.name FROM product_variants v JOIN products p ON p.id = v.product "
        "WHERE v.id = ANY($1::uuid[]) AND v.is_active AND p.status = 'active' AND p.deleted_at IS NULL",
        list(variant_ids),
    )
    return {row["id"]: Offer(row["seller"], row["name"]) for row in rows}


class MovementFilters(Filters):
    kind: list[MovementKind] | None = None
    variant_id: UUID | None = None
    order_id: UUID | None = None


MOVEMENTS: Final = Listing(
    "products.movements", MovementFilters, key=Order("m.id", "bigint"), default="-at",
    ordering={"at": Order("m.id", "bigint")}, date="m.at",
)  # fmt: skip


async def list_movements(
    listing: ListQuery[MovementFilters], product_id: UUID, viewer: Viewer
) -> Envelope[Page[MovementOut]]:
    """The journal of one product, for its seller and staff; empty for others."""
    wanted = listing.filters
    rows = (
        listing.rows(
            "stock_movements m JOIN product_variants v ON v.id = m.variant JOIN products p ON p.id = v.product"
        )
        .columns(
            "m.id, v.id AS variant_id, v.name AS variant, v.sku, m.kind, m.on_hand_change, m.allocated_change AS reserved_change, "
            'm.on_hand_after AS on_hand, m.allocated_after AS reserved, m."order" AS order_id, m.actor AS actor_id, m.reason, m.at'
        )
        .where("p.id = {} AND (p.seller = {} OR {})", product_id, viewer.id, viewer.is_staff)
        .when("m.kind = ANY({}::text[])", wanted.kind)
        .when("v.id = {}", wanted.variant_id)
        .when('m."order" = {}', wanted.order_id)
    )
    return await rows.page(MovementOut)


async def is_of(product_id: UUID, seller_id: UUID) -> bool:
    found: bool = await db.fetch_val(
        "SELECT EXISTS (SELECT FROM products WHERE id = $1 AND seller = $2)", product_id, seller_id
    )
    return found
