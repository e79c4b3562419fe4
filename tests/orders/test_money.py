"""Release, clearing, refund, freeze and resolution: where every cent goes."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, platform, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.errors import (
    NothingHeld,
    NotYetPaid,
    OrderFrozen,
    OrderNotFrozen,
    RefundExceedsPaid,
    ReleaseExceedsHeld,
    SplitNotExact,
)
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.locking import lock_order
from marketplace.orders.service import cancelling, completing, freezing, refunding, releasing, shipping
from marketplace.orders.shares import Shares, between, shared
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import a_user
from tests.factories.orders import (
    GOODS_KIND,
    a_checkout,
    an_order,
    hold_invariants,
    minor_in,
    minor_of,
    notes,
    pay,
    read,
    set_times,
    statuses,
)
from tests.factories.payments import look_again, work_off
from tests.factories.payouts import a_method, a_payout

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


async def earned(seller) -> tuple[int, int, int]:
    """Pending, available, debt of a seller."""
    return tuple([await minor_in(kind, seller) for kind in (K.SELLER_PENDING, K.SELLER_AVAILABLE, K.SELLER_NEGATIVE)])


async def a_completed(minor: int = 10_000, seller=None, **over):
    order_id = await an_order(minor, seller=seller, paid=True, **over)
    await completing.complete(order_id, None, "received")
    return order_id


async def cleared(order_id) -> None:
    await set_times(order_id, clears_at=timedelta(seconds=1))
    await timers.run_due()


async def release(order_id, minor=None) -> None:
    async with db.transaction():
        await releasing.release(await lock_order(order_id), None if minor is None else usd(minor))


async def refund(order_id, minor=None, **over):
    return await refunding.refund(order_id, None if minor is None else usd(minor), None, "Sorry.", **over)


def test_shares_of_any_parts_sum_to_the_whole():
    for total, fee, tax in ((100, 50, 50), (999, 100, 90), (1, 0, 1), (7, 1, 1), (1000, 0, 0), (3, 3, 0), (10, 0, 10)):
        steps = [between(at, at + 1, total=total, fee=fee, tax=tax) for at in range(total)]
        assert all(min(step.seller, step.fee, step.tax) >= 0 for step in steps)
        assert all(step.seller + step.fee + step.tax == 1 for step in steps)
        assert shared(total, total=total, fee=fee, tax=tax) == Shares(total - fee - tax, fee, tax)


async def test_a_completed_order_is_released_to_everybody():
    seller = (await a_user()).id
    fees, taxes = await minor_of(K.PLATFORM_FEE), await minor_of(K.TAX_PAYABLE)
    order_id = await a_completed(10_000, seller, tax=1_000)
    assert await earned(seller) == (9_000, 0, 0)
    assert await minor_of(K.PLATFORM_FEE) - fees == 1_000
    assert await minor_of(K.TAX_PAYABLE) - taxes == 1_000
    order = await db.fetch_row("SELECT * FROM orders WHERE id = $1", order_id)
    assert timedelta(days=13, hours=23) < order["clears_at"] - clock.now() <= timedelta(days=14)
    await hold_invariants()


async def test_parts_released_one_by_one_sum_to_the_whole():
    seller = (await a_user()).id
    order_id = await an_order(10_001, seller=seller, tax=777, paid=True)
    for minor in (1, 33, 5_000, 2):
        await release(order_id, minor)
        await hold_invariants()
    with pytest.raises(ReleaseExceedsHeld) as refused:
        await release(order_id, 100_000)
    assert refused.value.details == {"held": "57.42", "currency": "USD"}
    await completing.complete(order_id, None, "done")
    assert await earned(seller) == (10_001 - 1_000, 0, 0)
    await hold_invariants()


async def test_a_release_clears_when_its_time_has_come():
    seller = (await a_user()).id
    order_id = await a_completed(10_000, seller)
    await timers.run_due()
    assert await earned(seller) == (9_000, 0, 0)
    await cleared(order_id)
    assert await earned(seller) == (0, 9_000, 0)
    await releasing.clear(order_id, 10_000)
    assert await earned(seller) == (0, 9_000, 0)
    assert await db.fetch_val("SELECT cleared_at IS NOT NULL FROM orders WHERE id = $1", order_id)
    await hold_invariants()


async def test_each_part_clears_by_itself():
    seller = (await a_user()).id
    order_id = await an_order(10_000, seller=seller, paid=True)
    await release(order_id, 4_000)
    await release(order_id, 6_000)
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", f"{order_id}:4000")
    await timers.run_due()
    assert await earned(seller) == (5_400, 3_600, 0)
    await refund(order_id, 1_000)  # 900 of it the seller's, of what is pending
    assert await earned(seller) == (4_500, 3_600, 0)
    await db.execute("UPDATE timers SET due_at = now() WHERE key = $1", f"{order_id}:10000")
    await timers.run_due()
    assert await earned(seller) == (0, 8_100, 0)
    await hold_invariants()


async def test_the_top_tier_waits_for_less():
    await platform.change({"orders.top_tier_orders": 2, "orders.top_tier_refund_percent": 0}, None)
    seller = (await a_user()).id
    await a_completed(100, seller)
    order_id = await a_completed(100, seller)
    assert await db.fetch_val("SELECT clears_at < now() + interval '8 days' FROM orders WHERE id = $1", order_id)


async def test_a_refund_comes_out_of_escrow_while_there_is_something():
    buyer, seller = await a_user(), await a_user()
    order_id = await an_order(10_000, buyer=buyer.id, seller=seller.id, paid=True)
    await refund(order_id, 3_000)
    order = await read(order_id)
    assert (order.phase, order.held_minor, order.refunded_minor) == ("open", 7_000, 3_000)
    assert await minor_in(K.ESCROW, order_id) == 7_000
    await hold_invariants()
    await completing.complete(order_id, None, "received")
    assert await earned(seller.id) == (6_300, 0, 0)
    note = await db.fetch_row("SELECT * FROM invoices WHERE kind = 'credit_note'")
    assert (note["total_minor"], note["order_id"], note["recipient"]) == (3_000, order_id, buyer.id)
    assert note["corrects"] == await db.fetch_val("SELECT id FROM invoices WHERE kind = 'invoice'")
    await hold_invariants()


async def test_what_was_paid_from_the_wallet_goes_back_there():
    buyer = (await a_user()).id
    order_id = await an_order(10_000, buyer=buyer, paid="wallet")
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 0
    await refund(order_id, 3_000)
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 3_000
    await refund(order_id)
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 10_000
    assert (await read(order_id)).phase == "cancelled"
    await hold_invariants()


async def test_a_refund_after_release_takes_everybodys_share_back():
    seller, other = (await a_user()).id, (await a_user()).id
    fees, taxes = await minor_of(K.PLATFORM_FEE), await minor_of(K.TAX_PAYABLE)
    order_id = await a_completed(10_000, seller, tax=1_000)
    await a_completed(10_000, other)
    await refund(order_id, 5_500)
    assert await earned(seller) == (4_500, 0, 0)
    assert (await minor_of(K.PLATFORM_FEE) - fees, await minor_of(K.TAX_PAYABLE) - taxes) == (500 + 1_000, 500)
    await refund(order_id)
    assert await earned(seller) == (0, 0, 0)
    assert (await minor_of(K.PLATFORM_FEE) - fees, await minor_of(K.TAX_PAYABLE) - taxes) == (1_000, 0)
    assert (await statuses(order_id))[-2:] == ["delivered", "returned"]
    await hold_invariants()


async def test_the_seller_may_have_to_bear_the_commission():
    await platform.change({"orders.refund_returns_commission": False}, None)
    seller, fees = (await a_user()).id, await minor_of(K.PLATFORM_FEE)
    order_id = await a_completed(10_000, seller)
    await refund(order_id)
    assert await minor_of(K.PLATFORM_FEE) - fees == 1_000
    assert await earned(seller) == (0, 0, -1_000)
    await hold_invariants()


async def test_a_refund_takes_pending_then_available_then_makes_a_debt():
    seller = (await a_user()).id
    first = await a_completed(10_000, seller)
    await cleared(first)
    second = await a_completed(10_000, seller)
    assert await earned(seller) == (9_000, 9_000, 0)
    await refund(first, 5_000)
    assert await earned(seller) == (9_000, 4_500, 0), "what another order has pending is not touched"
    assert await paid_out(seller, 4_000) == 500
    await refund(first)
    assert await earned(seller) == (9_000, 0, -4_000)
    await cleared(second)
    assert await earned(seller) == (0, 5_000, 0), "what clears pays the debt first"
    await hold_invariants()


async def paid_out(seller, minor: int) -> int:
    """What is left."""
    await a_method(seller)
    await a_payout(seller, minor)
    return await minor_in(K.SELLER_AVAILABLE, seller)


async def test_no_more_is_refunded_than_was_paid():
    order_id = await an_order(10_000, paid=True)
    for minor in (6_000, 3_000):
        await refund(order_id, minor)
    with pytest.raises(RefundExceedsPaid) as refused:
        await refund(order_id, 1_001)
    assert refused.value.details == {"refundable": "10.00", "currency": "USD"}
    await refund(order_id, 1_000)
    with pytest.raises(RefundExceedsPaid):
        await refund(order_id)
    with pytest.raises(NotYetPaid):
        await refund(await an_order())
    await hold_invariants()


async def test_one_request_is_one_refund():
    order_id, request_id = await an_order(10_000, paid=True), uuid7()
    for _ in range(3):
        assert await refund(order_id, 1_000, request_id=request_id) == request_id
    assert (await read(order_id)).refunded_minor == 1_000


async def test_all_of_an_open_order_refunded_cancels_it_once():
    order_id = await an_order(10_000, paid=True)
    await refund(order_id, 9_000)
    assert (await read(order_id)).phase == "open"
    await refund(order_id)
    assert (await read(order_id)).phase == "cancelled"
    assert GOODS_KIND.told.count(("cancelled by staff", order_id)) == 1
    await work_off()
    await look_again()
    assert await db.fetch_val("SELECT count(*) FROM refunds WHERE status = 'succeeded'") == 2
    await hold_invariants()


async def test_cancelling_gives_back_what_is_left():
    buyer = (await a_user()).id
    order_id = await an_order(10_000, buyer=buyer, paid="wallet")
    await refund(order_id, 1_000)
    await release(order_id, 4_000)
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "it broke")
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 10_000
    order = await read(order_id)
    assert (order.phase, order.refunded_minor, order.held_minor) == ("cancelled", 10_000, 0)
    assert GOODS_KIND.told.count(("cancelled by staff", order_id)) == 1
    await hold_invariants()


async def test_a_frozen_order_is_not_cancelled():
    order_id = await an_order(10_000, paid=True)
    await freezing.freeze(order_id, "dispute", None, "It never came.")
    with pytest.raises(OrderFrozen):
        await cancelling.cancel(order_id, CancelledBy.STAFF, None, "")


async def test_a_frozen_orders_money_stays_where_it_is():
    order_id = await an_order(10_000, paid=True)
    seller = (await read(order_id)).seller
    await shipping.ship(order_id, seller, "DHL", "1")
    frozen = await freezing.freeze(order_id, "staff", None, "It never came.")
    assert frozen.frozen
    for deed in (
        lambda: release(order_id), lambda: refund(order_id), lambda: completing.complete(order_id, None, ""),
        lambda: freezing.freeze(order_id, "staff", None, "again"),
    ):  # fmt: skip
        with pytest.raises(OrderFrozen):
            await deed()
    await set_times(order_id, auto_complete_at=timedelta(days=1))
    await timers.run_due()
    assert (await read(order_id)).status == "shipped"
    await hold_invariants()


async def test_unfreezing_goes_on_where_it_stood():
    order_id = await an_order(10_000, paid=True)
    seller = (await read(order_id)).seller
    await shipping.ship(order_id, seller, "DHL", "1")
    await freezing.freeze(order_id, "staff", None, "It never came.")
    await db.execute("UPDATE orders SET frozen_at = frozen_at - interval '3 days' WHERE id = $1", order_id)
    before = (await read(order_id)).auto_complete_at
    thawed = await freezing.unfreeze(order_id, None, "It came.")
    assert timedelta(days=3) <= thawed.auto_complete_at - before < timedelta(days=3, minutes=1)
    await set_times(order_id, auto_complete_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).phase == "completed"
    with pytest.raises(OrderNotFrozen):
        await freezing.unfreeze(order_id, None, "")
    with pytest.raises(NothingHeld):
        await freezing.freeze(order_id, "staff", None, "too late")
    await hold_invariants()


@pytest.mark.parametrize("buyers, sellers", [(0, 10_000), (3_333, 6_667), (9_999, 1), (10_000, 0)])
async def test_a_resolution_splits_exactly(buyers, sellers):
    buyer, seller = (await a_user()).id, (await a_user()).id
    fees = await minor_of(K.PLATFORM_FEE)
    order_id = await an_order(10_000, buyer=buyer, seller=seller, paid="wallet")
    await freezing.freeze(order_id, "staff", None, "Half of it came.")
    for wrong in ((buyers + 1, sellers), (buyers, sellers - 1), (-1, 10_001)):
        with pytest.raises(SplitNotExact):
            await freezing.resolve(order_id, *wrong, None, "so be it")
    resolved = await freezing.resolve(order_id, buyers, sellers, None, "so be it")
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == buyers
    commission = await minor_of(K.PLATFORM_FEE) - fees
    assert commission == sellers * 1_000 // 10_000
    assert await earned(seller) == (sellers - commission, 0, 0)
    assert not resolved.frozen
    assert resolved.phase == ("completed" if sellers else "cancelled")
    await hold_invariants()


async def test_a_resolution_of_what_is_not_frozen_is_refused():
    order_id = await an_order(10_000, paid=True)
    with pytest.raises(OrderNotFrozen):
        await freezing.resolve(order_id, 0, 10_000, None, "")


async def test_clearing_waits_for_what_is_in_question():
    seller = (await a_user()).id
    order_id = await an_order(10_000, seller=seller, paid=True)
    await release(order_id, 4_000)
    await freezing.freeze(order_id, "staff", None, "?")
    await cleared(order_id)
    assert await earned(seller) == (3_600, 0, 0)
    await freezing.resolve(order_id, 1_000, 5_000, None, "so be it")
    assert await earned(seller) == (3_600 + 4_500, 0, 0)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'orders.clear'")
    await timers.run_due()
    assert await earned(seller) == (0, 3_600 + 4_500, 0)
    await hold_invariants()


async def disputed(payment_id, minor, state=State.OPEN) -> None:
    """The payer's bank says so."""
    outcome = Outcome(subject=Subject.DISPUTE, reference="dp_1", state=state, amount=usd(minor), reason="fraudulent")
    await apply_dispute(payment_id, outcome, source="webhook")


async def test_a_chargeback_takes_from_escrow_and_freezes():
    placed = await a_checkout((await a_user()).id, (await a_user()).id, minor=[10_000, 5_000])
    payment = await pay(placed.checkout_id)
    for _ in range(2):
        await disputed(payment, 15_000)
    for order in placed.orders:
        found = await read(order.id)
        assert (found.frozen_by, found.held_minor, found.refundable_minor) == ("chargeback", 0, 0)
    await hold_invariants()
    for _ in range(2):
        await disputed(payment, 15_000, State.WON)
    for order in placed.orders:
        found = await read(order.id)
        assert (found.frozen, found.held_minor, found.refunded_minor) == (False, found.total_minor, 0)
    await hold_invariants()


async def test_a_chargeback_that_is_lost_ends_the_order():
    placed = await a_checkout((await a_user()).id)
    payment = await pay(placed.checkout_id)
    await disputed(payment, 10_000)
    await disputed(payment, 10_000, State.LOST)
    assert (await read(placed.orders[0].id)).phase == "cancelled"
    await hold_invariants()


async def test_a_chargeback_after_all_is_paid_out_is_a_debt_and_its_win_pays_it():
    seller = (await a_user()).id
    fees = await minor_of(K.PLATFORM_FEE)
    placed = await a_checkout(seller, minor=[10_000])
    payment = await pay(placed.checkout_id)
    order_id = placed.orders[0].id
    await completing.complete(order_id, None, "received")
    await cleared(order_id)
    await paid_out(seller, 9_000)
    await disputed(payment, 10_000)
    assert await earned(seller) == (0, 0, -9_000)
    assert await minor_of(K.PLATFORM_FEE) == fees
    await hold_invariants()
    other = await a_completed(5_000, seller)
    await cleared(other)
    assert await earned(seller) == (0, 0, -4_500)
    await disputed(payment, 10_000, State.WON)
    assert await earned(seller) == (0, 4_500, 0)
    assert await minor_of(K.PLATFORM_FEE) - fees == 1_500
    await hold_invariants()


async def test_what_was_refunded_and_is_charged_back_all_the_same_is_the_sellers_debt():
    seller = (await a_user()).id
    placed = await a_checkout(seller, minor=[10_000])
    payment = await pay(placed.checkout_id)
    await refund(placed.orders[0].id)
    await disputed(payment, 10_000)
    assert await earned(seller) == (0, 0, -10_000)
    assert (await read(placed.orders[0].id)).refunded_minor == 10_000
    await disputed(payment, 10_000, State.WON)
    assert await earned(seller) == (0, 0, 0)
    await hold_invariants()


@pytest.mark.parametrize("end", [State.WON, State.LOST])
async def test_an_order_that_gave_nothing_to_a_bank_is_not_frozen_by_it(end):
    placed = await a_checkout((await a_user()).id, (await a_user()).id, minor=[10_000, 5_000])
    payment = await pay(placed.checkout_id)
    first = placed.orders[0].id
    await completing.complete(first, None, "received")
    await refund(first)
    await disputed(payment, 1_000)
    assert [(await read(order.id)).frozen for order in placed.orders] == [False, True]
    await disputed(payment, 1_000, end)
    assert [(await read(order.id)).frozen for order in placed.orders] == [False, False]
    await hold_invariants()


async def test_while_a_bank_decides_a_pending_release_does_not_clear():
    seller = (await a_user()).id
    placed = await a_checkout(seller, minor=[10_000])
    payment = await pay(placed.checkout_id)
    order_id = placed.orders[0].id
    await completing.complete(order_id, None, "received")
    await disputed(payment, 4_000)
    await cleared(order_id)
    assert await earned(seller) == (5_400, 0, 0)
    await disputed(payment, 4_000, State.WON)
    assert await earned(seller) == (9_000, 0, 0)
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'orders.clear'")
    await timers.run_due()
    assert await earned(seller) == (0, 9_000, 0)
    await hold_invariants()


async def test_the_history_tells_everything():
    order_id = await an_order(10_000, paid=True)
    seller = (await read(order_id)).seller
    await shipping.ship(order_id, seller, "DHL", "1")
    await refund(order_id, 100)
    await freezing.freeze(order_id, "staff", None, "It never came.")
    await freezing.unfreeze(order_id, None, "It came.")
    await completing.complete(order_id, None, "received")
    assert await notes(order_id) == [
        "Order created", "Payment confirmed. Order processing started.", "Shipped with DHL, tracking number 1", "Refunded 1.00 USD: Sorry.", "Frozen: It never came.",
        "Unfrozen: It came.", "received",
    ]  # fmt: skip
    assert await statuses(order_id) == ["pending", "processing", "shipped", "delivered"]
    await hold_invariants()
