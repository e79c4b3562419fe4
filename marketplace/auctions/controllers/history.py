from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.freshness import CACHED
from marketplace.auctions.queries import bids as queries
from marketplace.auctions.queries.auctions import check_visible
from marketplace.auctions.queries.bids import BidFilters, chains_of
from marketplace.auctions.record import verify_chain
from marketplace.auctions.schemas.bids import HistoryCheck, HistoryRow, LotCheck
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class HistoryController(Controller):
    path = "/bid-history"
    tags = ("Bid history",)

    @get(
        operation_id="listBidHistory",
        opt={"public": True, "cache": CACHED, "listing": queries.HISTORY, "refuses": (404,)},
    )
    async def list_all(
        self, listing: NamedDependency[ListQuery[BidFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[HistoryRow]]:
        """The append-only, hash-chained history of one auction (`auction_id`), as anybody can check it."""
        return await queries.list_history(listing, visitor)

    @get("/verify", operation_id="verifyBidHistory", opt={"public": True, "refuses": (404,)})
    async def verify(
        self,
        auction_id: FromQuery[UUID],
        visitor: NamedDependency[Viewer | None],
        lot_id: FromQuery[UUID | None] = None,
    ) -> Envelope[HistoryCheck]:
        """Work the chain of every lot out again, row by row: is the history what it was when it was written?"""
        await check_visible(auction_id, visitor)
        reports = [await verify_chain(one) for one in await chains_of(auction_id, lot_id)]
        lots = [
            LotCheck(
                lot_id=one.lot_id, intact=one.intact, length=one.length, head=one.head, broken_at=one.broken_at,
                problem=one.why,
            )
            for one in reports
        ]  # fmt: skip
        return ok(HistoryCheck(auction_id=auction_id, intact=all(one.intact for one in lots), lots=lots))
