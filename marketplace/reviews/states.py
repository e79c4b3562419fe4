from enum import StrEnum


class ReviewKind(StrEnum):
    """What a review is about."""

    PRODUCT = "product"
