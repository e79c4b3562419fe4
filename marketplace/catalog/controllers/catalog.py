"""The tree of categories, and tags."""

from typing import Annotated, Any, Literal

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.catalog.queries import categories
from marketplace.catalog.queries import tags as carried
from marketplace.catalog.schemas import CategoryDetail, CategoryOut, TagOut
from marketplace.core import i18n
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.filters import Filters, Listing, NoFilters
from marketplace.core.pagination import ListQuery, Order

HOUR = categories.HOUR
Language = Annotated[
    Literal["en", "zh"], Meta(description="The language of names; else the account's, else Accept-Language.")
]


class CategoryFilters(Filters):
    language: Language | None = None


CATEGORIES = Listing(
    "categories", CategoryFilters, key=Order("id", "uuid"), default="position",
    ordering={name: Order(name, "text") for name in ("position", "name", "item_count")},
)  # fmt: skip


class CategoryController(Controller):
    tags = ("Catalog",)

    @get("/categories/", operation_id="listCategories", opt={"listing": CATEGORIES, "cache": (categories.TAG, HOUR)})
    async def list_categories(
        self,
        request: Request[Any, Any, Any],
        listing: NamedDependency[ListQuery[CategoryFilters]],
        visitor: NamedDependency[Viewer | None],
    ) -> Envelope[Page[CategoryOut]]:
        """The categories from the top, each with all below it in `children`."""
        language = language_of(request, listing.filters.language, visitor)
        return listing.of(categories.ordered(await categories.get_tree(language), listing.sorts))

    @get("/categories/{category:str}/", operation_id="getCategory", opt={"cache": (categories.TAG, HOUR)})
    async def get_category(
        self,
        request: Request[Any, Any, Any],
        category: FromPath[Annotated[str, Meta(max_length=80, description="Id or slug.")]],
        visitor: NamedDependency[Viewer | None],
        language: FromQuery[Language | None] = None,
    ) -> Envelope[CategoryDetail]:
        """One category by id or slug, with all below it and the way to it."""
        return ok(await categories.get_category(category, language_of(request, language, visitor)))


class TagController(Controller):
    tags = ("Catalog",)

    @get("/tags/", operation_id="listTags", opt={"listing": carried.TAGS, "cache": (carried.TAG, HOUR)})
    async def list_tags(self, listing: NamedDependency[ListQuery[NoFilters]]) -> Envelope[Page[TagOut]]:
        """The tags in use, the most used first; `search` finds those that contain a word."""
        return await carried.list_tags(listing)


def language_of(request: Request[Any, Any, Any], asked: str | None, visitor: Viewer | None) -> str:
    if asked:
        return asked
    return i18n.language_of(visitor.language) if visitor else i18n.negotiate(request.headers.get("accept-language"))
