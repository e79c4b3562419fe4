"""The demo's money: wallets, and a seller with an order in each state, made by the services that everybody uses."""

import pytest

from marketplace.core import db
from marketplace.demo.disputes import QUARRELS
from marketplace.demo.engagements import BRIEFS
from marketplace.demo.load import load
from marketplace.demo.orders import ORDERS, SELLER
from marketplace.disputes.states import DisputeStatus
from marketplace.engagements.states import Gig
from tests.factories.orders import hold_invariants

pytestmark = pytest.mark.usefixtures("tables")


async def test_its_seller_has_an_order_in_each_state_and_loading_again_adds_nothing(configure):
    configure(sandbox_payments="on")
    for _ in range(2):
        await load(lambda _: None)
        orders = await db.fetch(
            "SELECT l.title, o.status FROM orders o JOIN users u ON u.id = o.seller AND u.username = $1 "
            'JOIN order_lines l ON l."order" = o.id',
            SELLER,
        )
        assert {row["title"]: row["status"] for row in orders} == {one.title: one.state for one in ORDERS}
        assert len(orders) == len(ORDERS)
    assert (
        await db.fetch_val("SELECT count(*) FROM ledger_accounts WHERE kind = 'wallet_available' AND balance_minor > 0")
        == 6
    )
    assert await db.fetch_val("SELECT count(*) FROM auctions WHERE requires_hold") == 1
    await hold_invariants()


async def test_its_gallery_has_a_dispute_in_each_state_and_loading_again_adds_nothing(configure):
    configure(sandbox_payments="on")
    for _ in range(2):
        await load(lambda _: None)
        disputes = await db.fetch(
            "SELECT l.title, d.status FROM disputes d JOIN orders o ON o.id = d.\"order\" AND o.kind <> 'gig' "
            'JOIN order_lines l ON l."order" = o.id ORDER BY d.id'
        )
        assert {row["title"]: row["status"] for row in disputes} == {one.bought.title: one.comes_to for one in QUARRELS}
        assert len(disputes) == len(QUARRELS) and {row["status"] for row in disputes} == set(DisputeStatus)
    shown = await db.fetch_val("SELECT count(*) FROM media WHERE purpose = 'evidence' AND subject IS NOT NULL")
    assert shown == 5
    await hold_invariants()


async def test_its_gigs_have_an_order_in_each_state_and_loading_again_adds_nothing(configure):
    configure(sandbox_payments="on")
    for _ in range(2):
        await load(lambda _: None)
        orders = await db.fetch("SELECT note, status FROM orders WHERE kind = 'gig'")
        assert {row["note"]: row["status"] for row in orders} == {one.note: one.comes_to for one in BRIEFS}
        assert len(orders) == len(BRIEFS) and {row["status"] for row in orders} == set(Gig)
        assert await db.fetch_val("SELECT count(*) FROM custom_offers WHERE status = 'open'") == 1
        parts = await db.fetch("SELECT status FROM milestones ORDER BY position")
        assert [row["status"] for row in parts] == ["approved", "funded", "planned"]
        heard = await db.fetch("SELECT kind FROM reviews WHERE kind IN ('gig', 'client') AND hidden_at IS NULL")
        assert sorted(row["kind"] for row in heard) == ["client", "gig"]
    await hold_invariants()


async def test_without_the_sandbox_nobody_has_money(configure):
    configure(sandbox_payments="off")
    await load(lambda _: None)
    assert await db.fetch_val("SELECT count(*) FROM orders") == 0
