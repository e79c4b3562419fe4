from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.payments.queries import payout_methods as method_queries
from marketplace.payments.queries import payouts as queries
from marketplace.payments.queries.payout_methods import MethodFilters
from marketplace.payments.queries.payouts import PayoutFilters
from marketplace.payments.schemas.payouts import (
    NewPayoutMethod,
    PayoutDetail,
    PayoutMethodOut,
    PayoutOut,
    RequestPayout,
)
from marketplace.payments.service import payout_methods, payouts
from marketplace.payments.service.wallet import pay_out


class PayoutController(Controller):
    path = "/payouts"
    tags = ("Payouts",)

    @get(operation_id="listPayouts", opt={"listing": queries.PAYOUTS})
    async def list_own(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[PayoutFilters]]
    ) -> Envelope[Page[PayoutOut]]:
        """Your payouts and withdrawals."""
        return await queries.list_payouts(listing, viewer.id)

    @post("/request", operation_id="requestPayout", opt={"idempotent": True})
    async def request(
        self, data: JSONBody[RequestPayout], viewer: NamedDependency[Viewer]
    ) -> Envelope[PayoutDetail]:  # fmt: skip
        """Have what you earned and has cleared paid out: all of it, or `amount`. The money leaves your balance at once.

        What you owe us is settled first. Larger sums wait for a second person of ours. Refuses with `nothing_to_pay_out`,
        `insufficient_funds`, `below_minimum`, `no_payout_method`, `payout_method_too_new` or `payouts_paused`.
        """
        payout_id = await pay_out(viewer.id, data.amount, data.currency, data.payout_method_id)
        return ok(await queries.get_payout(payout_id, viewer.id), "The payout has been requested.")

    @get("/{payout_id:uuid}", operation_id="showPayout")
    async def show(self, payout_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[PayoutDetail]:
        """One of your payouts, with what became of it and when."""
        return ok(await queries.get_payout(payout_id, viewer.id))

    @post("/{payout_id:uuid}/cancel", operation_id="cancelPayout", status_code=HTTP_200_OK, opt={"idempotent": True})
    async def cancel(self, payout_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[PayoutDetail]:
        """Take a payout back that has not been sent. The money is where it was. Refuses with `illegal_transition`."""
        await payouts.cancel(payout_id, viewer.id)
        return ok(await queries.get_payout(payout_id, viewer.id), "The payout has been cancelled.")

    @get("/methods", operation_id="listPayoutMethods", opt={"listing": method_queries.METHODS})
    async def list_methods(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[MethodFilters]]
    ) -> Envelope[Page[PayoutMethodOut]]:
        """Where your money may be sent. Destinations are masked."""
        return await method_queries.list_methods(listing, viewer.id)

    @post("/methods", operation_id="addPayoutMethod")
    async def add_method(
        self, data: JSONBody[NewPayoutMethod], viewer: NamedDependency[Viewer]
    ) -> Envelope[PayoutMethodOut]:
        """Add a place to send your money to. You are told by mail; it may have to wait before it can be used."""
        method_id = await payout_methods.add(viewer.id, data)
        return ok(await method_queries.get_method(method_id, viewer.id), "Payout method added")

    @delete("/methods/{method_id:uuid}", operation_id="removePayoutMethod")
    async def remove_method(self, method_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Remove one. Payouts that are on their way to it go on."""
        await payout_methods.remove(viewer.id, method_id)
