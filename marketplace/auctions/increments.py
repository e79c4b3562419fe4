"""How far the next bid must go: a table per currency, by current price. RULES: Auctions."""

from bisect import bisect_right
from typing import Final, TypeAlias

from marketplace.core.money import exponent

Increments: TypeAlias = tuple[tuple[int, int], ...]
"""(lower bound, increment) pairs in minor units, bounds rising. Below the first bound its increment holds."""

DEFAULT: Final[Increments] = (
    (1, 5), (1_00, 25), (5_00, 50), (25_00, 1_00), (100_00, 2_50), (250_00, 5_00),
    (500_00, 10_00), (1000_00, 25_00), (2500_00, 50_00), (5000_00, 100_00),
)  # fmt: skip


def default_for(currency: str) -> Increments:
    """The default table, for a currency of two decimals.

    A currency without decimals has units worth about a hundredth (JPY, KRW), so the same whole numbers fit; one with
    three gets them ten times as large.
    """
    factor = 10 if exponent(currency) >= 3 else 1
    return tuple((bound * factor, step * factor) for bound, step in DEFAULT)


def increment(table: Increments, price_minor: int) -> int:
    """What a bid must add to this price."""
    return table[max(0, bisect_right(table, price_minor, key=lambda row: row[0]) - 1)][1]
