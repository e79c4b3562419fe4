from typing import Final

from marketplace.catalog.schemas import TagOut
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Listing, NoFilters
from marketplace.core.pagination import ListQuery, Order

TAG: Final = "tags"
"""The tag of everything cached that shows tags."""

TAGS: Final = Listing(
    "tags", NoFilters, key=Order("id", "uuid"), default="-popularity", search=("name", "slug"),
    ordering={"popularity": Order("item_count", "bigint"), "name": Order("slug", "text")},
)  # fmt: skip

USED: Final = """(SELECT t.id, t.name, t.slug, u.item_count FROM tags t
  JOIN (SELECT tag, count(*) AS item_count FROM tag_items GROUP BY tag) AS u ON u.tag = t.id WHERE t.is_active) AS tag"""


async def list_tags(listing: ListQuery[NoFilters]) -> Envelope[Page[TagOut]]:
    """The tags in use, the most used first."""
    return await listing.rows(USED).columns("id, name, slug, item_count").page(TagOut)
