from typing import Final
from uuid import UUID

from marketplace.accounts import favorites
from marketplace.accounts.schemas.favorites import Favorite
from marketplace.core import rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order


class FavoriteFilters(Filters):
    target_type: str | None = None
    target_id: UUID | None = None


FAVORITES: Final = Listing(
    "favorites", FavoriteFilters, key=Order("f.id", "uuid"), default="-created_at",
    ordering={"created_at": Order("f.created_at", "timestamptz")}, date="f.created_at",
)  # fmt: skip


def _columns() -> str:
    return f"f.id, f.target_type, f.target_id, {favorites.any_card('f.target_type', 'f.target_id')} AS target, f.created_at"


async def list_favorites(user_id: UUID, listing: ListQuery[FavoriteFilters]) -> Envelope[Page[Favorite]]:
    wanted = listing.filters
    found = listing.rows("favorites f").columns(_columns()).where('f."user" = {}', user_id)
    found = found.when("f.target_type = {}", wanted.target_type).when("f.target_id = {}", wanted.target_id)
    return await found.page(Favorite)


async def get_favorite(user_id: UUID, target_type: str, target_id: UUID) -> Favorite:
    return await rows.one(
        Favorite,
        f'SELECT {_columns()} FROM favorites f WHERE f."user" = $1 AND f.target_type = $2 AND f.target_id = $3',
        user_id, target_type, target_id,
    )  # fmt: skip
