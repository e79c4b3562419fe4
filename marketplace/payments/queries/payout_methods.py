"""Where somebody's money may be sent. What is shown never names the whole destination."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order
from marketplace.payments.schemas.payouts import PayoutMethodOut

MASKED: Final = """CASE WHEN m.destination = '' THEN '' WHEN position('@' IN m.destination) > 1
    THEN left(m.destination, 1) || '•••' || substring(m.destination FROM position('@' IN m.destination))
  ELSE '••••' || right(m.destination, least(4, length(m.destination) / 3)) END"""
"""Of a method `m`: a***@example.com, or the last four characters at most."""
EXPORTED: Final = (
    f"SELECT m.id, m.provider, m.label, {MASKED} AS destination, m.recipient_name, m.is_default, m.created_at, m.removed_at "
    'FROM payout_methods m WHERE m."user" = $1 ORDER BY m.id'
)
COLUMNS: Final = f"m.id, m.provider, m.label, {MASKED} AS destination, m.recipient_name, m.is_default, m.created_at"


class MethodFilters(Filters):
    provider: str | None = None


METHODS: Final = Listing(
    "payout_methods", MethodFilters, key=Order("m.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("m.created_at", "timestamptz"), "label": Order("m.label", "text")},
)  # fmt: skip


async def list_methods(listing: ListQuery[MethodFilters], user_id: UUID) -> Envelope[Page[PayoutMethodOut]]:
    """The user's own that have not been removed."""
    found = (
        listing.rows("payout_methods m")
        .columns(COLUMNS)
        .where('m."user" = {} AND m.removed_at IS NULL', user_id)
        .when("m.provider = {}", listing.filters.provider)
    )
    return await found.page(PayoutMethodOut)


async def get_method(method_id: UUID, user_id: UUID) -> PayoutMethodOut:
    """Raises NotFound."""
    return await rows.one(
        PayoutMethodOut,
        f'SELECT {COLUMNS} FROM payout_methods m WHERE m.id = $1 AND m."user" = $2 AND m.removed_at IS NULL',
        method_id, user_id,
    )  # fmt: skip


async def get_shown(method_id: UUID) -> str:
    """Its label and masked destination, in one line."""
    shown = await db.fetch_val(
        f"SELECT concat_ws(' ', nullif(m.label, ''), {MASKED}) FROM payout_methods m WHERE m.id = $1", method_id
    )
    return str(shown)


class Method(Struct, frozen=True):
    id: UUID
    provider: str
    created_at: datetime


async def find_method(user_id: UUID, method_id: UUID | None) -> Method | None:
    """The one named, else the default one; of those not removed."""
    row = await db.fetch_row(
        'SELECT id, provider, created_at FROM payout_methods WHERE "user" = $1 AND removed_at IS NULL '
        "AND (id = $2 OR $2::uuid IS NULL AND is_default)",
        user_id, method_id,
    )  # fmt: skip
    return Method(**row) if row else None
