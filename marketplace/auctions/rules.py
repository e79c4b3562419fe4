"""What staff may tune: times, increments, whether names are shown. A listing copies what concerns bidding when made."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from marketplace.auctions.increments import Increments, default_for
from marketplace.core import platform

Seconds: TypeAlias = Annotated[int, Meta(ge=0, le=30 * 24 * 3600)]
Positive: TypeAlias = Annotated[int, Meta(ge=1, le=10**12)]

SNIPE_WINDOW = platform.define("auctions.snipe_window_seconds", Seconds, 120, "A bid this close to the end moves it.")
SNIPE_EXTENSION = platform.define(
    "auctions.snipe_extension_seconds", Seconds, 120, "How long after such a bid it ends."
)
SNIPE_HARD_CAP = platform.define("auctions.snipe_hard_cap_seconds", Seconds, 3600, "The furthest the end ever moves.")
CLOSE_GRACE_MS = platform.define(
    "auctions.close_grace_ms", Annotated[int, Meta(ge=0, le=700)], 250,
    "How long after its end a lot waits for bids that were received before it.",
)  # fmt: skip
PAYMENT_HOURS = platform.define(
    "auctions.payment_hours", Annotated[int, Meta(ge=1, le=720)], 48, "How long a buyer has to pay."
)
OFFER_HOURS = platform.define(
    "auctions.second_chance_hours", Annotated[int, Meta(ge=1, le=720)], 24, "How long a second-chance offer stands."
)
STRIKES = platform.define(
    "auctions.strikes", Annotated[int, Meta(ge=1, le=1000)], 3,
    "So many wins that were not paid for, and the account may not bid for a while.",
)  # fmt: skip
STRIKE_DAYS = platform.define(
    "auctions.strike_days", Annotated[int, Meta(ge=1, le=3650)], 180, "How long an unpaid win counts."
)
PUBLIC_NAMES = platform.define("auctions.public_bidder_names", bool, True, "Show bidders' names; else `bidder 3`.")
VERIFIED_ONLY = platform.define("auctions.verified_email_only", bool, True, "Only verified accounts may bid and sell.")
REQUIRE_HOLD = platform.define(
    "auctions.require_hold", bool, False,
    "New listings hold the leader's maximum in their wallet, unless their seller says otherwise.",
)  # fmt: skip
INCREMENTS: platform.Setting[dict[str, list[tuple[int, int]]]] = platform.define(
    "auctions.increments", dict[str, list[tuple[Positive, Positive]]], {},
    "Bid increments by currency: [[lower bound, increment], ...] in minor units; without one the default holds.",
)  # fmt: skip


async def increments_for(currency: str) -> Increments:
    """The table that holds for new listings in this currency."""
    own = (await INCREMENTS.value()).get(currency)
    return tuple(sorted(own)) if own else default_for(currency)
