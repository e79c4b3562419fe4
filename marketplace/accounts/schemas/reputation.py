from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct


class Reputation(Struct, frozen=True, kw_only=True):
    """What the record shows of a person. Counts begin at 0; a rate is null until there is something to take it from.

    Rates lie between 0 and 1, ratings between 1 and 5. `response_minutes` is the median time to a first answer.
    """

    user_id: UUID
    username: str
    member_since: datetime
    is_verified: bool
    identity_verified: bool
    is_business: bool
    favorites_count: int
    average_rating: Annotated[float, Meta(description="By their buyers.")] | None
    review_count: int
    client_rating: Annotated[float, Meta(description="As a client, by those they bought from.")] | None
    client_review_count: int
    level: Annotated[Literal["new", "one", "two", "top"], Meta(description="What their record as a seller amounts to.")]
    completed_orders: int
    completion_rate: (
        Annotated[
            float,
            Meta(description="Of the orders they completed or failed: called off by them, or after they were late."),
        ]
        | None
    )
    on_time_rate: Annotated[float, Meta(description="Of the completed orders that were promised for a date.")] | None
    response_rate: float | None
    response_minutes: int | None
    auctions_sold: int
    auctions_won: int
