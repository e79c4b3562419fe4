"""From the cart to the order and back: what is promised, to whom, and what becomes of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from marketplace.core import db, outbox
from marketplace.core.errors import ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.orders.service import cancelling, completing, refunding, shipping
from marketplace.orders.service.cancelling import expire
from marketplace.shop.cart_errors import CartEmpty, PriceRose, ProductUnavailable, TotalChanged
from marketplace.shop.errors import StockUnavailable
from marketplace.shop.queries.cart import Owner, find_cart
from tests.factories import a_user, bearer
from tests.factories.checkouts import a_shopper, an_address, order
from tests.factories.coupons import a_coupon, quoted
from tests.factories.orders import hold_invariants, pay, read, set_times, statuses
from tests.factories.payments import work_off
from tests.factories.shop import a_product, stock_of, the_variant
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _books(tables):
    yield
    await hold_invariants()


async def checkout_of(order_id):
    return (await read(order_id)).checkout


async def test_a_cart_of_two_sellers_is_one_checkout_with_an_order_each():
    kettle, pan = await a_product(price_minor=249_999, quantity=3), await a_product(price_minor=1_000, quantity=5)
    buyer, address = await a_shopper((kettle, 1), (pan, 2))
    first = await order(buyer, address)
    rows = await db.fetch(
        "SELECT subtotal_minor, tax_minor, shipping_minor, total_minor FROM orders WHERE checkout = $1 ORDER BY total_minor DESC",
        await checkout_of(first),
    )
    # The document's figures: 10 % and 5.00 a seller.
    assert [tuple(row) for row in rows] == [(249_999, 24_999, 500, 275_498), (2_000, 200, 500, 2_700)]
    assert await stock_of(await the_variant(kettle)) == (3, 1) and await stock_of(await the_variant(pan)) == (5, 2)
    cart = await find_cart(Owner(user=buyer))
    assert cart is not None and cart.lines == []


async def test_it_is_sent_from_the_shelf_once_and_received():
    kettle = await a_product(quantity=3)
    buyer, address = await a_shopper((kettle, 2))
    placed = await order(buyer, address)
    await pay(await checkout_of(placed))
    seller = (await read(placed)).seller
    await shipping.ship(placed, seller, "DHL", "JD1")
    outbox.use_job_pusher(None)
    await work_off()
    assert await stock_of(await the_variant(kettle)) == (1, 0)
    await completing.complete_bought(placed, buyer)
    assert await statuses(placed) == ["pending", "processing", "shipped", "delivered"]
    assert await stock_of(await the_variant(kettle)) == (1, 0)
    assert await db.fetch_val("SELECT sold_count FROM products WHERE id = $1", kettle) == 2


async def test_an_order_that_is_not_paid_in_time_gives_its_stock_back_once():
    kettle = await a_product(quantity=3)
    buyer, address = await a_shopper((kettle, 3))
    placed = await order(buyer, address)
    await set_times(placed, expires_at=timedelta(minutes=1))
    await work_off()
    await expire(placed)
    assert await statuses(placed) == ["pending", "cancelled"]
    assert await stock_of(await the_variant(kettle)) == (3, 0)


async def test_the_buyer_may_cancel_until_it_is_sent_and_is_paid_back():
    kettle = await a_product(quantity=3)
    buyer, address = await a_shopper((kettle, 1))
    placed = await order(buyer, address)
    await pay(await checkout_of(placed))
    await cancelling.cancel_own(placed, buyer, "changed my mind")
    assert (await read(placed)).held_minor == 0 and await stock_of(await the_variant(kettle)) == (3, 0)
    with pytest.raises(IllegalTransition):
        await cancelling.cancel_own(placed, buyer, "again")


async def test_what_was_sent_is_not_cancelled_by_the_buyer():
    kettle = await a_product(quantity=3)
    buyer, address = await a_shopper((kettle, 1))
    placed = await order(buyer, address)
    await pay(await checkout_of(placed))
    await shipping.ship(placed, (await read(placed)).seller, "DHL", "JD1")
    with pytest.raises(Exception) as refused:
        await cancelling.cancel_own(placed, buyer, "too late")
    assert getattr(refused.value, "status_code", 500) in (403, 409)


async def test_all_refunded_before_it_is_sent_restores_the_stock():
    kettle = await a_product(quantity=3)
    buyer, address = await a_shopper((kettle, 1))
    placed = await order(buyer, address)
    await pay(await checkout_of(placed))
    await refunding.refund_sold(placed, (await read(placed)).seller, None, "sold out after all")
    assert await statuses(placed) == ["pending", "processing", "cancelled"]
    assert await stock_of(await the_variant(kettle)) == (3, 0)


async def test_what_is_short_is_named_and_nothing_is_left_behind():
    kettle = await a_product(quantity=2)
    buyer, address = await a_shopper((kettle, 2))
    other, elsewhere = await a_shopper((kettle, 1))
    await order(other, elsewhere)
    with pytest.raises(StockUnavailable) as refused:
        await order(buyer, address)
    assert refused.value.details["requested"] == 2 and refused.value.details["available"] == 1
    assert await db.fetch_val("SELECT count(*) FROM orders") == 1
    cart = await find_cart(Owner(user=buyer))
    assert cart is not None and len(cart.lines) == 1, "the cart is as it was"


async def test_a_price_that_rose_is_asked_about_and_one_that_fell_is_not():
    kettle = await a_product(price_minor=2_000)
    buyer, address = await a_shopper((kettle, 1))
    await db.execute("UPDATE products SET price_minor = 2100 WHERE id = $1", kettle)
    with pytest.raises(PriceRose) as refused:
        await order(buyer, address)
    [one] = refused.value.details["items"]
    assert (one["was"], one["is"]) == ("20.00", "21.00")
    placed = await order(buyer, address, accept_price_changes=True)
    assert (await read(placed)).total_minor == 2_100 + 210 + 500
    again, address = await a_shopper((kettle, 1))
    await db.execute("UPDATE products SET price_minor = 1000 WHERE id = $1", kettle)
    assert (await read(await order(again, address))).total_minor == 1_000 + 100 + 500


async def test_a_buyer_who_says_what_it_costs_pays_nothing_else():
    kettle = await a_product(price_minor=2_000)
    buyer, address = await a_shopper((kettle, 1))
    await a_coupon(code=None)  # a promotion: 10 % off
    assert (await quoted(buyer)).total_minor == 2_480
    await db.execute("UPDATE coupons SET is_active = false")
    with pytest.raises(TotalChanged) as refused:
        await order(buyer, address, expected_total=Decimal("24.80"))
    assert refused.value.details == {"total_amount": "27.00", "currency": "USD"}
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0
    assert (await read(await order(buyer, address, expected_total=Decimal(27)))).total_minor == 2_700


async def test_what_is_not_sold_any_more_and_an_empty_cart_are_refused():
    kettle = await a_product()
    buyer, address = await a_shopper((kettle, 1))
    await db.execute("UPDATE products SET status = 'draft' WHERE id = $1", kettle)
    with pytest.raises(ProductUnavailable):
        await order(buyer, address)
    nobody = (await a_user()).id
    with pytest.raises(CartEmpty):
        await order(nobody, await an_address(nobody))


async def test_an_order_takes_few_statements():
    buyer, address = await a_shopper((await a_product(), 2))
    async with statements() as made:
        await order(buyer, address)
    # The cart, the address, stock and coupons are read; the checkout, the order with its lines, history, clock and news are written.
    assert len(made) == 13, made


async def test_only_ones_own_address():
    buyer, _ = await a_shopper((await a_product(), 1))
    with pytest.raises(ValidationFailed) as refused:
        await order(buyer, await an_address((await a_user()).id))
    assert "shipping_address_id" in refused.value.fields


async def test_over_http_as_the_document_says(client):
    kettle = await a_product(price_minor=249_999, name="MacBook Pro 16", sku="MBPRO-16-512")
    buyer, address = await a_shopper((kettle, 1))
    headers = await bearer(buyer)
    body = {"shipping_address_id": str(address), "billing_address_id": str(address)}
    answer = await client.post("/api/v1/orders/", json=body, headers=headers | {"Idempotency-Key": "k"})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["order_number"].startswith("ORD-") and data["status"] == "pending"
    assert [data[name] for name in ("subtotal", "tax", "shipping_cost", "discount", "total_amount")] == [
        "2499.99", "249.99", "5.00", "0.00", "2754.98",
    ]  # fmt: skip
    assert data["items"][0]["product_name"] == "MacBook Pro 16" and data["items"][0]["product_sku"] == "MBPRO-16-512"
    again = await client.post("/api/v1/orders/", json=body, headers=headers | {"Idempotency-Key": "k"})
    assert again.json() == answer.json() and again.headers["idempotent-replayed"] == "true"
    empty = await client.post("/api/v1/orders/", json=body, headers=headers)
    assert empty.status_code == 422 and empty.json()["code"] == "cart_empty"
    cancelled = await client.post(f"/api/v1/orders/{data['id']}/cancel/", headers=headers)
    assert cancelled.status_code == 200 and cancelled.json()["data"]["status"] == "cancelled"
