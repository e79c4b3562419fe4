from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.core.idempotency import STEPWISE, request_key
from marketplace.subscriptions.plans import all_plans
from marketplace.subscriptions.queries.shown import get_state, get_subscribed, shown
from marketplace.subscriptions.schemas import (
    Cancel,
    ChangeMethod,
    ChangePlan,
    PlanOut,
    Subscribe,
    Subscribed,
    SubscriptionState,
)
from marketplace.subscriptions.service.changing import change
from marketplace.subscriptions.service.ending import cancel_own, resume_own
from marketplace.subscriptions.service.methods import use_method
from marketplace.subscriptions.service.subscribing import subscribe_or_change


class SubscriptionController(Controller):
    tags = ("Subscriptions",)

    @get("/subscriptions", operation_id="showSubscription")
    async def show(self, viewer: NamedDependency[Viewer]) -> Envelope[SubscriptionState]:
        """How it stands with your subscription, and what is open of it."""
        return ok(await get_state(viewer.id))

    @get("/payments/status", operation_id="showSubscriptionStatus")
    async def status(self, viewer: NamedDependency[Viewer]) -> Envelope[SubscriptionState]:
        """The same as `/subscriptions`."""
        return ok(await get_state(viewer.id))

    @get("/subscriptions/plans", operation_id="listPlans")
    async def plans(self, visitor: NamedDependency[Viewer | None]) -> Envelope[list[PlanOut]]:
        """What there is to subscribe to, and what it costs, tax included."""
        language = visitor.language if visitor else "en"
        return ok([shown(plan, language) for plan in await all_plans()])

    @post(["/subscriptions", "/payments/subscribe"], operation_id="subscribe", opt={"idempotent": STEPWISE})
    async def subscribe(self, data: JSONBody[Subscribe], viewer: NamedDependency[Viewer]) -> Envelope[Subscribed]:
        """Subscribe to a plan, or change to it from the one you have.

        It is active once its payment has succeeded; while that waits for you, `client_secret` (or `action_url`) is what to go on
        with. Renewals are paid with the same method.
        """
        charge = await subscribe_or_change(
            viewer.id, viewer.language, data.plan_id, provider=data.payment_method, method=data.payment_method_id,
            currency=data.currency, return_url=data.return_url, request_id=request_key("subscription"),
        )  # fmt: skip
        return ok(await get_subscribed(viewer.id, charge))

    @post(
        "/subscriptions/change",
        operation_id="changeSubscription",
        status_code=HTTP_200_OK,
        opt={"idempotent": STEPWISE},
    )
    async def change(self, data: JSONBody[ChangePlan], viewer: NamedDependency[Viewer]) -> Envelope[Subscribed]:
        """Change to another plan: a higher one when the difference for the rest of the period is paid, a lower one when the
        period ends. Naming the present plan takes back what was agreed."""
        charge = await change(
            viewer.id, data.plan_id, return_url=data.return_url, request_id=request_key("subscription")
        )
        return ok(await get_subscribed(viewer.id, charge))

    @post("/subscriptions/cancel", operation_id="cancelSubscription", status_code=HTTP_200_OK, opt={"idempotent": True})
    async def cancel(
        self, viewer: NamedDependency[Viewer], data: JSONBody[Cancel | None] = None
    ) -> Envelope[SubscriptionState]:
        """End your subscription with what is paid for, or `immediately`. Nothing is charged any more."""
        await cancel_own(viewer.id, immediately=data is not None and data.immediately)
        return ok(await get_state(viewer.id))

    @post(
        "/subscriptions/resume", operation_id="resumeSubscription", status_code=HTTP_200_OK,
        opt={"idempotent": True, "refuses": (404,)},
    )  # fmt: skip
    async def resume(self, viewer: NamedDependency[Viewer]) -> Envelope[SubscriptionState]:
        """Let a subscription that is about to end go on."""
        await resume_own(viewer.id)
        return ok(await get_state(viewer.id))

    @put("/subscriptions/payment-method", operation_id="changePaymentMethod", opt={"idempotent": STEPWISE})
    async def method(self, data: JSONBody[ChangeMethod], viewer: NamedDependency[Viewer]) -> Envelope[Subscribed]:
        """Pay for renewals with another method; one that has failed is tried at once."""
        charge = await use_method(
            viewer.id, provider=data.payment_method, method=data.payment_method_id, request_id=request_key("payment")
        )
        return ok(await get_subscribed(viewer.id, charge))


CONTROLLERS: list[ControllerRouterHandler] = [SubscriptionController]
