from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.auctions.queries import sales as queries
from marketplace.auctions.queries.sales import OfferFilters, SaleFilters
from marketplace.auctions.schemas.sales import OfferOut, SaleOut, StrikesOut
from marketplace.auctions.service import offers
from marketplace.auctions.service.strikes import suspended_until
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class SaleController(Controller):
    path = "/auctions"
    tags = ("Sales",)

    @get("/won", operation_id="listWon", opt={"listing": queries.SALES})
    async def won(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[SaleFilters]]
    ) -> Envelope[Page[SaleOut]]:
        """What you have bought, and what you still owe for it."""
        return await queries.list_sales(listing, viewer, as_buyer=True)

    @get("/sold", operation_id="listSold", opt={"listing": queries.SALES})
    async def sold(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[SaleFilters]]
    ) -> Envelope[Page[SaleOut]]:
        """What you have sold, and what is still owed to you."""
        return await queries.list_sales(listing, viewer, as_buyer=False)


class StrikeController(Controller):
    path = "/users/me/strikes"
    tags = ("Sales",)

    @get(operation_id="listMyStrikes")
    async def list_mine(self, viewer: NamedDependency[Viewer]) -> Envelope[StrikesOut]:
        """Wins you did not pay for, and until when you may not bid for it."""
        return ok(
            StrikesOut(
                strikes=await queries.list_strikes(viewer.id),
                suspended_until=await suspended_until(viewer.id),
            )
        )


class OfferController(Controller):
    path = "/second-chance-offers"
    tags = ("Second-chance offers",)

    @get(operation_id="listSecondChanceOffers", opt={"listing": queries.OFFERS})
    async def list_all(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[OfferFilters]]
    ) -> Envelope[Page[OfferOut]]:
        """Lots offered to you because their winner did not pay."""
        return await queries.list_offers(listing, viewer)

    @post("/{offer_id:uuid}/accept", operation_id="acceptSecondChanceOffer", opt={"idempotent": True})
    async def accept(self, offer_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[SaleOut]:
        """Buy the lot at your own maximum. It is binding."""
        sale_id = await offers.answer_offer(offer_id, viewer.id, accept=True)
        assert sale_id is not None, "an accepted offer is a sale"
        return ok(await queries.get_sale(sale_id, viewer), "The lot is yours. Pay by the date shown.")

    @post("/{offer_id:uuid}/decline", operation_id="declineSecondChanceOffer", status_code=HTTP_200_OK)
    async def decline(self, offer_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[OfferOut]:
        """Let it go."""
        await offers.answer_offer(offer_id, viewer.id, accept=False)
        return ok(await queries.get_offer(offer_id, viewer))
