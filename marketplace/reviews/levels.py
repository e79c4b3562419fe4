"""The rules of levels, as pure functions of a seller's record."""

from collections.abc import Sequence

from msgspec import Struct

from marketplace.orders.tiers import Tier, tier_for
from marketplace.reviews.rules import Demand
from marketplace.reviews.states import Level


class TopTier(Struct, frozen=True, kw_only=True):
    """What makes a seller one of the top tier; see `orders.tiers`."""

    least: int
    percent: int


class Record(Struct, frozen=True, kw_only=True):
    """A seller's figures, as `SellerStanding` names them, and what their buyers rated them in sum and how often."""

    completed_orders: int = 0
    cancelled_orders: int = 0
    promised_orders: int = 0
    kept_orders: int = 0
    asked_orders: int = 0
    answered_orders: int = 0
    response_minutes: int | None = None
    year_completed: int = 0
    year_refunded: int = 0
    rating_sum: int = 0
    rating_count: int = 0


def level_of(record: Record, demands: Sequence[Demand], top: TopTier) -> Level:
    """The last level whose demands the record satisfies. Who promised no date was never late; who has no review has no rating."""
    reached = Level.NEW
    for demand in demands:
        if _satisfies(record, demand) and (demand.level is not Level.TOP or _is_top_tier(record, top)):
            reached = demand.level
    return reached


def _satisfies(record: Record, demand: Demand) -> bool:
    over = record.completed_orders + record.cancelled_orders
    return (
        record.year_completed >= demand.orders
        and record.rating_sum >= demand.rating * record.rating_count
        and (record.rating_count > 0 or demand.rating == 0)
        and record.completed_orders >= demand.completion * over
        and record.kept_orders >= demand.on_time * record.promised_orders
    )


def _is_top_tier(record: Record, top: TopTier) -> bool:
    tier = tier_for(record.year_completed, record.year_refunded, least=top.least, percent=top.percent)
    return tier is Tier.TOP
