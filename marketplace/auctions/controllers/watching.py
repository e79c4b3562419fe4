from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.controllers.auctions import actor_of
from marketplace.auctions.queries import auctions as queries
from marketplace.auctions.queries.auctions import AuctionFilters
from marketplace.auctions.schemas.auctions import AuctionCard, Watching
from marketplace.auctions.service import watching
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class WatchController(Controller):
    path = "/auctions"
    tags = ("Watchlist",)

    @get("/watchlist", operation_id="listWatchedAuctions", opt={"listing": queries.WATCHED})
    async def watchlist(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[AuctionFilters]]
    ) -> Envelope[Page[AuctionCard]]:
        """The auctions you watch."""
        return await queries.list_watched(listing, viewer)

    @post("/{auction_id:uuid}/watch", operation_id="watchAuction", status_code=HTTP_200_OK)
    async def watch(self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[Watching]:
        """Put an auction on your watchlist. Doing it twice changes nothing."""
        count = await watching.watch(auction_id, actor_of(viewer))
        return ok(Watching(auction_id=auction_id, is_watched=True, watch_count=count))

    @delete("/{auction_id:uuid}/watch", operation_id="unwatchAuction")
    async def unwatch(self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Take an auction off your watchlist, whether or not it was on it."""
        await watching.unwatch(auction_id, viewer.id)
