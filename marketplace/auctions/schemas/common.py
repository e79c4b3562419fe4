"""Pieces that several answers share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.auctions.states import BidKind
from marketplace.core.money import AmountText, Currency
from marketplace.media.schemas import MediaSize
from marketplace.media.states import MediaState

__all__ = ["AmountText", "BidLine", "CategoryRef", "Currency", "ImageOut", "Person"]

BidderName = Annotated[str, Meta(description="The bidder's public name, or `bidder 3` where names are not shown.")]


class Person(Struct, frozen=True, kw_only=True):
    id: UUID
    username: str


class CategoryRef(Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str


class ImageOut(Struct, frozen=True, kw_only=True):
    """A picture. Its addresses are there once it is `ready`; `thumbnail` fits into 600 pixels, `sizes` names all."""

    id: UUID
    alt: str
    position: int
    state: MediaState
    url: str | None
    thumbnail: str | None
    sizes: dict[str, MediaSize]


class BidLine(Struct, frozen=True, kw_only=True):
    """A bid as everybody may see it. `amount` is the price it led to, never anybody's maximum."""

    bid_no: Annotated[int, Meta(description="Its number in the lot's history.")]
    bidder: BidderName
    leader: Annotated[str, Meta(description="Who led after it.")]
    kind: BidKind
    amount: AmountText
    timestamp: datetime
    retracted: bool
