from typing import Any
from uuid import UUID

import msgspec
from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin import money_service, service
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.core import db
from marketplace.orders import commission


class RefundForm(BaseModel):
    order: str = Field(title="Order's number or id")
    amount: str = Field("", title="Amount, such as 10.00; empty: all that is left")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class OrderForm(BaseModel):
    order: str = Field(title="Order's number or id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class SettleForm(BaseModel):
    order: str = Field(title="Order's number or id")
    buyer_amount: str = Field(title="Back to the buyer, such as 40.00")
    seller_amount: str = Field(title="To the seller, before commission; both sum to what is held")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class PayoutForm(BaseModel):
    payout_id: UUID = Field(title="Payout's id")


class RejectForm(BaseModel):
    payout_id: UUID = Field(title="Payout's id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


class BreakForm(BaseModel):
    break_id: UUID = Field(title="Break's id")
    note: str = Field(title="What it was, and how it was mended", min_length=5, max_length=1000)


class WebhookForm(BaseModel):
    event_id: UUID = Field(title="Event's id (ours)")


class CommissionForm(BaseModel):
    rules: str = Field(
        title='Rules, first match wins: [{"kind": "auction", "bps": 800}, {"bps": 1000}]; also "category", "seller_tier"'
    )
    reason: str = Field("", title="Why", max_length=1000)


async def order_meant(text: str) -> UUID:
    """The order that staff mean, by number or id."""
    text = text.strip()
    try:
        return UUID(text)
    except ValueError:
        found: UUID | None = await db.fetch_val("SELECT id FROM orders WHERE number = upper($1)", text)
    if found is None:
        raise ValueError(f"There is no order {text!r}.")
    return found


@as_staff(Role.MANAGER)
async def refund_order(request: Request, data: RefundForm) -> str:
    order = await order_meant(data.order)
    await money_service.refund_order(actor_id(request), order, data.amount.strip() or None, data.reason)
    return "The refund is on its way."


@as_staff(Role.MANAGER)
async def cancel_order(request: Request, data: OrderForm) -> str:
    await money_service.cancel_order(actor_id(request), await order_meant(data.order), data.reason)
    return "Cancelled; what was paid goes back."


@as_staff(Role.MANAGER)
async def freeze_order(request: Request, data: OrderForm) -> str:
    await money_service.freeze_order(actor_id(request), await order_meant(data.order), data.reason)
    return "Frozen: its money stays where it is."


@as_staff(Role.MANAGER)
async def unfreeze_order(request: Request, data: OrderForm) -> str:
    await money_service.unfreeze_order(actor_id(request), await order_meant(data.order), data.reason)
    return "Its money goes its way again."


@as_staff(Role.MANAGER)
async def settle_order(request: Request, data: SettleForm) -> str:
    order = await order_meant(data.order)
    await money_service.settle_order(actor_id(request), order, data.buyer_amount, data.seller_amount, data.reason)
    return "Settled."


@as_staff(Role.MANAGER)
async def approve_payout(request: Request, data: PayoutForm) -> str:
    await money_service.approve_payout(actor_id(request), data.payout_id)
    return "Approved; it is sent in a moment."


@as_staff(Role.MANAGER)
async def reject_payout(request: Request, data: RejectForm) -> str:
    await money_service.reject_payout(actor_id(request), data.payout_id, data.reason)
    return "Rejected; the money is back where it came from."


@as_staff(Role.MANAGER)
async def close_break(request: Request, data: BreakForm) -> str:
    await money_service.close_break(actor_id(request), data.break_id, data.note)
    return "Closed. Payouts go on once no break is open."


@as_staff(Role.MANAGER)
async def replay_webhook(request: Request, data: WebhookForm) -> str:
    await money_service.replay_webhook(actor_id(request), data.event_id)
    return "It is worked on again."


@as_staff(Role.ADMIN)
async def change_commission(request: Request, data: CommissionForm) -> str:
    try:
        rules: Any = msgspec.json.decode(data.rules)
    except msgspec.DecodeError as error:
        raise ValueError(f"That is no JSON: {error}") from None
    await service.change_settings(actor_id(request), {commission.RULES.key: rules}, data.reason)
    return "These rules hold for orders placed from now on."


FORMS = [
    FormConfig(
        "Refund an order", RefundForm, refund_order, "Whole or in part; from escrow, else from the seller.", "Orders"
    ),
    FormConfig("Cancel an order", OrderForm, cancel_order, "What was paid goes back to the buyer.", "Orders"),
    FormConfig("Freeze an order", OrderForm, freeze_order, "Its money stays where it is.", "Orders"),
    FormConfig("Unfreeze an order", OrderForm, unfreeze_order, "Its money goes its way again.", "Orders"),
    FormConfig("Settle a frozen order", SettleForm, settle_order, "Splits its escrow to the cent.", "Orders"),
    FormConfig("Approve a payout", PayoutForm, approve_payout, "As the second person; never one's own.", "Money"),
    FormConfig("Reject a payout", RejectForm, reject_payout, "The money goes back to where it came from.", "Money"),
    FormConfig(
        "Change commission", CommissionForm, change_commission, "An ordered list of rules; first match wins.", "Money"
    ),
    FormConfig("Close a break", BreakForm, close_break, "Payouts wait while one is open.", "Reconciliation"),
    FormConfig(
        "Replay a webhook",
        WebhookForm,
        replay_webhook,
        "Safe: what was heard before changes nothing.",
        "Reconciliation",
    ),
]
