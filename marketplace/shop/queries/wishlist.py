from typing import Final

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Listing, NoFilters
from marketplace.core.pagination import ListQuery, Order
from marketplace.shop.queries.shown import BESIDE, CARD, ON_SALE, SOURCE
from marketplace.shop.schemas.wishlist import WishOut

WISHES: Final = Listing(
    "products.wishlist", NoFilters, key=Order("w.id", "bigint"), default="-added_at",
    ordering={"added_at": Order("w.created_at", "timestamptz"), "price": Order("p.price_minor", "bigint")},
    date="w.created_at",
)  # fmt: skip


async def list_wishes(listing: ListQuery[NoFilters], viewer: Viewer) -> Envelope[Page[WishOut]]:
    """What the viewer would like to have and can be bought, the newest first. What is off the shelves comes back with its product."""
    rows = (
        listing.rows(f"product_wishes w JOIN {SOURCE.replace('products p', 'products p ON p.id = w.product', 1)}")
        .columns(
            f"(SELECT row_to_json(card) FROM (SELECT {CARD} FROM {BESIDE}) AS card) AS product, w.created_at AS added_at",
            viewer.id,
        )
        .where(f'w."user" = (SELECT {{}}::uuid) AND {ON_SALE}', viewer.id)
    )
    return await rows.page(WishOut)
