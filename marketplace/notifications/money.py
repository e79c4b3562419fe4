"""What orders and payments tell, and who wants to know. Auctions' own news of sales (won, unpaid) are in `handlers`."""

from typing import Any, Final

from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.orders.events import (
    OrderCancelled,
    OrderCleared,
    OrderCompleted,
    OrderDelivered,
    OrderEvent,
    OrderFrozen,
    OrderPaid,
    OrderPartPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReleased,
    OrderUnfrozen,
)
from marketplace.orders.queries.checkouts import sales_of
from marketplace.payments.events import (
    ChargebackClosed,
    ChargebackOpened,
    DepositMade,
    PaymentFailed,
    PaymentSurplus,
    PayoutFailed,
    PayoutMethodAdded,
    PayoutMethodRemoved,
    PayoutPaid,
    PayoutRejected,
    PayoutReturned,
    RefundFailed,
)

AUCTION: Final = "auction"
"""Of a win its buyer hears from the auction, with what came before it; and so of one that was not paid."""
SUBSCRIPTION: Final = "subscription"
"""Of a period that was paid, or not, its subscriber hears from the subscription; the house does not hear of its own sales."""
GIG: Final = "gig"
"""What is paid for here is work, which is not sent."""
CHECKOUT: Final = "checkout"


def _of(event: OrderEvent, amount: int | None = None, reason: str = "") -> Details:
    return Details(
        order_id=event.order_id, number=event.number, title=event.title, currency=event.currency, reason=reason or None,
        amount=to_text(event.total if amount is None else amount, event.currency),
    )  # fmt: skip


@on(OrderPlaced)
async def tell_of_order(event: OrderPlaced) -> None:
    if event.kind not in (AUCTION, SUBSCRIPTION):
        await notify(Kind.ORDER_PLACED, _of(event), [event.buyer_id])


@on(OrderPaid)
async def tell_of_payment(event: OrderPaid) -> None:
    if event.kind != SUBSCRIPTION:
        await _tell_paid(event, event.amount)


@on(OrderPartPaid)
async def tell_of_paid_part(event: OrderPartPaid) -> None:
    await _tell_paid(event, event.amount)


async def _tell_paid(event: OrderEvent, amount: int | None) -> None:
    await notify(Kind.PAYMENT_RECEIVED, _of(event, amount), [event.buyer_id])
    await notify(Kind.WORK_PAID if event.kind == GIG else Kind.SALE_PAID, _of(event, amount), [event.seller_id])


@on(OrderDelivered)
async def tell_of_delivery(event: OrderDelivered) -> None:
    await notify(Kind.ORDER_DELIVERED, _of(event), [event.buyer_id])


@on(OrderCompleted)
async def tell_of_receipt(event: OrderCompleted) -> None:
    await notify(Kind.ORDER_COMPLETED, _of(event), [event.seller_id])


@on(OrderCancelled)
async def tell_of_cancelled_order(event: OrderCancelled) -> None:
    if event.kind == SUBSCRIPTION or (event.kind == AUCTION and event.by == "expired"):
        return
    others = {event.buyer_id, event.seller_id} - {_who(event)}
    await notify(Kind.ORDER_CANCELLED, _of(event, reason=event.reason), others)


def _who(event: OrderCancelled) -> Any:
    return {"buyer": event.buyer_id, "seller": event.seller_id}.get(event.by)


@on(OrderRefunded)
async def tell_of_refund(event: OrderRefunded) -> None:
    details = _of(event, event.amount, event.reason)
    await notify(Kind.ORDER_REFUNDED, details, [event.buyer_id, event.seller_id])


@on(OrderFrozen)
async def tell_of_freeze(event: OrderFrozen) -> None:
    await notify(Kind.ORDER_FROZEN, _of(event, reason=event.reason), [event.buyer_id, event.seller_id])


@on(OrderUnfrozen)
async def tell_of_thaw(event: OrderUnfrozen) -> None:
    await notify(Kind.ORDER_UNFROZEN, _of(event, reason=event.reason), [event.buyer_id, event.seller_id])


@on(OrderReleased)
async def tell_of_release(event: OrderReleased) -> None:
    if event.seller_amount:
        await notify(Kind.MONEY_RELEASED, _of(event, event.seller_amount), [event.seller_id])


@on(OrderCleared)
async def tell_of_clearing(event: OrderCleared) -> None:
    if event.amount:
        await notify(Kind.MONEY_CLEARED, _of(event, event.amount), [event.seller_id])


@on(PaymentFailed)
async def tell_of_failed_payment(event: PaymentFailed) -> None:
    await notify(Kind.PAYMENT_FAILED, _paid(event), [event.payer_id], key=f"payment:{event.subject}")


@on(PaymentSurplus)
async def tell_of_returned_payment(event: PaymentSurplus) -> None:
    await notify(Kind.PAYMENT_RETURNED, _paid(event), [event.payer_id])


@on(RefundFailed)
async def tell_of_failed_refund(event: RefundFailed) -> None:
    await notify(Kind.REFUND_FAILED, _paid(event), [event.payer_id])


@on(DepositMade)
async def tell_of_deposit(event: DepositMade) -> None:
    await notify(Kind.DEPOSIT_MADE, _paid(event), [event.user_id])


def _paid(event: PaymentFailed | PaymentSurplus | RefundFailed | DepositMade) -> Details:
    amount = to_text(event.amount, event.currency)
    return Details(payment_id=event.payment_id, amount=amount, currency=event.currency)


@on(PayoutPaid)
async def tell_of_payout(event: PayoutPaid) -> None:
    details = Details(
        payout_id=event.payout_id, amount=to_text(event.amount, event.currency), currency=event.currency
    )  # fmt: skip
    await notify(Kind.PAYOUT_PAID, details, [event.user_id])


@on(PayoutFailed, PayoutReturned, PayoutRejected)
async def tell_of_failed_payout(event: Any) -> None:
    details = Details(
        payout_id=event.payout_id, amount=to_text(event.amount, event.currency), currency=event.currency,
        reason=event.reason or None,
    )  # fmt: skip
    await notify(Kind.PAYOUT_FAILED, details, [event.user_id])


@on(PayoutMethodAdded, PayoutMethodRemoved)
async def tell_of_payout_method(event: Any) -> None:
    sign = "+" if isinstance(event, PayoutMethodAdded) else "-"
    await notify(Kind.PAYOUT_METHOD_CHANGED, Details(reason=f"{sign} {event.shown}"), [event.user_id])


@on(ChargebackOpened)
async def tell_of_chargeback(event: ChargebackOpened) -> None:
    await _tell_sellers(Kind.CHARGEBACK_OPENED, event)


@on(ChargebackClosed)
async def tell_of_decided_chargeback(event: ChargebackClosed) -> None:
    await _tell_sellers(Kind.CHARGEBACK_CLOSED, event, "won" if event.won else "lost")


async def _tell_sellers(kind: Kind, event: ChargebackOpened | ChargebackClosed, reason: str | None = None) -> None:
    """Each seller of what was paid, with their own order."""
    if event.purpose != CHECKOUT:
        return
    for sale in await sales_of(event.subject):
        details = Details(
            order_id=sale.order_id, number=sale.number, amount=to_text(event.amount, event.currency),
            currency=event.currency, reason=reason,
        )  # fmt: skip
        await notify(kind, details, [sale.seller])
