"""Gigs where people look for them: by category, by tag, by words."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta

from marketplace.core.envelope import Envelope, Page
from marketplace.core.pagination import ListQuery
from marketplace.gigs.freshness import CACHED
from marketplace.gigs.queries import gigs as queries
from marketplace.gigs.queries.narrowing import FOUND, OF_CATEGORY, OF_TAG, GigFilters
from marketplace.gigs.schemas.gigs import GigCard


class FindingGigsController(Controller):
    tags = ("Gigs",)

    @get(
        "/categories/{category:str}/gigs",
        operation_id="listGigsOfCategory",
        opt={"public": True, "cache": CACHED, "listing": OF_CATEGORY},
    )
    async def of_category(
        self,
        category: FromPath[Annotated[str, Meta(max_length=80, description="Id or slug.")]],
        listing: NamedDependency[ListQuery[GigFilters]],
    ) -> Envelope[Page[GigCard]]:
        """The gigs of a category and of all below it."""
        return await queries.list_gigs_of_category(listing, category)

    @get(
        "/tags/{tag:str}/gigs",
        operation_id="listGigsWithTag",
        opt={"public": True, "cache": CACHED, "listing": OF_TAG},
    )
    async def with_tag(
        self,
        tag: FromPath[Annotated[str, Meta(max_length=60, description="A tag's slug.")]],
        listing: NamedDependency[ListQuery[GigFilters]],
    ) -> Envelope[Page[GigCard]]:
        """The gigs that carry a tag."""
        return await queries.list_gigs_with_tag(listing, tag)

    @get("/search/gigs", operation_id="searchGigs", opt={"public": True, "cache": CACHED, "listing": FOUND})
    async def found(self, listing: NamedDependency[ListQuery[GigFilters]]) -> Envelope[Page[GigCard]]:
        """The gigs that have every word of `search`, in English or Chinese, those first that fit best and are rated best."""
        return await queries.list_gigs(listing)
