"""The staff's REST API for orders and money. Looking is for moderators, acting for managers."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.admin import money_queries as queries
from marketplace.admin import money_service as service
from marketplace.admin.money_queries import BreakFilters, OrderFilters, PaymentFilters, PayoutFilters
from marketplace.admin.money_schemas import (
    Reasoned,
    RefundOrder,
    SettleOrder,
    StaffBreakRow,
    StaffOrderRow,
    StaffPaymentRow,
    StaffPayoutRow,
)
from marketplace.core.envelope import Envelope, Page
from marketplace.core.pagination import ListQuery

ACTS = [requires(Role.MANAGER)]


class StaffMoneyController(Controller):
    path = "/admin"
    tags = ("Admin",)
    guards = [requires(Role.MODERATOR)]  # noqa: RUF012 - Litestar wants a list

    @get("/payments", operation_id="adminListPayments", opt={"listing": queries.PAYMENTS})
    async def payments(self, listing: NamedDependency[ListQuery[PaymentFilters]]) -> Envelope[Page[StaffPaymentRow]]:
        """Everybody's payments."""
        return await queries.list_payments(listing)

    @get("/orders", operation_id="adminListOrders", opt={"listing": queries.ORDERS})
    async def orders(self, listing: NamedDependency[ListQuery[OrderFilters]]) -> Envelope[Page[StaffOrderRow]]:
        """Everybody's orders, with where their money is."""
        return await queries.list_orders(listing)

    @get("/payouts", operation_id="adminListPayouts", opt={"listing": queries.PAYOUTS})
    async def payouts(self, listing: NamedDependency[ListQuery[PayoutFilters]]) -> Envelope[Page[StaffPayoutRow]]:
        """Everybody's payouts; `status=awaiting_approval` are those that wait for a second person."""
        return await queries.list_payouts(listing)

    @get("/reconciliation", operation_id="adminListBreaks", opt={"listing": queries.BREAKS})
    async def breaks(self, listing: NamedDependency[ListQuery[BreakFilters]]) -> Envelope[Page[StaffBreakRow]]:
        """What does not agree in the books. While one is open, no payout leaves."""
        return await queries.list_breaks(listing)


class StaffMoneyActsController(Controller):
    path = "/admin"
    tags = ("Admin",)
    guards = ACTS

    @post(
        "/orders/{order_id:uuid}/refund",
        operation_id="adminRefundOrder",
        status_code=HTTP_202_ACCEPTED,
        opt={"idempotent": True},
    )
    async def refund(
        self, order_id: FromPath[UUID], data: JSONBody[RefundOrder], viewer: NamedDependency[Viewer]
    ) -> None:
        """Give the buyer money back, whole or in part; it is sent in a moment."""
        await service.refund_order(viewer.id, order_id, data.amount, data.reason)

    @post(
        "/orders/{order_id:uuid}/cancel",
        operation_id="adminCancelOrder",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def cancel(self, order_id: FromPath[UUID], data: JSONBody[Reasoned], viewer: NamedDependency[Viewer]) -> None:
        """Call an order off; what was paid goes back."""
        await service.cancel_order(viewer.id, order_id, data.reason)

    @post(
        "/orders/{order_id:uuid}/freeze",
        operation_id="adminFreezeOrder",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def freeze(self, order_id: FromPath[UUID], data: JSONBody[Reasoned], viewer: NamedDependency[Viewer]) -> None:
        """Keep an order's money where it is until it is unfrozen or settled."""
        await service.freeze_order(viewer.id, order_id, data.reason)

    @post(
        "/orders/{order_id:uuid}/unfreeze",
        operation_id="adminUnfreezeOrder",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def unfreeze(
        self, order_id: FromPath[UUID], data: JSONBody[Reasoned], viewer: NamedDependency[Viewer]
    ) -> None:
        """Let an order's money go its way again."""
        await service.unfreeze_order(viewer.id, order_id, data.reason)

    @post(
        "/orders/{order_id:uuid}/settle",
        operation_id="adminSettleOrder",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def settle(
        self, order_id: FromPath[UUID], data: JSONBody[SettleOrder], viewer: NamedDependency[Viewer]
    ) -> None:
        """Split a frozen order's escrow between buyer and seller, to the cent."""
        await service.settle_order(viewer.id, order_id, data.buyer_amount, data.seller_amount, data.reason)

    @post(
        "/payouts/{payout_id:uuid}/approve",
        operation_id="adminApprovePayout",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def approve(self, payout_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Let a payout over the threshold go, as the second person."""
        await service.approve_payout(viewer.id, payout_id)

    @post(
        "/payouts/{payout_id:uuid}/reject",
        operation_id="adminRejectPayout",
        status_code=HTTP_204_NO_CONTENT,
        opt={"idempotent": True},
    )
    async def reject(
        self, payout_id: FromPath[UUID], data: JSONBody[Reasoned], viewer: NamedDependency[Viewer]
    ) -> None:
        """Refuse a payout: the money goes back to where it came from."""
        await service.reject_payout(viewer.id, payout_id, data.reason)

    @post("/reconciliation/{break_id:uuid}/close", operation_id="adminCloseBreak", status_code=HTTP_204_NO_CONTENT)
    async def close(self, break_id: FromPath[UUID], data: JSONBody[Reasoned], viewer: NamedDependency[Viewer]) -> None:
        """Say what it was and how it was mended. A later run opens it anew if it is still there."""
        await service.close_break(viewer.id, break_id, data.reason)

    @post("/webhook-events/{event_id:uuid}/replay", operation_id="adminReplayWebhook", status_code=HTTP_202_ACCEPTED)
    async def replay(self, event_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Work on a provider's event once more."""
        await service.replay_webhook(viewer.id, event_id)


CONTROLLERS = [StaffMoneyController, StaffMoneyActsController]
