"""The platform's commission: an ordered list of rules, the first that matches a line wins. RULES: Money.

Worked out when an order is placed, kept on its lines, and never worked out again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core import db, platform
from marketplace.orders.tiers import Tier, tiers_of

DEFAULT_BPS: Final = 1000


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many hundredths of a percent of what matches all that is named. A category stands for those below it, too."""

    bps: Annotated[int, Meta(ge=0, le=10_000)]
    kind: Annotated[str, Meta(min_length=1, max_length=16)] | None = None
    category: UUID | None = None
    seller_tier: Tier | None = None

    def matches(self, kind: str, categories: frozenset[UUID], tier: Tier) -> bool:
        return (
            self.kind in (None, kind)
            and (self.category is None or self.category in categories)
            and self.seller_tier in (None, tier)
        )


RULES: platform.Setting[list[Rule]] = platform.define(
    "orders.commission_rules", Annotated[list[Rule], Meta(max_length=200)], [],
    "Commission in hundredths of a percent: a list of {bps, kind?, category?, seller_tier?}, the first that matches "
    "a line wins; 1000 (10 %) where none does.",
)  # fmt: skip

LINEAGE: Final = """
WITH RECURSIVE up AS (
  SELECT id AS below, id, parent FROM categories WHERE id = ANY($1::uuid[])
  UNION ALL SELECT up.below, c.id, c.parent FROM up JOIN categories c ON c.id = up.parent)
SELECT below, id FROM up
"""


WHOLE_BPS: Final = 10_000
"""Of what the house itself sells."""


def rate(rules: Sequence[Rule], kind: str, categories: frozenset[UUID], tier: Tier) -> int:
    """In basis points."""
    return next((rule.bps for rule in rules if rule.matches(kind, categories, tier)), DEFAULT_BPS)


def commission(net_minor: int, bps: int) -> int:
    """Of a line's price after its discount, without tax and shipping; half a minor unit is rounded up."""
    return (net_minor * bps + 5_000) // 10_000


async def tiers(rules: Sequence[Rule], sellers: Collection[UUID]) -> Mapping[UUID, Tier]:
    """What the rules have to know of the sellers: where none of them asks, nobody's sales are counted."""
    if any(rule.seller_tier for rule in rules):
        return await tiers_of(sellers)
    return dict.fromkeys(sellers, Tier.STANDARD)


async def lineages(categories: Sequence[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """Each category with those above it."""
    found: dict[UUID, set[UUID]] = {category: {category} for category in categories}
    if categories:
        for row in await db.fetch(LINEAGE, list(categories)):
            found[row["below"]].add(row["id"])
    return {below: frozenset(above) for below, above in found.items()}
