from datetime import datetime
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.drafts import draft_of, patch_of
from marketplace.auctions.freshness import CACHED
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.queries import auctions as queries
from marketplace.auctions.queries.auctions import AuctionFilters, RunningFilters, SoonFilters
from marketplace.auctions.queries.sales import get_sale
from marketplace.auctions.schemas.auctions import (
    AuctionCard,
    AuctionOut,
    BuyNow,
    CreateAuction,
    EndAuction,
    MyAuctionCard,
    UpdateAuction,
)
from marketplace.auctions.schemas.sales import PaymentState, SaleOut
from marketplace.auctions.service import lifecycle
from marketplace.auctions.service import listing as listings
from marketplace.auctions.service.buy_now import buy_now
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


def actor_of(viewer: Viewer) -> Actor:
    return Actor(viewer.id, is_staff=viewer.is_staff)


class AuctionController(Controller):
    path = "/auctions"
    tags = ("Auctions",)

    @get(operation_id="listAuctions", opt={"public": True, "cache": CACHED, "listing": queries.AUCTIONS})
    async def list_all(
        self, listing: NamedDependency[ListQuery[AuctionFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[AuctionCard]]:
        """All auctions, newest first. Cancelled ones only with `status=cancelled`."""
        return await queries.list_auctions(listing, visitor)

    @post(operation_id="createAuction", opt={"idempotent": True})
    async def create(self, data: JSONBody[CreateAuction], viewer: NamedDependency[Viewer]) -> Envelope[AuctionOut]:
        """List something for sale: one lot, or several."""
        auction_id = await listings.create_auction(viewer.id, await draft_of(data))
        return ok(await queries.get_auction(auction_id, viewer), "The auction has been listed.")

    @get("/active", operation_id="listActiveAuctions", opt={"public": True, "cache": CACHED, "listing": queries.ACTIVE})
    async def list_active(
        self, listing: NamedDependency[ListQuery[RunningFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[AuctionCard]]:
        """Auctions that run now, the next to end first."""
        return await queries.list_active(listing, visitor)

    @get(
        "/ending-soon",
        operation_id="listEndingSoon",
        opt={"public": True, "cache": CACHED, "listing": queries.ENDING_SOON},
    )
    async def list_ending_soon(
        self, listing: NamedDependency[ListQuery[SoonFilters]], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[Page[AuctionCard]]:
        """Auctions that end within 24 hours, or within `hours`."""
        return await queries.list_ending_soon(listing, visitor)

    @get("/my-auctions", operation_id="listMyAuctions", opt={"listing": queries.MINE})
    async def list_mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[AuctionFilters]]
    ) -> Envelope[Page[MyAuctionCard]]:
        """What you sell, with your reserves."""
        return await queries.list_mine(listing, viewer)

    @get("/{auction_id:uuid}", operation_id="showAuction", opt={"public": True, "cache": CACHED})
    async def show(self, auction_id: FromPath[UUID], visitor: NamedDependency[Viewer | None]) -> Envelope[AuctionOut]:
        """One auction with its lots, images and newest bids, and, signed in, how you stand in it."""
        return ok(await queries.get_auction(auction_id, visitor))

    @patch("/{auction_id:uuid}", operation_id="updateAuction")
    async def update(
        self, auction_id: FromPath[UUID], data: JSONBody[UpdateAuction], viewer: NamedDependency[Viewer]
    ) -> Envelope[AuctionOut]:
        """Change your auction. Once there are bids, only its category, and the description may be added to."""
        await queries.check_visible(auction_id, viewer)
        await listings.update_auction(auction_id, actor_of(viewer), await patch_of(auction_id, data))
        return ok(await queries.get_auction(auction_id, viewer), "The auction has been changed.")

    @delete("/{auction_id:uuid}", operation_id="deleteAuction")
    async def remove(self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Delete your auction, before its first bid."""
        await queries.check_visible(auction_id, viewer)
        await listings.delete_auction(auction_id, actor_of(viewer))

    @post("/{auction_id:uuid}/activate", operation_id="activateAuction", status_code=HTTP_200_OK)
    async def activate(self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[AuctionOut]:
        """Start your auction now: its time begins to run."""
        await queries.check_visible(auction_id, viewer)
        await lifecycle.activate(auction_id, actor_of(viewer))
        return ok(await queries.get_auction(auction_id, viewer), "The auction runs.")

    @post("/{auction_id:uuid}/end", operation_id="endAuction", status_code=HTTP_200_OK)
    async def end(
        self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[EndAuction | None] = None
    ) -> Envelope[AuctionOut]:
        """End it early: the seller by selling to the leader, staff as it stands, with a reason."""
        await queries.check_visible(auction_id, viewer)
        wanted = data or EndAuction()
        await lifecycle.end_early(auction_id, actor_of(viewer), wanted.reason, wanted.lot_id)
        return ok(await queries.get_auction(auction_id, viewer), "The auction has ended.")

    @post("/{auction_id:uuid}/buy-now", operation_id="buyNow", opt={"idempotent": True})
    async def buy(
        self,
        auction_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        received_at: NamedDependency[datetime],
        data: JSONBody[BuyNow | None] = None,
    ) -> Envelope[SaleOut]:
        """Buy a lot outright, where that is offered; it ends. Refused with `buy_now_unavailable` once it is gone."""
        await queries.check_visible(auction_id, viewer)
        bought = await buy_now(LotRef(auction_id, data.lot_id if data else None), viewer.id, received_at)
        sale = await get_sale(bought.sale_id, viewer)
        is_paid = sale.payment_state is PaymentState.PAID
        return ok(sale, "It is yours, and paid." if is_paid else "It is yours. Pay by the date shown.")
