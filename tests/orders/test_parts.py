"""Orders that are paid in parts: one after the other, each with a payment, an invoice and refunds of its own."""

from datetime import timedelta

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db, platform, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.states import AccountKind as K
from marketplace.orders.errors import NotInParts, OrderFrozen, PartsNotExact, RefundExceedsPaid
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.locking import lock_order
from marketplace.orders.queries.checkouts import checkout_of_order
from marketplace.orders.queries.refunds import get_refunded
from marketplace.orders.service import cancelling, completing, dividing, freezing, refunding, releasing
from marketplace.orders.service.dividing import Planned
from marketplace.orders.service.paying import PURPOSE
from marketplace.payments.errors import NotPayable
from marketplace.payments.providers.base import Outcome, State, Subject
from marketplace.payments.service import completing as payments_completing
from marketplace.payments.service import paying
from marketplace.payments.service.chargebacks import apply_dispute
from tests.factories import a_user, signed_in
from tests.factories.orders import (
    GOODS_KIND,
    an_order,
    an_order_in_parts,
    have_next_due,
    hold_invariants,
    minor_in,
    minor_of,
    notes,
    parts,
    pay,
    pay_part,
    read,
    set_times,
)
from tests.factories.payments import work_off
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


def usd(minor: int) -> Money:
    return Money(minor, "USD")


async def divide(order_id, *minors):
    async with db.transaction():
        return await dividing.divide(
            await lock_order(order_id), [Planned(f"Part {n}", m) for n, m in enumerate(minors)]
        )


async def release(order_id, minor=None) -> None:
    async with db.transaction():
        await releasing.release(await lock_order(order_id), None if minor is None else usd(minor))


async def given_back(order_id) -> list[int]:
    """Of each part, first to last, as its payment has it."""
    rows = await db.fetch(
        "SELECT p.refunded_minor FROM order_parts x JOIN payments p ON p.subject = x.checkout AND p.status = 'succeeded' "
        'WHERE x."order" = $1 ORDER BY x.position',
        order_id,
    )
    return [row["refunded_minor"] for row in rows]


async def test_the_first_part_starts_it_and_each_further_one_adds_to_it():
    order_id = await an_order_in_parts(2_000, 3_000, 5_000)
    checkout = await checkout_of_order(order_id, (await read(order_id)).buyer)
    await pay(checkout)
    order = await read(order_id)
    assert (order.phase, order.captured_minor, order.total_minor, order.checkout) == ("open", 2_000, 10_000, checkout)
    await hold_invariants()
    for position, captured in ((2, 5_000), (3, 10_000)):
        assert (await have_next_due(order_id)).position == position
        await pay_part(order_id)
        assert (await read(order_id)).captured_minor == captured
        assert await minor_in(K.ESCROW, order_id) == captured
        await hold_invariants()
    told = [what for what, told_of in GOODS_KIND.told if told_of == order_id]
    assert told == ["paid", "part 2 paid", "part 3 paid"]
    assert (await notes(order_id))[1:] == [
        "Payment confirmed. Order processing started.",
        "Payment confirmed: Part 2",
        "Payment confirmed: Part 3",
    ]
    assert await have_next_due(order_id) is None


async def test_nothing_is_due_before_its_turn():
    order_id = await an_order_in_parts(2_000, 8_000, paid=1)
    buyer = (await read(order_id)).buyer
    paid, waiting = [part.checkout for part in await parts(order_id)]
    assert await checkout_of_order(order_id, buyer) == paid
    for checkout in (paid, waiting):
        with pytest.raises(NotPayable):
            await paying.start(buyer, PURPOSE, checkout, "sandbox", method="pm_card_ok")
    assert (await have_next_due(order_id)).checkout == waiting
    assert await have_next_due(order_id) is None, "it is due already"
    assert await checkout_of_order(order_id, buyer) == waiting
    await pay(waiting, "wallet")
    assert (await read(order_id)).captured_minor == 10_000


async def test_shares_released_in_parts_sum_to_what_was_agreed():
    seller = (await a_user()).id
    fees, taxes = await minor_of(K.PLATFORM_FEE), await minor_of(K.TAX_PAYABLE)
    order_id = await an_order_in_parts(3_333, 3_333, 3_335, seller=seller, tax=777)
    for n in range(3):
        if n:
            await have_next_due(order_id)
        await pay_part(order_id)
        await release(order_id)
        await hold_invariants()
    await completing.complete(order_id, None, "done")
    order = await read(order_id)
    assert (order.released_minor, order.held_minor) == (10_001, 0)
    assert await minor_of(K.PLATFORM_FEE) - fees == order.commission_minor
    assert await minor_of(K.TAX_PAYABLE) - taxes == 777
    assert await minor_in(K.SELLER_PENDING, seller) == 10_001 - 777 - order.commission_minor
    await hold_invariants()


async def test_what_was_never_paid_is_never_released_refunded_or_invoiced():
    seller = (await a_user()).id
    order_id = await an_order_in_parts(4_000, 6_000, paid=1, seller=seller)
    await have_next_due(order_id)
    await completing.complete(order_id, None, "That will do.")
    order = await read(order_id)
    assert (order.phase, order.captured_minor, order.released_minor) == ("completed", 4_000, 4_000)
    assert await minor_in(K.SELLER_PENDING, seller) == 3_600
    await hold_invariants()
    with pytest.raises(NotPayable):
        await paying.start(order.buyer, PURPOSE, (await parts(order_id))[1].checkout, "sandbox", method="pm_card_ok")
    with pytest.raises(RefundExceedsPaid):
        await refunding.refund(order_id, usd(4_001), None, "")
    assert [row["total_minor"] for row in await db.fetch("SELECT total_minor FROM invoices")] == [4_000]


async def test_a_refund_takes_from_the_last_payment_first():
    buyer = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=3, buyer=buyer, provider="wallet")
    await release(order_id, 2_000)
    for minor, after in ((1_000, [0, 0, 1_000]), (6_000, [0, 2_000, 5_000]), (3_000, [2_000, 3_000, 5_000])):
        await refunding.refund(order_id, usd(minor), None, "Sorry.")
        assert await given_back(order_id) == after
        await hold_invariants()
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 10_000
    assert (await read(order_id)).phase == "cancelled"


async def test_one_request_over_several_payments_is_the_same_when_it_comes_again():
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=3)
    request = uuid7()
    for _ in range(2):
        assert await refunding.refund(order_id, usd(9_000), None, "Sorry.", request_id=request) == request
    assert await db.fetch_val("SELECT count(*) FROM refunds") == 3
    assert await get_refunded(request) == (9_000, "USD")
    assert await given_back(order_id) == [1_000, 3_000, 5_000]
    assert (await notes(order_id)).count("Refunded 90.00 USD: Sorry.") == 1
    await work_off()
    await hold_invariants()


async def test_parts_paid_in_different_ways_go_back_where_they_came_from():
    buyer = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 8_000, paid=1, buyer=buyer)
    await have_next_due(order_id)
    await pay_part(order_id, "wallet")
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    assert await minor_in(K.WALLET_AVAILABLE, buyer) == 8_000
    assert await minor_of(K.REFUND_CLEARING, provider="sandbox") == 2_000
    assert (await read(order_id)).refunded_minor == 10_000
    await work_off()
    assert await minor_of(K.REFUND_CLEARING, provider="sandbox") == 0
    await hold_invariants()


async def test_cancelling_gives_back_what_is_held_and_leaves_what_was_released():
    seller = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=2, seller=seller)
    await release(order_id, 1_500)
    await have_next_due(order_id)
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    order = await read(order_id)
    assert (order.phase, order.released_minor, order.refunded_minor, order.held_minor) == ("cancelled", 1_500, 3_500, 0)
    assert await given_back(order_id) == [500, 3_000]
    assert await minor_in(K.SELLER_PENDING, seller) == 1_350
    await hold_invariants()
    await set_times(order_id, clears_at=timedelta(seconds=1))
    await timers.run_due()
    assert await minor_in(K.SELLER_AVAILABLE, seller) == 1_350
    await refunding.refund(order_id, None, None, "All of it, after all.")
    assert (await read(order_id)).refundable_minor == 0
    await hold_invariants()


@pytest.mark.parametrize(
    "buyers,sellers,phase", [(3_000, 0, "completed"), (0, 3_000, "completed"), (1_001, 1_999, "completed")]
)
async def test_a_dispute_splits_what_is_held(buyers, sellers, phase):
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=2)
    await release(order_id, 2_000)
    await freezing.freeze(order_id, "dispute", None, "?")
    resolved = await freezing.resolve(order_id, buyers, sellers, None, "so be it")
    assert (resolved.phase, resolved.held_minor) == (phase, 0)
    assert (resolved.released_minor, resolved.refunded_minor) == (2_000 + sellers, buyers)
    await hold_invariants()


async def test_a_split_over_several_payments_cancels_where_all_goes_back():
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=2)
    await freezing.freeze(order_id, "dispute", None, "?")
    resolved = await freezing.resolve(order_id, 5_000, 0, None, "so be it")
    assert (resolved.phase, resolved.refunded_minor) == ("cancelled", 5_000)
    assert await given_back(order_id) == [2_000, 3_000]
    await hold_invariants()


async def test_while_it_is_frozen_nothing_is_due_and_what_comes_in_goes_back():
    order_id = await an_order_in_parts(2_000, 8_000, paid=1)
    order = await read(order_id)
    part = await have_next_due(order_id)
    begun = await paying.start(order.buyer, PURPOSE, part.checkout, "sandbox", method="pm_card_3ds")
    await freezing.freeze(order_id, "dispute", None, "?")
    with pytest.raises(NotPayable):
        await paying.pay_from_wallet(order.buyer, PURPOSE, part.checkout)
    reference = await db.fetch_val("SELECT reference FROM payments WHERE id = $1", begun)
    outcome = Outcome(
        subject=Subject.CHARGE, reference=reference, state=State.SUCCEEDED, amount=usd(8_000), our_id=begun
    )
    await payments_completing.apply(begun, outcome, source="webhook")
    assert await db.fetch_val("SELECT surplus FROM payments WHERE id = $1", begun)
    assert (await read(order_id)).captured_minor == 2_000
    with pytest.raises(OrderFrozen):
        await divide(order_id, 4_000, 4_000)
    await freezing.unfreeze(order_id, None, "!")
    await pay(part.checkout, "wallet")
    assert (await read(order_id)).captured_minor == 10_000


async def test_a_webhook_of_a_part_five_times_is_paid_once():
    order_id = await an_order_in_parts(2_000, 8_000, paid=1)
    order = await read(order_id)
    part = await have_next_due(order_id)
    begun = await paying.start(order.buyer, PURPOSE, part.checkout, "sandbox", method="pm_card_3ds")
    reference = await db.fetch_val("SELECT reference FROM payments WHERE id = $1", begun)
    outcome = Outcome(
        subject=Subject.CHARGE, reference=reference, state=State.SUCCEEDED, amount=usd(8_000), our_id=begun
    )
    for _ in range(5):
        await payments_completing.apply(begun, outcome, source="webhook")
    order = await read(order_id)
    assert (order.captured_minor, order.held_minor) == (10_000, 10_000)
    assert await db.fetch_val("SELECT count(*) FROM invoices WHERE order_id = $1", order_id) == 2
    told = [what for what, told_of in GOODS_KIND.told if told_of == order_id]
    assert told == ["paid", "part 2 paid"]


async def test_each_part_is_invoiced_with_its_share_of_the_tax_and_credited_by_itself():
    order_id = await an_order_in_parts(3_334, 3_333, 3_334, tax=1_000, paid=3)
    issued = await db.fetch(
        "SELECT total_minor, tax_minor, payment, document #>> '{lines,0,detail}' AS part FROM invoices ORDER BY seq"
    )
    assert [(row["total_minor"], row["part"]) for row in issued] == [
        (3_334, "Part 1"),
        (3_333, "Part 2"),
        (3_334, "Part 3"),
    ]
    assert sum(row["tax_minor"] for row in issued) == 1_000
    assert len({row["payment"] for row in issued}) == 3
    await refunding.refund(order_id, usd(5_000), None, "Sorry.")
    credited = await db.fetch(
        "SELECT c.total_minor, i.document #>> '{lines,0,detail}' AS part FROM invoices c JOIN invoices i ON i.id = c.corrects "
        "ORDER BY c.seq"
    )
    assert [(row["total_minor"], row["part"]) for row in credited] == [(3_334, "Part 3"), (1_666, "Part 2")]
    await hold_invariants()


async def disputed(payment_id, minor, state=State.OPEN, reference="dp_1") -> None:
    outcome = Outcome(subject=Subject.DISPUTE, reference=reference, state=state, amount=usd(minor), reason="fraudulent")
    await apply_dispute(payment_id, outcome, source="webhook")


@pytest.mark.parametrize("end", [State.WON, State.LOST])
async def test_a_chargeback_of_one_part_takes_no_more_than_was_paid_with_it(end):
    seller = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, seller=seller)
    first = await pay_part(order_id, then=True)
    await pay_part(order_id)
    await release(order_id, 2_000)
    await disputed(first, 2_000)
    order = await read(order_id)
    assert (order.frozen_by, order.refunded_minor, order.held_minor) == ("chargeback", 2_000, 1_000)
    assert [part.refunded_minor for part in await parts(order_id)] == [2_000, 0, 0]
    await hold_invariants()
    await disputed(first, 2_000, end)
    order = await read(order_id)
    assert not order.frozen and order.phase == "open"
    assert order.refunded_minor == (0 if end is State.WON else 2_000)
    await hold_invariants()
    if end is State.LOST:
        await refunding.refund(order_id, None, None, "The rest.")
        assert await given_back(order_id) == [0, 3_000], "what the bank took is not given back once more"
        await hold_invariants()


async def test_a_part_that_was_refunded_and_is_charged_back_is_the_sellers_debt():
    seller = (await a_user()).id
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, seller=seller)
    await pay_part(order_id, then=True)
    second = await pay_part(order_id)
    await refunding.refund(order_id, usd(3_000), None, "Sorry.")
    await disputed(second, 3_000)
    order = await read(order_id)
    assert (order.refunded_minor, order.held_minor) == (3_000, 2_000)
    assert await minor_in(K.SELLER_NEGATIVE, seller) == -3_000
    await hold_invariants()


async def test_two_chargebacks_of_two_parts_thaw_it_with_the_last():
    order_id = await an_order_in_parts(2_000, 3_000, 5_000)
    first = await pay_part(order_id, then=True)
    second = await pay_part(order_id)
    await disputed(first, 2_000, reference="one")
    await disputed(second, 3_000, reference="two")
    await disputed(first, 2_000, State.WON, reference="one")
    assert (await read(order_id)).frozen
    with pytest.raises(OrderFrozen):
        await freezing.unfreeze(order_id, None, "staff")
    await disputed(second, 3_000, State.LOST, reference="two")
    order = await read(order_id)
    assert (order.frozen, order.phase, order.held_minor) == (False, "open", 2_000)
    await hold_invariants()


async def test_an_unpaid_order_may_be_divided_again_or_be_whole():
    order_id = await an_order_in_parts(2_000, 8_000)
    await divide(order_id, 5_000, 2_500, 2_500)
    assert [(part.position, part.amount_minor) for part in await parts(order_id)] == [
        (1, 5_000),
        (2, 2_500),
        (3, 2_500),
    ]
    await divide(order_id, 9_000, 1_000)
    assert [part.amount_minor for part in await parts(order_id)] == [9_000, 1_000]
    await hold_invariants()
    await divide(order_id)
    assert not (await read(order_id)).in_parts and await parts(order_id) == []
    await pay(await checkout_of_order(order_id, (await read(order_id)).buyer))
    assert (await read(order_id)).captured_minor == 10_000
    await hold_invariants()


async def test_what_has_not_been_paid_may_be_divided_again():
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=1)
    await divide(order_id, 4_000, 2_000, 2_000)
    assert [part.amount_minor for part in await parts(order_id)] == [2_000, 4_000, 2_000, 2_000]
    await have_next_due(order_id)
    await divide(order_id, 8_000)
    await pay_part(order_id)
    assert (await read(order_id)).captured_minor == 10_000
    await hold_invariants()


@pytest.mark.parametrize("minors", [(5_000, 4_999), (10_001,), (10_000, 0), (11_000, -1_000)])
async def test_parts_must_sum_to_what_is_to_be_paid(minors):
    order_id = await an_order(10_000)
    with pytest.raises(PartsNotExact) as refused:
        await divide(order_id, *minors)
    assert refused.value.details == {"due": "100.00", "currency": "USD"}
    assert not (await read(order_id)).in_parts


async def test_what_was_paid_whole_is_not_divided_but_may_be_released_in_parts():
    seller = (await a_user()).id
    order_id = await an_order(10_000, seller=seller, paid=True)
    with pytest.raises(NotInParts):
        await divide(order_id, 5_000, 5_000)
    await refunding.refund(order_id, usd(500), None, "A scratch.")
    for _ in range(2):
        async with db.transaction():
            await dividing.release_in_parts(await lock_order(order_id))
        await hold_invariants()
    await release(order_id, 4_000)
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    order = await read(order_id)
    assert (order.released_minor, order.refunded_minor) == (4_000, 6_000)
    await hold_invariants()


async def test_an_open_payment_of_another_amount_is_closed_when_the_parts_change():
    order_id = await an_order(10_000)
    order = await read(order_id)
    begun = await paying.start(order.buyer, PURPOSE, order.checkout, "sandbox", method="pm_card_3ds")
    await divide(order_id, 4_000, 6_000)
    await work_off()
    assert await db.fetch_val("SELECT status FROM payments WHERE id = $1", begun) == "cancelled"
    await pay_part(order_id)
    assert (await read(order_id)).captured_minor == 4_000
    await hold_invariants()


async def test_an_order_in_parts_expires_while_none_has_been_paid():
    order_id = await an_order_in_parts(2_000, 8_000)
    await set_times(order_id, expires_at=timedelta(seconds=1))
    await timers.run_due()
    assert (await read(order_id)).phase == "cancelled"
    await hold_invariants()


async def test_its_sides_see_its_parts(client):
    (buyer, as_buyer), (seller, as_seller) = await signed_in(), await signed_in()
    order_id = await an_order_in_parts(2_000, 3_000, 5_000, paid=1, buyer=buyer.id, seller=seller.id)
    due = await have_next_due(order_id)
    async with statements() as made:
        bought = (await client.get(f"/api/v1/orders/{order_id}/money/", headers=as_buyer)).json()["data"]
    assert len([one for one in made if "order_parts" in one]) == 1
    shown = [(part["amount"], part["status"], part["refunded"]) for part in bought["parts"]]
    assert shown == [("20.00", "paid", "0.00"), ("30.00", "due", "0.00"), ("50.00", "planned", "0.00")]
    assert bought["parts"][1]["checkout_id"] == str(due.checkout)
    sold = (await client.get(f"/api/v1/orders/{order_id}/money/", headers=as_seller)).json()["data"]
    assert {part["checkout_id"] for part in sold["parts"]} == {None}
    order = (await client.get(f"/api/v1/orders/{order_id}/", headers=as_buyer)).json()["data"]
    assert (order["paid_amount"], order["held_amount"], order["in_parts"]) == ("20.00", "20.00", True)
    assert order["checkout"]["id"] == str(due.checkout) and order["checkout"]["amount_due"] == "30.00"
    assert [one["id"] for one in order["checkout"]["orders"]] == [str(order_id)]
    paid = await client.post(
        "/api/v1/payments/create/", headers=as_buyer,
        json={"order_id": str(order_id), "payment_method": "sandbox", "payment_method_id": "pm_card_ok"},
    )  # fmt: skip
    assert (paid.status_code, paid.json()["data"]["amount"]) == (201, "30.00")
    again = await client.post(
        "/api/v1/payments/create/", headers=as_buyer,
        json={"order_id": str(order_id), "payment_method": "sandbox", "payment_method_id": "pm_card_ok"},
    )  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (409, "not_payable")
    await cancelling.cancel(order_id, CancelledBy.STAFF, None, "no")
    bought = (await client.get(f"/api/v1/orders/{order_id}/money/", headers=as_buyer)).json()["data"]
    assert [part["status"] for part in bought["parts"]] == ["paid", "paid", "void"]


async def test_staff_find_the_payments_of_all_parts(client):
    order_id = await an_order_in_parts(2_000, 8_000, paid=2)
    await an_order(paid=True)
    _, headers = await signed_in(Role.MANAGER)
    answer = await client.get(f"/api/v1/admin/payments/?order_id={order_id}", headers=headers)
    assert sorted(row["amount"] for row in answer.json()["data"]["results"]) == ["20.00", "80.00"]
