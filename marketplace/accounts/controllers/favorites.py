from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from marketplace.accounts.queries.favorites import FAVORITES, FavoriteFilters, list_favorites
from marketplace.accounts.schemas.favorites import Favorite, NewFavorite
from marketplace.accounts.service import favorites
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class FavoriteController(Controller):
    path = "/users/favorites"
    tags = ("Favourites",)

    @get(operation_id="listFavorites", opt={"listing": FAVORITES})
    async def list_own(
        self, listing: NamedDependency[ListQuery[FavoriteFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[Favorite]]:
        """What you have kept, the latest first."""
        return await list_favorites(viewer.id, listing)

    @post(
        operation_id="addFavorite",
        responses={HTTP_200_OK: ResponseSpec(Envelope[Favorite], description="It was one already.")},
    )
    async def add(self, data: JSONBody[NewFavorite], viewer: NamedDependency[Viewer]) -> Response[Envelope[Favorite]]:
        """Keep something. Safe to repeat: 201 the first time, 200 with the same favourite after that."""
        favorite, is_new = await favorites.add_favorite(viewer.id, data)
        return Response(ok(favorite), status_code=HTTP_201_CREATED if is_new else HTTP_200_OK)

    @delete("/{favorite_id:uuid}", operation_id="removeFavorite")
    async def remove(self, favorite_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Keep something no longer."""
        await favorites.remove_favorite(viewer.id, favorite_id)
