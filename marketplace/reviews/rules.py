"""What staff may tune: how long reviews stay silent, and what a seller's record must show for a level."""

from datetime import timedelta
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from marketplace.core import platform
from marketplace.reviews.states import Level

Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


class Demand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a level asks for: orders completed of those placed within a year, the average of all reviews, and rates between 0 and 1."""

    level: Level
    orders: Annotated[int, Meta(ge=0, le=10**6)]
    rating: Annotated[float, Meta(ge=0, le=5)]
    completion: Share
    on_time: Share


DEMANDS: Final = [
    Demand(level=Level.ONE, orders=10, rating=4.0, completion=0.8, on_time=0.8),
    Demand(level=Level.TWO, orders=25, rating=4.5, completion=0.9, on_time=0.9),
    Demand(level=Level.TOP, orders=50, rating=4.7, completion=0.95, on_time=0.95),
]

BLIND_DAYS = platform.define(
    "reviews.blind_days", Annotated[int, Meta(ge=1, le=90)], 7,
    "Where both sides review each other, neither review shows until both are in or so many days have passed since completion.",
)  # fmt: skip
LEVELS = platform.define(
    "reviews.levels", Annotated[list[Demand], Meta(max_length=12)], DEMANDS,
    "What a seller's record must show for a level; the last that it satisfies is theirs. The top level is for the top tier alone.",
)  # fmt: skip


async def blind_time() -> timedelta:
    return timedelta(days=await BLIND_DAYS.value())
