"""Who is told of orders and money, from the event to the line in the inbox, in both languages."""

import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.notifications import money_texts
from marketplace.notifications.kinds import CATEGORY, Category, Kind
from marketplace.orders.events import (
    OrderCancelled,
    OrderCleared,
    OrderCompleted,
    OrderDelivered,
    OrderFrozen,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
    OrderReleased,
    OrderUnfrozen,
    ShipmentSent,
)
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
from tests.factories import a_user
from tests.factories.orders import an_order, read
from tests.notifications.test_handlers import emit, message, told

pytestmark = pytest.mark.usefixtures("tables")


async def an_event(**over):
    buyer, seller = await a_user(), await a_user()
    common = {
        "order_id": uuid7(), "number": "ORD-20261120-ABC123", "kind": "test_goods", "title": "A clock",
        "buyer_id": buyer.id, "seller_id": seller.id, "currency": "USD", "total": 12_345,
    }  # fmt: skip
    return buyer, seller, common | over


async def test_an_order_is_told_from_its_placing_to_its_clearing():
    buyer, seller, common = await an_event()
    await emit(
        OrderPlaced(checkout_id=uuid7(), **common),
        OrderPaid(payment_id=uuid7(), **common),
        ShipmentSent(
            shipment_id=uuid7(),
            part=1,
            carrier="DHL",
            tracking_number="123",
            tracking_url="",
            items=[],
            whole=True,
            **common,
        ),
        OrderDelivered(**common),
        OrderCompleted(by_silence=False, **common),
        OrderReleased(amount=12_345, seller_amount=11_111, **common),
        OrderCleared(amount=11_111, debt_paid=0, **common),
    )
    assert {kind for kind, _ in await told(buyer.id)} == {
        Kind.ORDER_PLACED, Kind.PAYMENT_RECEIVED, Kind.ORDER_SHIPPED, Kind.ORDER_DELIVERED,
    }  # fmt: skip
    assert {kind for kind, _ in await told(seller.id)} == {
        Kind.SALE_PAID, Kind.ORDER_COMPLETED, Kind.MONEY_RELEASED, Kind.MONEY_CLEARED,
    }  # fmt: skip
    assert "DHL 123" in await message(buyer.id, Kind.ORDER_SHIPPED)
    paid = await message(seller.id, Kind.SALE_PAID)
    assert "ORD-20261120-ABC123" in paid and "$123.45" in paid
    assert "$111.11" in await message(seller.id, Kind.MONEY_CLEARED)


@pytest.mark.parametrize(("by", "hear"), [("seller", ["buyer"]), ("buyer", ["seller"]), ("staff", ["buyer", "seller"])])
async def test_who_cancels_an_order_need_not_be_told(by, hear):
    buyer, seller, common = await an_event()
    await emit(OrderCancelled(by=by, reason="It broke.", was_paid=True, **common))
    heard = {name for name, user in (("buyer", buyer), ("seller", seller)) if await told(user.id)}
    assert heard == set(hear)


async def test_what_an_auction_tells_of_its_wins_is_not_told_twice():
    buyer, seller, common = await an_event(kind="auction")
    await emit(
        OrderPlaced(checkout_id=uuid7(), **common), OrderCancelled(by="expired", reason="", was_paid=False, **common)
    )
    assert await told(buyer.id) == await told(seller.id) == []


async def test_refunds_and_freezes_reach_both_sides():
    buyer, seller, common = await an_event()
    await emit(
        OrderRefunded(refund_id=uuid7(), amount=500, refunded=500, reason="A scratch.", **common),
        OrderFrozen(by="dispute", reason="", **common), OrderUnfrozen(by="dispute", reason="", **common),
    )  # fmt: skip
    for user in (buyer, seller):
        assert {kind for kind, _ in await told(user.id)} == {
            Kind.ORDER_REFUNDED, Kind.ORDER_FROZEN, Kind.ORDER_UNFROZEN,
        }  # fmt: skip
    assert "$5.00" in await message(buyer.id, Kind.ORDER_REFUNDED)


async def test_payments_wallets_and_payouts_reach_their_owner():
    user = await a_user()
    paid = {"payment_id": uuid7(), "payer_id": user.id, "amount": 700, "currency": "USD"}
    subject = {"purpose": "checkout", "subject": uuid7()}
    out = {"payout_id": uuid7(), "user_id": user.id, "amount": 900, "currency": "USD"}
    method = {"method_id": uuid7(), "user_id": user.id, "shown": "Bank ****1234"}
    await emit(
        PaymentFailed(failure_code="card_declined", **paid, **subject),
        PaymentFailed(failure_code="card_declined", **paid, **subject),
        PaymentSurplus(refund_id=uuid7(), **paid, **subject),
        RefundFailed(refund_id=uuid7(), order_id=None, failure_code="account_closed", **paid),
        DepositMade(payment_id=uuid7(), user_id=user.id, amount=100, currency="USD"),
        PayoutPaid(**out), PayoutFailed(reason="closed", **out), PayoutReturned(reason="closed", **out),
        PayoutRejected(reason="no", **out), PayoutMethodAdded(**method), PayoutMethodRemoved(**method),
    )  # fmt: skip
    found = await told(user.id)
    assert {kind for kind, _ in found} == {
        Kind.PAYMENT_FAILED, Kind.PAYMENT_RETURNED, Kind.REFUND_FAILED, Kind.DEPOSIT_MADE, Kind.PAYOUT_PAID,
        Kind.PAYOUT_FAILED, Kind.PAYOUT_METHOD_CHANGED,
    }  # fmt: skip
    assert (Kind.PAYMENT_FAILED, 2) in found, "tried again and again is one line"


async def test_a_chargeback_reaches_each_seller_of_what_was_paid():
    order = await read(await an_order())
    about = {
        "chargeback_id": uuid7(), "payment_id": uuid7(), "payer_id": order.buyer, "purpose": "checkout",
        "subject": order.checkout, "amount": 100, "currency": "USD",
    }  # fmt: skip
    await emit(ChargebackOpened(reason="fraud", **about), ChargebackClosed(won=True, **about))
    kinds = {kind for kind, _ in await told(order.seller)}
    assert {Kind.CHARGEBACK_OPENED, Kind.CHARGEBACK_CLOSED} <= kinds
    assert "decided for you" in await message(order.seller, Kind.CHARGEBACK_CLOSED)
    assert not await db.fetch_val(
        "SELECT count(*) FROM notifications WHERE \"user\" = $1 AND type LIKE 'chargeback%'", order.buyer
    )


def test_money_is_never_silent_and_every_text_is_in_both_languages():
    assert all(set(texts) == {"en", "zh"} for texts in money_texts.TEXTS.values())
    critical = {kind for kind in money_texts.TEXTS if CATEGORY[kind].is_critical}
    assert {Kind.PAYMENT_RECEIVED, Kind.ORDER_REFUNDED, Kind.PAYOUT_PAID, Kind.PAYOUT_METHOD_CHANGED} <= critical
    assert CATEGORY[Kind.ORDER_SHIPPED] is Category.ORDERS
