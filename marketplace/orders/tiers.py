"""A seller's tier: what they pay in commission and how long their money clears depend on it."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.core import db
from marketplace.orders import rules

WINDOW: Final = timedelta(days=365)

SOLD: Final = """
SELECT seller, count(*) AS completed, count(*) FILTER (WHERE refunded_minor > 0) AS refunded
FROM orders WHERE seller = ANY($1::uuid[]) AND phase = 'completed' AND created_at > now() - $2::interval GROUP BY seller
"""


class Tier(StrEnum):
    STANDARD = "standard"
    TOP = "top"


def tier_for(completed: int, refunded: int, *, least: int, percent: int) -> Tier:
    """Of a seller with so many completed orders within the year, of which so many were refunded, be it in part."""
    return Tier.TOP if completed >= least and refunded * 100 <= percent * completed else Tier.STANDARD


async def tier_of(seller: UUID) -> Tier:
    return (await tiers_of([seller]))[seller]


async def tiers_of(sellers: Collection[UUID]) -> Mapping[UUID, Tier]:
    """Each of them has one, also who has sold nothing yet."""
    least, percent = await rules.TOP_ORDERS.value(), await rules.TOP_REFUND_PERCENT.value()
    sold = {row["seller"]: row for row in await db.fetch(SOLD, list(sellers), WINDOW)}

    def tier(seller: UUID) -> Tier:
        completed, refunded = (sold[seller]["completed"], sold[seller]["refunded"]) if seller in sold else (0, 0)
        return tier_for(completed, refunded, least=least, percent=percent)

    return {seller: tier(seller) for seller in sellers}


async def clearing(seller: UUID) -> timedelta:
    """How long money that is released to this seller now is pending. RULES: Money."""
    setting = rules.TOP_CLEARING_DAYS if await tier_of(seller) is Tier.TOP else rules.CLEARING_DAYS
    return timedelta(days=await setting.value())
