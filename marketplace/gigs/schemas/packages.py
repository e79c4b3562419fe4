from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import Amount
from marketplace.gigs.rules import MOST_FEATURES
from marketplace.gigs.schemas.common import Days, Line, Revisions
from marketplace.gigs.states import Tier

PackageTitle = Annotated[str, Meta(min_length=1, max_length=80)]
PackageText = Annotated[str, Meta(max_length=2000)]
Features = Annotated[list[Line], Meta(max_length=MOST_FEATURES, examples=[["3 drafts", "Source file"]])]


class PackageIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package in the gig's currency. The first of a gig is its main one."""

    tier: Tier
    title: PackageTitle
    description: PackageText = ""
    price: Amount
    delivery_days: Days
    revisions: Revisions | None = 0
    features: Features = []
    is_main: bool = False


class UpdatePackage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays. Orders keep the terms they were placed on."""

    tier: Tier | UnsetType = UNSET
    title: PackageTitle | UnsetType = UNSET
    description: PackageText | UnsetType = UNSET
    price: Amount | UnsetType = UNSET
    delivery_days: Days | UnsetType = UNSET
    revisions: Revisions | UnsetType | None = UNSET
    features: Features | UnsetType = UNSET
