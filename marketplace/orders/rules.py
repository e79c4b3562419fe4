"""What staff may tune: deadlines, clearing, who is a seller of the top tier."""

from datetime import timedelta
from typing import Annotated, TypeAlias

from msgspec import Meta

from marketplace.core import platform

Days: TypeAlias = Annotated[int, Meta(ge=0, le=365)]

EXPIRY_MINUTES = platform.define(
    "orders.expiry_minutes", Annotated[int, Meta(ge=1, le=60 * 24 * 30)], 30,
    "How long an order waits to be paid, unless its way to sell says otherwise.",
)  # fmt: skip
AUTO_COMPLETE_DAYS = platform.define(
    "orders.auto_complete_days", Annotated[int, Meta(ge=1, le=365)], 14,
    "A buyer who says nothing for so long after shipping has received the order.",
)  # fmt: skip
CLEARING_DAYS = platform.define(
    "orders.clearing_days", Days, 14, "How long a seller's money is pending after its release."
)
TOP_CLEARING_DAYS = platform.define("orders.top_tier_clearing_days", Days, 7, "The same for sellers of the top tier.")
TOP_ORDERS = platform.define(
    "orders.top_tier_orders", Annotated[int, Meta(ge=1, le=10**6)], 50,
    "Completed orders within a year that make a seller one of the top tier.",
)  # fmt: skip
TOP_REFUND_PERCENT = platform.define(
    "orders.top_tier_refund_percent", Annotated[int, Meta(ge=0, le=100)], 3,
    "At most so many of a hundred of them refunded.",
)  # fmt: skip
REFUND_RETURNS_COMMISSION = platform.define(
    "orders.refund_returns_commission", bool, True,
    "Give the commission back with a refund of what was released; else the seller bears it.",
)  # fmt: skip


async def expiry() -> timedelta:
    return timedelta(minutes=await EXPIRY_MINUTES.value())


async def auto_complete() -> timedelta:
    return timedelta(days=await AUTO_COMPLETE_DAYS.value())
