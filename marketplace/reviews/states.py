from enum import StrEnum


class Side(StrEnum):
    """Whom a review speaks of: the seller, by who bought; or the client, by who sold to them."""

    SELLER = "seller"
    CLIENT = "client"


class Level(StrEnum):
    """What a seller's record amounts to, from nothing upwards."""

    NEW = "new"
    ONE = "one"
    TWO = "two"
    TOP = "top"
