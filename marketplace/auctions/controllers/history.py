from litestar import Controller, get
from litestar.di import NamedDependency

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.queries import bids as queries
from marketplace.auctions.queries.bids import BidFilters
from marketplace.auctions.schemas.bids import HistoryRow
from marketplace.core.envelope import Envelope, Page
from marketplace.core.pagination import ListQuery


class HistoryController(Controller):
    path = "/bid-history"
    tags = ("Bid history",)

    @get(operation_id="listBidHistory", opt={"public": True, "listing": queries.HISTORY})
    async def list_all(
        self, listing: NamedDependency[ListQuery[BidFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[HistoryRow]]:
        """The append-only, hash-chained history of one auction (`auction_id`), as anybody can check it."""
        return await queries.list_history(listing, visitor)
