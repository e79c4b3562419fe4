from datetime import datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.auctions import bid_queue
from marketplace.auctions.answers import placed_bid
from marketplace.auctions.freshness import CACHED
from marketplace.auctions.locks import LotRef
from marketplace.auctions.queries import bids as queries
from marketplace.auctions.queries.bids import BidFilters, MyBidFilters, StandingFilters
from marketplace.auctions.schemas.bids import BidOut, MyBidOut, PlaceBid, PlacedBidOut, RetractBid
from marketplace.auctions.service.bids import BidRequest
from marketplace.auctions.service.retractions import retract_bid
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.errors import ValidationFailed
from marketplace.core.pagination import ListQuery


def lot_ref(auction_id: UUID | None, lot_id: UUID | None) -> LotRef:
    """Raises ValidationFailed where neither is named."""
    if auction_id is None and lot_id is None:
        raise ValidationFailed.of("auction_id", "This field is required.")
    return LotRef(auction_id, lot_id)


class BidController(Controller):
    path = "/bids"
    tags = ("Bids",)

    @post(operation_id="placeBid", opt={"idempotent": True})
    async def place(
        self, data: JSONBody[PlaceBid], viewer: NamedDependency[Viewer], received_at: NamedDependency[datetime]
    ) -> Envelope[PlacedBidOut]:
        """Bid. What you send is a maximum: the price rises no further than needed to lead.

        Refused with `bid_too_low` (details: `minimum`), `maximum_not_raised`, `auction_closed`, `auction_not_started`,
        `own_auction`, `lot_required`.
        """
        request = BidRequest(bidder_id=viewer.id, amount=data.amount, received_at=received_at, currency=data.currency)
        placed = await bid_queue.submit(lot_ref(data.auction_id, data.lot_id), request)
        message = "Your bid leads." if placed.leading else "Your bid counts, but a higher maximum stands."
        return ok(placed_bid(placed), message)

    @get(operation_id="listBids", opt={"public": True, "cache": CACHED, "listing": queries.BIDS})
    async def list_all(
        self, listing: NamedDependency[ListQuery[BidFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[BidOut]]:
        """The bids on one auction (`auction_id`), newest first. Nobody's maximum is shown."""
        return await queries.list_bids(listing, visitor)

    @get("/my-bids", operation_id="listMyBids", opt={"listing": queries.MY_BIDS})
    async def list_mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[MyBidFilters]]
    ) -> Envelope[Page[MyBidOut]]:
        """Every bid of yours, and how its lot stands."""
        return await queries.list_my_bids(listing, viewer)

    @get("/winning", operation_id="listWinningBids", opt={"listing": queries.STANDINGS})
    async def list_winning(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[StandingFilters]]
    ) -> Envelope[Page[MyBidOut]]:
        """The running lots you lead, with your highest bid on each."""
        return await queries.list_standings(listing, viewer, leading=True)

    @get("/losing", operation_id="listLosingBids", opt={"listing": queries.STANDINGS})
    async def list_losing(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[StandingFilters]]
    ) -> Envelope[Page[MyBidOut]]:
        """The running lots you have bid on and do not lead, with your highest bid on each."""
        return await queries.list_standings(listing, viewer, leading=False)

    @post("/{bid_id:uuid}/retract", operation_id="retractBid", status_code=HTTP_200_OK)
    async def retract(
        self,
        bid_id: FromPath[UUID],
        data: JSONBody[RetractBid],
        viewer: NamedDependency[Viewer],
        received_at: NamedDependency[datetime],
    ) -> Envelope[MyBidOut]:
        """Take a bid back, where the rules allow it: the lot is worked out anew, as if it had never been placed."""
        await retract_bid(bid_id, viewer.id, data.reason, received_at)
        return ok(await queries.get_my_bid(bid_id, viewer), "The bid has been taken back.")
