from datetime import datetime
from uuid import UUID

from litestar import Controller, HttpMethod, delete, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.controllers.bids import lot_ref
from marketplace.auctions.queries import bids as queries
from marketplace.auctions.queries.bids import AutoBidFilters
from marketplace.auctions.schemas.bids import AutoBidOut, CreateAutoBid, UpdateAutoBid
from marketplace.auctions.service import auto_bids
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class AutoBidController(Controller):
    path = "/auto-bids"
    tags = ("Auto-bids",)

    @get(operation_id="listAutoBids", opt={"listing": queries.AUTO_BIDS})
    async def list_all(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[AutoBidFilters]]
    ) -> Envelope[Page[AutoBidOut]]:
        """Your standing maxima; those you have taken back with `status=deleted`."""
        return await queries.list_auto_bids(listing, viewer)

    @post(operation_id="createAutoBid", opt={"idempotent": True})
    async def create(
        self, data: JSONBody[CreateAutoBid], viewer: NamedDependency[Viewer], received_at: NamedDependency[datetime]
    ) -> Envelope[AutoBidOut]:
        """Have the house bid for you, no more than needed, up to `max_bid`. It bids at once, by the rules of every bid."""
        ref = lot_ref(data.auction_id, data.lot_id)
        made = await auto_bids.create_rule(ref, viewer.id, data.max_bid, received_at)
        return ok(await queries.get_auto_bid(made.rule_id, viewer), "We bid for you up to your maximum.")

    @get("/{rule_id:uuid}", operation_id="showAutoBid")
    async def show(self, rule_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[AutoBidOut]:
        """One of your standing maxima."""
        return ok(await queries.get_auto_bid(rule_id, viewer))

    @route(
        "/{rule_id:uuid}",
        http_method=[HttpMethod.PUT, HttpMethod.PATCH],
        operation_id="raiseAutoBid",
        opt={"idempotent": True},
    )
    async def update(
        self,
        rule_id: FromPath[UUID],
        data: JSONBody[UpdateAutoBid],
        viewer: NamedDependency[Viewer],
        received_at: NamedDependency[datetime],
    ) -> Envelope[AutoBidOut]:
        """Raise a standing maximum; it is never lowered, only taken back."""
        await auto_bids.raise_rule(rule_id, viewer.id, data.max_bid, received_at)
        return ok(await queries.get_auto_bid(rule_id, viewer), "Your maximum has been raised.")

    @delete("/{rule_id:uuid}", operation_id="deleteAutoBid")
    async def remove(
        self, rule_id: FromPath[UUID], viewer: NamedDependency[Viewer], received_at: NamedDependency[datetime]
    ) -> None:
        """Take a standing maximum back. Where it leads, you go on leading at the price, which stays a bid of yours."""
        await auto_bids.delete_rule(rule_id, viewer.id, received_at)
