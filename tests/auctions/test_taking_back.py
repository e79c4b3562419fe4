"""Auto-bid rules, retraction, buying outright, and changing a listing."""

from datetime import timedelta
from decimal import Decimal

import asyncpg
import pytest

from marketplace.auctions.errors import (
    AuctionClosed,
    AuctionRunning,
    BidNotFound,
    BidTooLow,
    BuyNowGone,
    HasBids,
    MaximumNotRaised,
    NotRetractable,
    OwnAuction,
    RuleExists,
    RuleNotFound,
)
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.record import verify_chain
from marketplace.auctions.service.auto_bids import create_rule, delete_rule, raise_rule
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import end_early
from marketplace.auctions.service.listing import AuctionPatch, LotPatch, update_auction
from marketplace.auctions.service.retractions import retract_bid
from marketplace.auctions.states import AuctionStatus, BidKind, Outcome, RetractionReason
from marketplace.auctions.tables import AutoBidRule, Bid, Sale
from marketplace.core import clock, db, live
from marketplace.core.errors import Forbidden, ValidationFailed
from tests.factories import a_user, signed_in
from tests.factories.auctions import (
    a_bid,
    an_auction,
    ends,
    hold_invariants,
    sale_of,
    the_auction,
    the_lot,
    time_to_pay_passes,
)

pytestmark = pytest.mark.usefixtures("tables")

WRONG = RetractionReason.WRONG_AMOUNT


async def test_a_rule_bids_at_once_and_answers_others():
    auction_id, lot = await an_auction()
    a, b = await a_user(username="ann"), (await a_user()).id
    made = await create_rule(LotRef(auction_id=auction_id), a.id, Decimal("100"), clock.now())
    assert made.bid.kind == BidKind.AUTO and made.bid.price_minor == 99 and made.bid.leading
    assert (await a_bid(lot, b, "40")).price_minor == 4100
    heard = [body for _, body in await live.since(f"auction:{auction_id}", 0, None, 100)]
    triggered = [body for body in heard if '"auto_bid_triggered"' in body]
    assert len(triggered) == 2 and '"amount":"41.00"' in triggered[-1] and '"auto_bidder":"ann"' in triggered[-1]
    with pytest.raises(RuleExists):
        await create_rule(LotRef(lot_id=lot), a.id, Decimal("200"), clock.now())
    await hold_invariants()


async def test_a_rule_obeys_the_rules_of_bids():
    seller = (await a_user()).id
    _, lot = await an_auction(seller, start="10")
    with pytest.raises(BidTooLow) as refused:
        await create_rule(LotRef(lot_id=lot), (await a_user()).id, Decimal("9.99"), clock.now())
    assert list(refused.value.fields) == ["max_bid"]
    with pytest.raises(OwnAuction):
        await create_rule(LotRef(lot_id=lot), seller, Decimal("50"), clock.now())
    assert await AutoBidRule.count() == 0


async def test_a_rule_is_raised_never_lowered():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("20"), clock.now())
    await a_bid(lot, b, "50")
    for amount in ("15", "20"):
        with pytest.raises(MaximumNotRaised) as refused:
            await raise_rule(made.rule_id, a, Decimal(amount), clock.now())
        assert refused.value.details["current_maximum"] == "20.00"
    with pytest.raises(RuleNotFound):
        await raise_rule(made.rule_id, b, Decimal("90"), clock.now())
    with pytest.raises(BidTooLow):
        await raise_rule(made.rule_id, a, Decimal("20.50"), clock.now())
    raised = await raise_rule(made.rule_id, a, Decimal("80"), clock.now())
    assert raised.bid.leading and raised.bid.price_minor == 5100
    rule = await AutoBidRule.objects().get(AutoBidRule.id == made.rule_id)
    assert rule is not None and rule.max_minor == 8000
    await hold_invariants()


async def test_deleting_a_rule_that_leads_caps_the_maximum_at_the_price_and_the_chain_says_so():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("100"), clock.now())
    await a_bid(lot, b, "40")
    await delete_rule(made.rule_id, a, clock.now())
    row = await the_lot(lot)
    assert (row.leader, row.price_minor, row.leader_max_minor, row.bid_count) == (a, 4100, 4100, 2)
    last = await Bid.objects().where(Bid.lot == lot).order_by(Bid.seq, ascending=False).first()
    assert last is not None and (last.kind, last.max_minor, last.seq) == ("cap", 4100, 3)
    assert (await verify_chain(lot)).intact
    with pytest.raises(RuleNotFound):
        await delete_rule(made.rule_id, a, clock.now())
    assert (await a_bid(lot, b, "42")).leading
    await create_rule(LotRef(lot_id=lot), a, Decimal("60"), clock.now())
    await hold_invariants()


async def test_deleting_a_rule_leaves_what_the_bidder_bid_themselves():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    await a_bid(lot, a, "50")
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("100"), clock.now())
    await a_bid(lot, b, "20")
    await delete_rule(made.rule_id, a, clock.now())
    assert (await the_lot(lot)).leader_max_minor == 5000
    await hold_invariants()


async def test_deleting_a_rule_that_was_outbid_or_is_over_changes_no_lot():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("20"), clock.now())
    await a_bid(lot, b, "50")
    await delete_rule(made.rule_id, a, clock.now())
    assert (await the_lot(lot)).chain_seq == 2
    again = await create_rule(LotRef(lot_id=lot), a, Decimal("70"), clock.now())
    end = await ends(lot, 30)
    await delete_rule(again.rule_id, a, end)
    assert (await the_lot(lot)).leader_max_minor == 7000, "after the end a maximum stands"


async def test_a_retracted_bid_is_as_if_never_placed_but_stays_in_the_chain():
    auction_id, lot = await an_auction()
    a, b, c = [(await a_user()).id for _ in range(3)]
    await a_bid(lot, a, "50")
    slip = await a_bid(lot, b, "900")
    await a_bid(lot, c, "60")
    assert (await the_lot(lot)).price_minor == 6100
    with pytest.raises(BidNotFound):
        await retract_bid(slip.bid_id, a, WRONG, clock.now())
    await retract_bid(slip.bid_id, b, WRONG, clock.now())
    row = await the_lot(lot)
    assert (row.leader, row.price_minor, row.leader_max_minor, row.bid_count) == (c, 5100, 6000, 2)
    last = await Bid.objects().where(Bid.lot == lot).order_by(Bid.seq, ascending=False).first()
    assert last is not None and (last.kind, last.target_seq, last.reason) == ("retraction", 2, "wrong_amount")
    assert '"bid_retracted"' in (await live.since(f"auction:{auction_id}", 0, None, 100))[-1][1]
    with pytest.raises(NotRetractable):
        await retract_bid(slip.bid_id, b, WRONG, clock.now())
    assert (await verify_chain(lot)).length == 4
    assert (await a_bid(lot, b, "90")).leading
    await hold_invariants()


async def test_the_only_bid_retracted_leaves_the_lot_as_listed():
    _, lot = await an_auction(buy_now="500")
    a = (await a_user()).id
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("50"), clock.now())
    await retract_bid(made.bid.bid_id, a, WRONG, clock.now())
    row = await the_lot(lot)
    assert (row.leader, row.price_minor, row.leader_max_minor, row.bid_count) == (None, 99, 0, 0)
    rule = await AutoBidRule.objects().get(AutoBidRule.id == made.rule_id)
    assert rule is not None and rule.status == "deleted"
    await buy_now(LotRef(lot_id=lot), a, clock.now())
    await hold_invariants()


async def test_in_the_last_twelve_hours_only_within_the_hour():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    old = await a_bid(lot, a, "50", at=clock.now() - timedelta(hours=2))
    new = await a_bid(lot, b, "90", at=clock.now() - timedelta(minutes=50))
    end = await ends(lot, 11 * 3600)
    with pytest.raises(NotRetractable):
        await retract_bid(old.bid_id, a, WRONG, clock.now())
    with pytest.raises(AuctionClosed):
        await retract_bid(new.bid_id, b, WRONG, end)
    await retract_bid(new.bid_id, b, WRONG, clock.now())
    assert (await the_lot(lot)).leader == a


async def test_buying_outright_ends_the_lot():
    seller, buyer = (await a_user()).id, (await a_user()).id
    auction_id, lot = await an_auction(seller, reserve="100", buy_now="200")
    bidder = (await a_user()).id
    await a_bid(lot, bidder, "60")
    with pytest.raises(OwnAuction):
        await buy_now(LotRef(lot_id=lot), seller, clock.now())
    bought = await buy_now(LotRef(auction_id=auction_id), buyer, clock.now())
    row = await the_lot(lot)
    assert (row.status, row.outcome, row.leader, row.price_minor) == ("ended", Outcome.SOLD, buyer, 20000)
    sale = await Sale.objects().get(Sale.id == bought.sale_id)
    assert sale is not None and (sale.buyer, sale.amount_minor, sale.kind) == (buyer, 20000, "buy_now")
    assert (await the_auction(auction_id)).status == AuctionStatus.ENDED
    said = [body for _, body in await live.since(f"auction:{auction_id}", 0, bidder, 100)]
    assert any("user_outbid" in body for body in said) and '"auction_ended"' in said[-1]
    with pytest.raises(AuctionClosed):
        await buy_now(LotRef(lot_id=lot), bidder, clock.now())
    await hold_invariants()


async def test_buy_now_goes_with_the_first_bid():
    _, lot = await an_auction(buy_now="200")
    _, without = await an_auction()
    a = (await a_user()).id
    await a_bid(lot, a, "5")
    for one in (lot, without):
        with pytest.raises(BuyNowGone):
            await buy_now(LotRef(lot_id=one), a, clock.now())


async def test_what_may_change_before_the_first_bid_and_what_after():
    seller = (await a_user()).id
    auction_id, lot = await an_auction(seller, starts_at=None)
    mine = Actor(seller)
    start = clock.now() + timedelta(hours=2)
    patch = AuctionPatch(
        title="A clock", starts_at=start, duration=timedelta(days=3), lots={lot: LotPatch(start_minor=500, reserve_minor=900)}
    )  # fmt: skip
    with pytest.raises(Forbidden):
        await update_auction(auction_id, Actor((await a_user()).id), patch)
    assert await db.fetch_val("SELECT count(*) FROM timers WHERE kind = 'auctions.start'") == 0
    await update_auction(auction_id, mine, patch)
    auction, row = await the_auction(auction_id), await the_lot(lot)
    assert (auction.title, auction.starts_at, auction.duration_s) == ("A clock", start, 3 * 86400)
    assert (row.start_minor, row.price_minor, row.reserve_minor) == (500, 500, 900)
    with pytest.raises(ValidationFailed) as refused:
        await update_auction(auction_id, mine, AuctionPatch(lots={lot: LotPatch(reserve_minor=400)}))
    assert list(refused.value.fields) == ["reserve_price"]

    running, its_lot = await an_auction(seller)
    with pytest.raises(AuctionRunning):
        await update_auction(running, mine, AuctionPatch(ends_at=start))
    await update_auction(running, mine, AuctionPatch(lots={its_lot: LotPatch(start_minor=300, title="Lot A")}))
    await a_bid(its_lot, (await a_user()).id, "5")
    with pytest.raises(HasBids):
        await update_auction(running, mine, AuctionPatch(title="Another"))
    with pytest.raises(HasBids):
        await update_auction(running, mine, AuctionPatch(description="It is broken."))
    with pytest.raises(HasBids):
        await update_auction(running, mine, AuctionPatch(lots={its_lot: LotPatch(reserve_minor=1)}))
    await update_auction(running, mine, AuctionPatch(description="It ticks. The strap is new."))
    await hold_invariants()


async def test_a_maximum_taken_back_is_not_offered_as_a_second_chance(client):
    """Deleting an auto-bid that leads lowers its maximum to the price: that is what its bidder stood by."""
    seller, (ann, ann_in) = await a_user(), await signed_in()
    auction_id, lot = await an_auction(seller.id)
    a, b, c = ann.id, (await a_user()).id, (await a_user()).id
    made = await create_rule(LotRef(lot_id=lot), a, Decimal("100"), clock.now())
    await a_bid(lot, c, "40")
    await delete_rule(made.rule_id, a, clock.now())
    await a_bid(lot, b, "60")
    shown = (await client.get(f"/api/v1/auctions/{auction_id}/", headers=ann_in)).json()["data"]["viewer"]
    assert shown["lots"] == [{"lot_id": str(lot), "leading": False, "maximum": "41.00"}]
    await end_early(auction_id, Actor(seller.id))
    await time_to_pay_passes(await sale_of(lot))
    offer = await db.fetch_row("SELECT bidder, amount_minor FROM second_chance_offers WHERE lot = $1", lot)
    assert offer is not None and (offer["bidder"], offer["amount_minor"]) == (a, 4100)
    await hold_invariants()


async def test_history_refuses_to_be_changed_and_shows_when_it_was():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    await a_bid(lot, a, "50")
    await a_bid(lot, b, "20")
    for statement in ("UPDATE bids SET max_minor = 1", "DELETE FROM bids", "DELETE FROM auction_history"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await db.execute(statement)
    tampering = [
        ("UPDATE bids SET max_minor = max_minor + 1 WHERE seq = 2", 2),
        ("UPDATE bids SET price_after = price_after + 1 WHERE seq = 1", 1),
        ("DELETE FROM bids WHERE seq = 2", 2),
        ("DELETE FROM bids WHERE seq = 1", 1),
        ("UPDATE lots SET chain_hash = repeat('0', 64)", 3),
    ]
    for statement, seq in tampering:
        with pytest.raises(ZeroDivisionError):
            async with db.transaction():
                await db.execute("ALTER TABLE bids DISABLE TRIGGER bids_append_only")
                await db.execute(statement)
                report = await verify_chain(lot)
                assert (report.intact, report.broken_at) == (False, seq) and report.why
                raise ZeroDivisionError
    assert (await verify_chain(lot)).intact
