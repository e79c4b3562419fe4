"""What staff may tune of deposits and payouts. Amounts are minor units, by currency."""

from datetime import timedelta
from typing import Annotated, Final, TypeAlias

from msgspec import Meta

from marketplace.core import platform
from marketplace.core.config import settings
from marketplace.core.money import MAX_MINOR, Currency

Minor: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
ByCurrency: TypeAlias = dict[Currency, Minor]

APPROVAL: platform.Setting[dict[str, int]] = platform.define(
    "payments.payout_approval_minor", ByCurrency,
    {"USD": 100_000, "EUR": 100_000, "GBP": 100_000, "CNY": 700_000, "JPY": 150_000},
    "Payouts that come to more than this within a day wait for a second person; in other currencies all do.",
)  # fmt: skip
PAYOUT_LEAST: platform.Setting[dict[str, int]] = platform.define(
    "payments.payout_min_minor", ByCurrency,
    {"USD": 100, "EUR": 100, "GBP": 100, "CNY": 100, "JPY": 100},
    "The smallest payout; only everything there is may be less. Other currencies have none.",
)  # fmt: skip
DEPOSIT_LEAST: platform.Setting[dict[str, int]] = platform.define(
    "payments.deposit_min_minor", ByCurrency,
    {"USD": 100, "EUR": 100, "GBP": 100, "CNY": 100, "JPY": 100},
    "The smallest deposit; other currencies have none.",
)  # fmt: skip
DEPOSIT_MOST: platform.Setting[dict[str, int]] = platform.define(
    "payments.deposit_max_minor", ByCurrency,
    {"USD": 1_000_000, "EUR": 1_000_000, "GBP": 1_000_000, "CNY": 7_000_000, "JPY": 1_500_000},
    "The largest single deposit; other currencies have no such limit.",
)  # fmt: skip
COOLING_HOURS: platform.Setting[int | None] = platform.define(
    "payments.payout_method_cooling_hours", Annotated[int, Meta(ge=0, le=720)] | None, None,
    "How long a new payout method cannot be used; null is a day in production and no time elsewhere.",
)  # fmt: skip

APPROVAL_WINDOW: Final = timedelta(days=1)
"""What leaves within it is taken together, so that a large sum in small parts is a large sum."""


async def cooling() -> timedelta:
    """How long a payout method waits after it was added."""
    hours = await COOLING_HOURS.value()
    if hours is None:
        hours = 24 if settings().env == "production" else 0
    return timedelta(hours=hours)
