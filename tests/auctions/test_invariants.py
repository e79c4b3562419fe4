"""A check that can't fail guards nothing: each is shown a breach."""

from datetime import timedelta

import pytest

from marketplace.auctions.invariants import BROKEN, violations
from marketplace.auctions.service.lifecycle import close_due
from marketplace.core import clock, db
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction

pytestmark = pytest.mark.usefixtures("tables")

BREACHES = [
    ("one winner an ended lot", "UPDATE lots SET outcome = 'unsold'"),
    ("one winner an ended lot", "DELETE FROM sales"),
    ("the winner is the leader, at the price", "UPDATE sales SET amount_minor = amount_minor + 1"),
    ("outcomes are what the bids make of them", "UPDATE lots SET outcome = 'unsold' WHERE status = 'ended'"),
    ("bids are counted", "UPDATE lots SET bid_count = bid_count + 1"),
    ("bids are counted", "UPDATE lots SET bidder_count = bidder_count + 1"),
    ("no bid counts that came before the start", "UPDATE lots SET ends_at = ends_at - interval '2 days'"),
    ("no bid counts that came before the start", "UPDATE auctions SET starts_at = starts_at + interval '23 hours'"),
    ("no seller bids", "UPDATE auctions SET seller = (SELECT bidder FROM bids LIMIT 1)"),
    ("the price only rises", "UPDATE bids SET price_before = price_after + 1 WHERE seq = 1"),
    ("an auction runs as long as", "UPDATE auctions SET status = 'active'"),
    ("an auction runs as long as", "UPDATE auctions SET status = 'scheduled'"),
    ("an auction that has ended is closed", "UPDATE lots SET status = 'active', outcome = ''"),
    ("every history path is legal", "INSERT INTO auction_history (auction, subject, subject_id, from_status, to_status) "
     "SELECT auction, 'lot', id, 'ended', 'active' FROM lots"),
    ("every history path is legal", "UPDATE auctions SET status = 'cancelled'"),
    ("every history path is legal", "DELETE FROM auction_history WHERE to_status = 'active'"),
    ("the chain is intact", "UPDATE bids SET bidder_no = 7 WHERE seq = 1"),
    ("the chain is intact", "DELETE FROM bids WHERE seq = 2"),
    ("the price is what the rules make", "UPDATE lots SET price_minor = price_minor + 1"),
    ("the price is what the rules make", "UPDATE lots SET leader = (SELECT bidder FROM bids WHERE seq = 2)"),
    ("a sale is as its order is", "UPDATE sales SET status = 'paid'"),
    ("a sale is as its order is", "UPDATE sales SET \"order\" = NULL"),
    ("who did not pay has a strike", "UPDATE sales SET status = 'unpaid'"),
    ("what is held for a lot is its leader's maximum", "UPDATE lots SET held_minor = 1"),
    ("a wallet holds what its owner leads with", "UPDATE lots SET held_minor = 1"),
    ("an open offer follows an unpaid sale", "INSERT INTO second_chance_offers (id, lot, auction, unpaid_sale, bidder, "
     "amount_minor, currency, status, expires_at) SELECT gen_random_uuid(), lot, auction, id, buyer, 1, 'USD', 'open', now() FROM sales"),
]  # fmt: skip


async def a_finished_auction() -> None:
    _, lot = await an_auction(starts_at=clock.now() - timedelta(days=1))
    a, b = (await a_user()).id, (await a_user()).id
    await a_bid(lot, a, "50", at=clock.now() - timedelta(hours=2))
    await a_bid(lot, b, "20", at=clock.now() - timedelta(hours=2))
    await db.execute("UPDATE lots SET ends_at = now() - interval '90 minutes'")
    assert await close_due(lot)


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
async def test_a_breach_is_found(rule, breach):
    await a_finished_auction()
    assert [found async for found in violations()] == []
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            for table in ("bids", "auction_history"):
                await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
            await db.execute(breach)
            assert any(found.startswith(rule) for found in [found async for found in violations()])
            raise ZeroDivisionError


def test_every_rule_is_shown_a_breach():
    assert all(any(name.startswith(rule) for rule, _ in BREACHES) for name in BROKEN)
