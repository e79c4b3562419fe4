from enum import StrEnum


class ItemKind(StrEnum):
    """What may be filed under a category or carry a tag."""

    AUCTION = "auction"
    GIG = "gig"
    PRODUCT = "product"
    SERVICE = "service"
    EVENT = "event"
    STREAM = "stream"
