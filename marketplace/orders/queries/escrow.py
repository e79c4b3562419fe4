"""Whose money lies in escrow, and what became of it."""

from typing import Final

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.money import Currency
from marketplace.core.pagination import ListQuery, Order
from marketplace.orders.queries.orders import MINE
from marketplace.orders.queries.shown import ESCROW, HELD, TITLE, money
from marketplace.orders.schemas.money import EscrowOut
from marketplace.orders.schemas.orders import OrderRole
from marketplace.orders.states import EscrowStatus


class EscrowFilters(Filters):
    role: OrderRole | None = None
    status: list[EscrowStatus] | None = None
    currency: Currency | None = None


ESCROWS: Final = Listing(
    "escrow", EscrowFilters, key=Order("o.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("o.created_at", "timestamptz"), "amount": Order("o.captured_minor", "bigint")},
    search=("o.number", TITLE), date="o.created_at",
)  # fmt: skip

COLUMNS: Final = f"""o.id AS order_id, o.number AS order_number, o.kind, {TITLE} AS title,
  CASE WHEN o.buyer = {{}} THEN 'buyer' ELSE 'seller' END AS role, {ESCROW} AS status, o.currency,
  {money("o.captured_minor")} AS amount, {money(HELD)} AS held, {money("o.released_minor")} AS released,
  {money("o.refunded_minor")} AS refunded, o.frozen_at, o.paid_at AS funded_at, o.completed_at AS released_at, o.created_at"""


async def list_escrow(listing: ListQuery[EscrowFilters], viewer: Viewer) -> Envelope[Page[EscrowOut]]:
    """Of every order the viewer bought or sold that money was paid into."""
    wanted = listing.filters
    rows = (
        listing.rows("orders o")
        .columns(COLUMNS, viewer.id)
        .where(MINE[wanted.role], viewer.id)
        .where("o.captured_minor > 0")
        .when(f"({ESCROW}) = ANY({{}}::text[])", wanted.status)
        .when("o.currency = {}", wanted.currency)
    )
    return await rows.page(EscrowOut)
