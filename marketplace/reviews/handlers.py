"""What reviews hear: everything that changes a seller's record. What they tell accounts: the figures of a person's reputation."""

from typing import Final

from marketplace.accounts.figures import REPUTATION
from marketplace.core.outbox import on
from marketplace.orders.events import (
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderFrozen,
    OrderRefunded,
    OrderUnfrozen,
)
from marketplace.reviews.events import SellerRated
from marketplace.reviews.service import standing


@on(OrderCompleted, OrderCancelled, OrderRefunded, OrderFrozen, OrderUnfrozen)
async def order_moved(event: OrderEvent) -> None:
    """A bank that takes money back, or gives it back, freezes and unfreezes."""
    await standing.changed(event.seller_id)


@on(SellerRated)
async def seller_rated(event: SellerRated) -> None:
    await standing.changed(event.seller_id)


RATING: Final = '(SELECT round(r.{side}_sum::numeric / nullif(r.{side}_count, 0), 2)::float8 FROM user_ratings r WHERE r."user" = u.id)'
COUNT: Final = 'coalesce((SELECT r.{side}_count FROM user_ratings r WHERE r."user" = u.id), 0)'
STANDING: Final = "(SELECT {} FROM seller_standings s WHERE s.seller = u.id)"

REPUTATION.add("average_rating", RATING.replace("{side}", "seller"))
REPUTATION.add("review_count", COUNT.replace("{side}", "seller"))
REPUTATION.add("client_rating", RATING.replace("{side}", "client"))
REPUTATION.add("client_review_count", COUNT.replace("{side}", "client"))
REPUTATION.add("completed_orders", f"coalesce({STANDING.format('s.completed_orders')}, 0)")
REPUTATION.add(
    "completion_rate",
    STANDING.format("s.completed_orders::float8 / nullif(s.completed_orders + s.cancelled_orders, 0)"),
)
REPUTATION.add("on_time_rate", STANDING.format("s.kept_orders::float8 / nullif(s.promised_orders, 0)"))
REPUTATION.add("response_rate", STANDING.format("s.answered_orders::float8 / nullif(s.asked_orders, 0)"))
REPUTATION.add("response_minutes", STANDING.format("s.response_minutes"))
REPUTATION.add("level", f"coalesce({STANDING.format('s.level')}, 'new')")
