"""Listings: bodies and answers. The reserve and a leader's maximum stand in none that others may see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.auctions.schemas.common import AmountText, BidLine, CategoryRef, Currency, ImageOut, Person
from marketplace.auctions.states import AuctionStatus, Outcome
from marketplace.core.money import Amount

Title = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=20_000)]
Instant = Annotated[datetime, Meta(tz=True, description="ISO 8601 with a zone, such as 2026-11-20T09:00:00Z.")]
Category = Annotated[str, Meta(max_length=200, description="A category's id or slug.")]
Reserve = Annotated[Amount, Meta(description="Hidden; others see only whether it is met.")]
Seconds = Annotated[int, Meta(ge=60, le=90 * 24 * 3600, description="How long it runs, in seconds.")]
Hours = Annotated[float, Meta(gt=0, le=90 * 24)]
Days = Annotated[float, Meta(gt=0, le=90)]
HoldRequired = Annotated[bool, Meta(description="The leader's maximum is held in their wallet while they lead.")]


class LotIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`start_price` is another name for `starting_price`, `buy_it_now_price` for `buy_now_price`."""

    title: Annotated[str, Meta(max_length=200)] = ""
    description: Description = ""
    starting_price: Amount | None = None
    start_price: Amount | None = None
    reserve_price: Reserve | None = None
    buy_now_price: Amount | None = None
    buy_it_now_price: Amount | None = None


class CreateAuction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A listing: with `lots`, each bid on its own; or with a price of its own, which makes it one lot.

    It waits until `starts_at`, or without one until it is activated. It ends at `ends_at`, or after its duration
    (7 days unless you say). `start_time`, `end_time`, `start_price`, `buy_it_now_price` and `category_id` are other
    names for `starts_at`, `ends_at`, `starting_price`, `buy_now_price` and `category`.
    """

    title: Title
    description: Description = ""
    category: Category | None = None
    category_id: UUID | None = None
    currency: Currency = "USD"
    starting_price: Amount | None = None
    start_price: Amount | None = None
    reserve_price: Reserve | None = None
    buy_now_price: Amount | None = None
    buy_it_now_price: Amount | None = None
    starts_at: Instant | None = None
    start_time: Instant | None = None
    ends_at: Instant | None = None
    end_time: Instant | None = None
    duration: Seconds | None = None
    duration_hours: Hours | None = None
    duration_days: Days | None = None
    requires_hold: Annotated[
        bool | None, Meta(description="Bids need their maximum in the bidder's wallet; unsaid: the platform's setting.")
    ] = None
    lots: Annotated[list[LotIn], Meta(max_length=100)] = []


class UpdateLot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed, the rest stays."""

    id: UUID
    title: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    starting_price: Amount | UnsetType = UNSET
    start_price: Amount | UnsetType = UNSET
    reserve_price: Reserve | UnsetType | None = UNSET
    buy_now_price: Amount | UnsetType | None = UNSET
    buy_it_now_price: Amount | UnsetType | None = UNSET


class UpdateAuction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent is changed, the rest stays. Prices are those of the only lot; several lots are named in `lots`.

    Once there are bids, only the category changes, and the description can be added to. A reserve stays: lowering it
    step by step would tell the leader's maximum. The currency never changes.
    """

    title: Title | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    category: Category | UnsetType | None = UNSET
    category_id: UUID | UnsetType | None = UNSET
    starting_price: Amount | UnsetType = UNSET
    start_price: Amount | UnsetType = UNSET
    reserve_price: Reserve | UnsetType | None = UNSET
    buy_now_price: Amount | UnsetType | None = UNSET
    buy_it_now_price: Amount | UnsetType | None = UNSET
    starts_at: Instant | UnsetType | None = UNSET
    start_time: Instant | UnsetType | None = UNSET
    ends_at: Instant | UnsetType | None = UNSET
    end_time: Instant | UnsetType | None = UNSET
    duration: Seconds | UnsetType = UNSET
    duration_hours: Hours | UnsetType = UNSET
    duration_days: Days | UnsetType = UNSET
    lots: Annotated[list[UpdateLot], Meta(max_length=100)] = []


class EndAuction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Staff say why. `lot_id` ends one lot only."""

    reason: Annotated[str, Meta(max_length=500)] = ""
    lot_id: UUID | None = None


class BuyNow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lot_id: Annotated[UUID, Meta(description="Not needed where the auction has only one lot.")] | None = None


class AuctionCard(Struct, frozen=True, kw_only=True):
    """An auction in a list. Prices are those of its first lot; `bid_count` counts all."""

    id: UUID
    title: str
    status: AuctionStatus
    currency: Currency
    current_price: AmountText
    starting_price: AmountText
    buy_now_price: AmountText | None
    bid_count: int
    has_reserve: bool
    reserve_met: bool
    requires_hold: HoldRequired
    lot_count: int
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    category: CategoryRef | None
    seller: Person
    image: Annotated[str, Meta(description="Address of the first picture, small.")] | None
    images: list[ImageOut]
    watch_count: int
    is_watched: bool


class MyAuctionCard(AuctionCard, frozen=True, kw_only=True):
    """The seller's own view: with the reserve."""

    reserve_price: AmountText | None
    outcome: Outcome | None


class Watching(Struct, frozen=True, kw_only=True):
    auction_id: UUID
    is_watched: bool
    watch_count: int


class LotOut(Struct, frozen=True, kw_only=True):
    """A lot as everybody may see it. `bids` are the newest, newest first."""

    id: UUID
    position: int
    title: str
    description: str
    status: AuctionStatus
    outcome: Outcome | None
    starting_price: AmountText
    current_price: AmountText
    minimum_bid: AmountText
    bid_count: int
    leader: str | None
    winner: str | None
    has_reserve: bool
    reserve_met: bool
    buy_now_price: AmountText | None
    ends_at: datetime | None
    bids: list[BidLine]


class MyLot(Struct, frozen=True, kw_only=True):
    """How the viewer stands in a lot they have bid on."""

    lot_id: UUID
    leading: bool
    maximum: AmountText


class OwnTerms(Struct, frozen=True, kw_only=True):
    """What only the seller and staff see of a lot."""

    lot_id: UUID
    reserve_price: AmountText | None
    buy_now_price: AmountText | None


class ViewerPart(Struct, frozen=True, kw_only=True):
    is_seller: bool
    lots: list[MyLot]
    terms: Annotated[list[OwnTerms], Meta(description="Empty unless the viewer is the seller or staff.")]


class AuctionOut(AuctionCard, frozen=True, kw_only=True):
    """Everything about one auction. `viewer` is there for those signed in."""

    description: str
    lots: list[LotOut]
    viewer: ViewerPart | None


class RoomSnapshot(Struct, frozen=True, kw_only=True, tag="snapshot"):
    """The room at one moment. Applying the messages that follow gives what a fresh snapshot would show."""

    auction_id: UUID
    title: str
    currency: Currency
    status: AuctionStatus
    requires_hold: HoldRequired
    starts_at: datetime | None
    ends_at: datetime | None
    lots: list[LotOut]
