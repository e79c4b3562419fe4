"""Placing and paying: what was agreed is written once, and the money lies in escrow."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db, platform, timers
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.ledger.states import AccountKind
from marketplace.orders import commission
from marketplace.orders.commission import Rule
from marketplace.orders.errors import NothingToOrder, OwnGoods
from marketplace.orders.service import cancelling
from marketplace.orders.service.paying import CheckoutPayable
from marketplace.orders.service.placing import place
from marketplace.orders.tiers import Tier, tier_for
from marketplace.payments.payables import NothingDue
from tests.factories import a_user, signed_in
from tests.factories.orders import (
    GOODS_KIND,
    a_checkout,
    a_draft,
    a_line,
    an_order,
    hold_invariants,
    minor_in,
    pay,
    read,
    set_times,
    statuses,
)
from tests.factories.pictures import work_off

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture(autouse=True)
async def _settings_as_defined():
    await platform.forget()
    yield
    await platform.forget()


async def test_an_order_keeps_what_was_agreed():
    buyer, seller = await a_user(), await a_user()
    lines = [
        a_line(249_999, tax=25_000, sku="MBPRO", variant="16GB", quantity=3, snapshot={"colour": "grey"}),
        a_line(1_000, discount=250),
    ]
    draft = a_draft(
        seller.id, *lines, shipping=Money(500, "USD"), shipping_address={"city": "Berlin"}, note="Ring twice"
    )
    placed = await place(buyer.id, [draft], actor=buyer.id)
    order = await db.fetch_row("SELECT * FROM orders WHERE id = $1", placed.orders[0].id)
    assert re.fullmatch(r"ORD-\d{8}-[0-9A-HJKMNP-TV-Z]{6}", placed.orders[0].number)
    amounts = [order[f"{name}_minor"] for name in ("subtotal", "discount", "tax", "shipping", "total", "commission")]
    assert amounts == [250_999, 250, 25_000, 500, 276_249, 25_000 + 75]
    assert (order["status"], order["phase"], order["note"]) == ("pending", "unpaid", "Ring twice")
    rows = await db.fetch('SELECT * FROM order_lines WHERE "order" = $1 ORDER BY position', order["id"])
    assert [(row["unit_minor"], row["commission_bps"], row["commission_minor"]) for row in rows] == [
        (83_333, 1000, 25_000), (1_000, 1000, 75),
    ]  # fmt: skip
    assert (rows[0]["sku"], rows[0]["variant"], rows[0]["quantity"]) == ("MBPRO", "16GB", 3)
    assert await statuses(order["id"]) == ["pending"]
    with pytest.raises(Exception, match="orders"):
        await db.execute("UPDATE orders SET total_minor = 1 WHERE id = $1", order["id"])


async def test_nobody_orders_nothing_or_from_themselves():
    buyer = await a_user()
    with pytest.raises(NothingToOrder):
        await place(buyer.id, [])
    with pytest.raises(OwnGoods):
        await place(buyer.id, [a_draft(buyer.id)])
    assert await db.fetch_val("SELECT count(*) FROM checkouts") == 0


async def test_a_checkout_of_several_sellers_is_one_payment():
    sellers = [(await a_user()).id for _ in range(3)]
    placed = await a_checkout(*sellers, minor=[100, 200, 300])
    async with db.transaction():
        due = await CheckoutPayable().lock(placed.checkout_id)
    assert (due.amount, due.open, len(due.shares)) == (Money(600, "USD"), True, 3)
    await pay(placed.checkout_id)
    for order, minor in zip(placed.orders, [100, 200, 300], strict=True):
        paid = await read(order.id)
        assert (paid.status, paid.phase, paid.captured_minor, paid.held_minor) == ("processing", "open", minor, minor)
        assert await minor_in(AccountKind.ESCROW, order.id) == minor
        assert ("paid", order.id) in GOODS_KIND.told
    async with db.transaction():
        assert not (await CheckoutPayable().lock(placed.checkout_id)).open
    await hold_invariants()


async def test_what_was_cancelled_of_a_checkout_is_not_due():
    placed = await a_checkout((await a_user()).id, (await a_user()).id, minor=[100, 200])
    await cancelling.cancel(placed.orders[0].id, cancelling.CancelledBy.KIND, None, "gone")
    async with db.transaction():
        assert (await CheckoutPayable().lock(placed.checkout_id)).amount == Money(200, "USD")
    await pay(placed.checkout_id)
    assert [(await read(order.id)).phase for order in placed.orders] == ["cancelled", "open"]
    await hold_invariants()


async def test_nothing_is_due_for_a_checkout_that_is_none():
    with pytest.raises(NothingDue):
        async with db.transaction():
            await CheckoutPayable().lock(uuid7())


async def test_what_costs_nothing_is_paid_at_once():
    order_id = await an_order(0)
    order = await read(order_id)
    assert (order.phase, order.captured_minor) == ("open", 0)
    assert await statuses(order_id) == ["pending", "processing"]
    await hold_invariants()


async def test_an_unpaid_order_expires_once():
    order_id = await an_order()
    await timers.run_due()
    assert (await read(order_id)).phase == "unpaid"
    await set_times(order_id, expires_at=timedelta(seconds=1))
    await timers.run_due()
    await cancelling.expire(order_id)
    assert await statuses(order_id) == ["pending", "cancelled"]
    assert GOODS_KIND.told.count(("cancelled by expired", order_id)) == 1
    await hold_invariants()


async def test_a_paid_order_does_not_expire():
    order_id = await an_order(paid=True)
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'orders.expiry'") == 0
    await cancelling.expire(order_id)
    assert (await read(order_id)).phase == "open"


async def test_a_number_that_was_given_is_drawn_again(monkeypatch):
    from marketplace.orders import numbers

    drawn = iter(["ORD-20261120-AAAAAA", "ORD-20261120-AAAAAA", "ORD-20261120-BBBBBB"])
    monkeypatch.setattr(numbers, "number", lambda at: next(drawn))
    await an_order()
    await an_order()
    rows = await db.fetch("SELECT number FROM orders ORDER BY number")
    assert [row["number"] for row in rows] == ["ORD-20261120-AAAAAA", "ORD-20261120-BBBBBB"]


async def rules(*wanted: dict) -> None:
    await platform.change({"orders.commission_rules": list(wanted)}, None)


async def the_commission(order_id: UUID) -> tuple[int, int]:
    row = await db.fetch_row('SELECT commission_bps, commission_minor FROM order_lines WHERE "order" = $1', order_id)
    return row["commission_bps"], row["commission_minor"]


async def test_the_first_rule_that_matches_wins_and_is_kept():
    above, below = uuid7(), uuid7()
    for category, parent in ((above, None), (below, above)):
        await db.execute(
            "INSERT INTO categories (id, parent, slug, name) VALUES ($1, $2, $3, 'Things')",
            category,
            parent,
            str(category),
        )
    await rules(
        {"kind": "auction", "bps": 1},
        {"category": str(above), "bps": 500},
        {"seller_tier": "top", "bps": 700},
        {"bps": 1234},
    )
    assert await the_commission(await an_order(10_000, category=below)) == (500, 500)
    kept = await an_order(10_000)
    assert await the_commission(kept) == (1234, 1234)
    await rules()
    assert await the_commission(kept) == (1234, 1234)
    assert await the_commission(await an_order(10_000)) == (1000, 1000)


def test_rules_are_matched_in_their_order():
    listed = [Rule(kind="gig", bps=2000), Rule(seller_tier=Tier.TOP, bps=500), Rule(bps=900)]
    assert commission.rate(listed, "gig", frozenset(), Tier.TOP) == 2000
    assert commission.rate(listed, "shop", frozenset(), Tier.TOP) == 500
    assert commission.rate(listed, "shop", frozenset(), Tier.STANDARD) == 900
    assert commission.rate([], "shop", frozenset(), Tier.STANDARD) == 1000


def test_the_top_tier_sells_much_and_refunds_little():
    assert tier_for(50, 1, least=50, percent=3) is Tier.TOP
    assert tier_for(49, 0, least=50, percent=3) is Tier.STANDARD
    assert tier_for(50, 2, least=50, percent=3) is Tier.STANDARD


async def test_paying_invoices_the_buyer_in_the_sellers_name():
    buyer, seller = await a_user(), await a_user()
    order_id = await an_order(10_000, buyer=buyer.id, seller=seller.id, tax=1_000, paid=True)
    invoice = await db.fetch_row("SELECT * FROM invoices WHERE order_id = $1", order_id)
    assert (invoice["issuer"], invoice["recipient"], invoice["total_minor"], invoice["tax_minor"]) == (
        seller.id, buyer.id, 11_000, 1_000,
    )  # fmt: skip
    await work_off()


async def test_commission_rules_are_a_setting_of_staff(client):
    _, headers = await signed_in(Role.ADMIN)
    wanted = [{"bps": 500, "kind": "test_goods", "seller_tier": "standard"}, {"bps": 2000}]
    changed = await client.put("/api/v1/admin/settings/", json={"orders.commission_rules": wanted}, headers=headers)
    assert changed.status_code == 200, changed.text
    shown = {one["key"]: one["value"] for one in changed.json()["data"]}
    assert shown["orders.commission_rules"] == wanted
    assert await the_commission(await an_order(10_000)) == (500, 500)
    for wrong in ([{"bps": 10_001}], [{"kind": "x"}], [{"bps": 1, "colour": "red"}]):
        refused = await client.put("/api/v1/admin/settings/", json={"orders.commission_rules": wrong}, headers=headers)
        assert refused.status_code == 400 and list(refused.json()["errors"]) == ["orders.commission_rules"]
