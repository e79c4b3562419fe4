from datetime import datetime
from uuid import UUID

from msgspec import Struct


class Reputation(Struct, frozen=True, kw_only=True):
    """What the record shows of a person. Counts begin at 0; a rate is null until there is something to take it from.

    Rates lie between 0 and 1. `response_minutes` is the median time to a first answer.
    """

    user_id: UUID
    username: str
    member_since: datetime
    is_verified: bool
    identity_verified: bool
    is_business: bool
    favorites_count: int
    average_rating: float | None
    review_count: int
    completed_orders: int
    completion_rate: float | None
    response_rate: float | None
    response_minutes: int | None
    auctions_sold: int
    auctions_won: int
