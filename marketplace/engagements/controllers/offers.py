from typing import Any, Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.engagements.queries import offers as queries
from marketplace.engagements.queries.offers import OfferFilters, get_offer
from marketplace.engagements.schemas.offers import CounterOffer, CustomOfferOut, DeclineOffer, MakeOffer
from marketplace.engagements.service import offering
from marketplace.engagements.service.offering import TermsChange

ONCE: Final[dict[str, Any]] = {"status_code": HTTP_200_OK, "opt": {"idempotent": True}}


class CustomOfferController(Controller):
    path = "/custom-offers"
    tags = ("Custom offers",)

    @get(operation_id="listCustomOffers", opt={"listing": queries.OFFERS})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[OfferFilters]]
    ) -> Envelope[Page[CustomOfferOut]]:
        """What you have offered and asked for, and what you were offered and asked for."""
        return await queries.list_offers(listing, viewer)

    @post(operation_id="makeCustomOffer", opt={"idempotent": True})
    async def make(self, data: JSONBody[MakeOffer], viewer: NamedDependency[Viewer]) -> Envelope[CustomOfferOut]:
        """Offer somebody terms of their own for a gig of yours; or ask a gig's seller for yours."""
        await ratelimit.hit("custom_offers", str(viewer.id))
        offer_id = await offering.make(
            viewer.id, data.gig_id, data.user_id, data.price, data.delivery_days, data.revisions, data.description,
            data.valid_days,
        )  # fmt: skip
        return ok(await get_offer(offer_id, viewer.id), "The offer has been made.")

    @get("/{custom_offer_id:uuid}", operation_id="showCustomOffer")
    async def show(self, custom_offer_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[CustomOfferOut]:
        """One that you made, or that was made to you."""
        return ok(await get_offer(custom_offer_id, viewer.id))

    @post("/{custom_offer_id:uuid}/counter", operation_id="counterCustomOffer", opt={"idempotent": True})
    async def counter(
        self, custom_offer_id: FromPath[UUID], data: JSONBody[CounterOffer], viewer: NamedDependency[Viewer]
    ) -> Envelope[CustomOfferOut]:
        """Answer an offer with terms of your own. It is over then; yours is the one that stands."""
        await ratelimit.hit("custom_offers", str(viewer.id))
        change = TermsChange(
            price=data.price, delivery_days=data.delivery_days, revisions=data.revisions, description=data.description
        )
        offer_id = await offering.counter(custom_offer_id, viewer.id, change, data.valid_days)
        return ok(await get_offer(offer_id, viewer.id), "Your counter-offer has been made.")

    @post("/{custom_offer_id:uuid}/accept", operation_id="acceptCustomOffer", **ONCE)
    async def accept(
        self, custom_offer_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[CustomOfferOut]:
        """Agree to its terms: `order_id` is the order, which its buyer pays."""
        await offering.accept(custom_offer_id, viewer.id)
        return ok(await get_offer(custom_offer_id, viewer.id), "The order has been placed.")

    @post("/{custom_offer_id:uuid}/decline", operation_id="declineCustomOffer", **ONCE)
    async def decline(
        self,
        custom_offer_id: FromPath[UUID],
        viewer: NamedDependency[Viewer],
        data: JSONBody[DeclineOffer | None] = None,
    ) -> Envelope[CustomOfferOut]:
        """Let it go."""
        await offering.decline(custom_offer_id, viewer.id, (data or DeclineOffer()).message)
        return ok(await get_offer(custom_offer_id, viewer.id), "The offer has been declined.")

    @post("/{custom_offer_id:uuid}/withdraw", operation_id="withdrawCustomOffer", **ONCE)
    async def withdraw(
        self, custom_offer_id: FromPath[UUID], viewer: NamedDependency[Viewer]
    ) -> Envelope[CustomOfferOut]:
        """Take back what you have offered."""
        await offering.withdraw(custom_offer_id, viewer.id)
        return ok(await get_offer(custom_offer_id, viewer.id), "The offer has been taken back.")
