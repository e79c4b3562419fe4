from datetime import timedelta

import asyncpg
import pytest

from marketplace.accounts.service.governance import ban_user
from marketplace.accounts.states import Role
from marketplace.auctions.errors import AlreadyPaid, AuctionClosed, AuctionNotFound, HasBids, NothingToSell
from marketplace.auctions.events import AuctionEnded, LotClosed
from marketplace.auctions.locks import LotRef
from marketplace.auctions.policies import Actor
from marketplace.auctions.service import offers
from marketplace.auctions.service.buy_now import buy_now
from marketplace.auctions.service.lifecycle import activate, close_due, end_early, remove
from marketplace.auctions.service.listing import delete_auction
from marketplace.auctions.service.sweep import set_missing_timers
from marketplace.auctions.states import AuctionStatus, Outcome, SaleKind, SaleStatus
from marketplace.auctions.tables import AuctionHistory, Sale, SecondChanceOffer
from marketplace.catalog.tables import Category
from marketplace.core import clock, db, live, outbox, timers
from marketplace.core.errors import Forbidden, NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.core.tables import Timer
from marketplace.orders.fulfilment import CancelledBy
from marketplace.orders.service.cancelling import cancel
from marketplace.orders.states import Phase
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction, ends, hold_invariants, order_of, the_auction, the_lot
from tests.factories.orders import pay, read

pytestmark = pytest.mark.usefixtures("tables")

told: list[object] = []


@outbox.on(LotClosed)
async def hear_lot(event: LotClosed) -> None:
    told.append(event)


@outbox.on(AuctionEnded)
async def hear_auction(event: AuctionEnded) -> None:
    told.append(event)


@pytest.fixture(autouse=True)
def _forget() -> None:
    told.clear()


async def make_due(kind: str) -> None:
    await db.execute("UPDATE timers SET due_at = now() - interval '1 second' WHERE kind = $1", kind)


async def over(lot) -> None:
    """The lot's end and the grace after it have passed; its timer is due."""
    await db.execute("UPDATE lots SET ends_at = now() - interval '5 seconds' WHERE id = $1", lot)
    await make_due("auctions.close")


async def time_to_pay_is_over() -> None:
    """Of every order that waits for money; their timers are due."""
    await db.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE phase = 'unpaid'")
    await make_due("orders.expiry")


async def sold_to(lot) -> Sale:
    sale = await Sale.objects().where(Sale.lot == lot).order_by(Sale.created_at, ascending=False).first()
    assert sale is not None
    return sale


async def test_a_timer_closes_it_and_the_leader_owes_the_price():
    auction_id, lot = await an_auction()
    a, b = (await a_user()).id, await a_user(username="bob")
    await a_bid(lot, a, "10", at=clock.now() - timedelta(hours=1))
    await a_bid(lot, b.id, "20", at=clock.now() - timedelta(hours=1))
    await over(lot)
    assert await timers.run_due() == 1
    row, sale = await the_lot(lot), await sold_to(lot)
    assert (row.status, row.outcome) == (AuctionStatus.ENDED, Outcome.SOLD)
    assert (sale.buyer, sale.amount_minor, sale.currency, sale.status) == (b.id, 1050, "USD", "awaiting_payment")
    assert sale.pay_by - sale.created_at > timedelta(hours=47)
    assert (await the_auction(auction_id)).status == AuctionStatus.ENDED
    last = (await live.since(f"auction:{auction_id}", 0, None, 100))[-1][1]
    assert '"type":"auction_ended"' in last and '"winner":"bob","final_bid":"10.50"' in last
    await outbox.drain()
    closed, ended = told
    assert isinstance(closed, LotClosed) and (closed.buyer_id, closed.price, closed.sale_id) == (b.id, 1050, sale.id)
    assert isinstance(ended, AuctionEnded)
    assert not await close_due(lot), "once is enough"
    await hold_invariants()


async def test_without_bids_it_ends_unsold_and_below_the_reserve_unmet():
    _, bare = await an_auction()
    _, reserved = await an_auction(reserve="100")
    await a_bid(reserved, (await a_user()).id, "50", at=clock.now() - timedelta(hours=1))
    await over(bare)
    await over(reserved)
    await timers.run_due()
    assert (await the_lot(bare)).outcome == Outcome.UNSOLD
    assert (await the_lot(reserved)).outcome == Outcome.RESERVE_NOT_MET
    assert await Sale.count() == 0
    await hold_invariants()


async def test_an_end_that_moved_is_waited_for():
    _, lot = await an_auction()
    end = await ends(lot, 30)
    await a_bid(lot, (await a_user()).id, "5", at=end - timedelta(seconds=1))
    await make_due("auctions.close")
    await timers.run_due()
    row = await the_lot(lot)
    assert row.status == AuctionStatus.ACTIVE
    timer = await Timer.select().where(Timer.kind == "auctions.close").first()
    assert timer is not None and timer["due_at"] == row.ends_at + timedelta(milliseconds=250)


async def test_a_bid_received_in_time_counts_until_the_lot_is_closed():
    _, lot = await an_auction()
    end = await ends(lot, -0.1)
    assert not await close_due(lot), "the grace is not over"
    bidder = (await a_user()).id
    await a_bid(lot, bidder, "5", at=end - timedelta(minutes=10))
    await over(lot)
    assert await close_due(lot)
    with pytest.raises(AuctionClosed):
        await a_bid(lot, bidder, "50", at=end - timedelta(minutes=9))


async def test_the_room_is_warned_before_the_end_and_again_when_the_end_moved():
    auction_id, lot = await an_auction()
    end = await ends(lot, 50)
    await make_due("auctions.ending_soon")
    await timers.run_due()
    soon = [body for _, body in await live.since(f"auction:{auction_id}", 0, None, 100) if "ending_soon" in body]
    assert len(soon) == 1 and f'"ends_at":"{end:%Y-%m-%dT%H:%M:%S}' in soon[0]
    later = end + timedelta(seconds=200)
    await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", lot, later)
    await make_due("auctions.ending_soon")
    await timers.run_due()
    timer = await Timer.select().where(Timer.kind == "auctions.ending_soon").first()
    assert timer is not None and timer["due_at"] == later - timedelta(seconds=60)
    assert len([1 for _, body in await live.since(f"auction:{auction_id}", 0, None, 100) if "ending_soon" in body]) == 1


async def test_a_scheduled_auction_starts_at_its_time_or_when_activated():
    seller = (await a_user()).id
    planned, lot = await an_auction(seller, starts_at=clock.now() + timedelta(hours=1))
    assert (await the_lot(lot)).ends_at is None
    await db.execute("UPDATE auctions SET starts_at = now() - interval '1 second' WHERE id = $1", planned)
    await make_due("auctions.start")
    await timers.run_due()
    started = await the_auction(planned)
    assert started.status == AuctionStatus.ACTIVE and started.ends_at - started.starts_at == timedelta(days=7)
    assert (await the_lot(lot)).latest_end == started.ends_at + timedelta(hours=1)

    waiting, _ = await an_auction(seller, starts_at=None)
    with pytest.raises(Forbidden):
        await activate(waiting, Actor((await a_user()).id))
    await activate(waiting, Actor(seller))
    assert (await the_auction(waiting)).status == AuctionStatus.ACTIVE
    with pytest.raises(IllegalTransition):
        await activate(waiting, Actor(seller))
    await hold_invariants()


async def test_a_lost_timer_is_set_again():
    auction_id, lot = await an_auction()
    await an_auction(starts_at=clock.now() + timedelta(hours=1))
    await Timer.delete(force=True)
    assert await set_missing_timers() == 2
    assert await set_missing_timers() == 0
    await over(lot)
    await timers.run_due()
    assert (await the_auction(auction_id)).status == AuctionStatus.ENDED


async def test_lots_close_one_by_one_and_the_auction_with_the_last():
    auction_id, first = await an_auction(lots=2)
    await over(first)
    assert await close_due(first)
    assert (await the_auction(auction_id)).status == AuctionStatus.ACTIVE
    second = await db.fetch_val("SELECT id FROM lots WHERE auction = $1 AND position = 2", auction_id)
    await over(second)
    assert await close_due(second)
    assert (await the_auction(auction_id)).status == AuctionStatus.ENDED
    await hold_invariants()


async def test_a_seller_ends_early_only_by_selling_to_the_leader():
    seller, bidder = (await a_user()).id, (await a_user()).id
    auction_id, lot = await an_auction(seller, reserve="100")
    with pytest.raises(NothingToSell):
        await end_early(auction_id, Actor(seller))
    await a_bid(lot, bidder, "50")
    with pytest.raises(Forbidden):
        await end_early(auction_id, Actor(bidder))
    await end_early(auction_id, Actor(seller))
    assert (await the_lot(lot)).outcome == Outcome.SOLD
    assert (await sold_to(lot)).amount_minor == 99, "the seller took what there was, the reserve unmet"
    with pytest.raises(IllegalTransition):
        await end_early(auction_id, Actor(seller))
    await hold_invariants()


async def test_staff_end_it_as_it_stands_and_say_why():
    staff = Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    auction_id, lot = await an_auction(reserve="100")
    await a_bid(lot, (await a_user()).id, "50")
    with pytest.raises(ValidationFailed):
        await end_early(auction_id, staff)
    await end_early(auction_id, staff, "the seller asked by phone")
    assert (await the_lot(lot)).outcome == Outcome.RESERVE_NOT_MET and await Sale.count() == 0
    steps = await AuctionHistory.select().where(AuctionHistory.subject == "auction").order_by(AuctionHistory.id)
    assert [(step["from_status"], step["to_status"]) for step in steps] == [
        ("", "scheduled"), ("scheduled", "active"), ("active", "ended"),
    ]  # fmt: skip
    assert (steps[-1]["actor"], steps[-1]["reason"]) == (staff.id, "the seller asked by phone")
    assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE action = 'auction.ended'") == 1


async def test_staff_remove_an_auction_and_nobody_owes_anything():
    staff = Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    auction_id, lot = await an_auction(buy_now="200")
    buyer = (await a_user()).id
    bought = await buy_now(LotRef(lot_id=lot), buyer, clock.now())
    with pytest.raises(Forbidden):
        await remove(auction_id, Actor(buyer), "no")
    with pytest.raises(ValidationFailed):
        await remove(auction_id, staff, " ")
    await remove(auction_id, staff, "counterfeit")
    assert (await the_auction(auction_id)).status == AuctionStatus.CANCELLED
    assert (await sold_to(lot)).status == SaleStatus.CANCELLED
    assert (await read(await order_of(bought.sale_id))).phase is Phase.CANCELLED
    await time_to_pay_is_over()
    await timers.run_due()
    assert await SecondChanceOffer.count() == 0
    await hold_invariants()


async def test_what_was_paid_for_is_not_removed():
    staff = Actor((await a_user(Role.MODERATOR)).id, is_staff=True)
    auction_id, lot = await an_auction(buy_now="200")
    bought = await buy_now(LotRef(lot_id=lot), (await a_user()).id, clock.now())
    order_id = await order_of(bought.sale_id)
    await pay((await read(order_id)).checkout)
    assert (await sold_to(lot)).status == SaleStatus.PAID
    with pytest.raises(AlreadyPaid):
        await remove(auction_id, staff, "counterfeit")
    await cancel(order_id, CancelledBy.STAFF, staff.id, "counterfeit")
    await remove(auction_id, staff, "counterfeit")
    assert (await sold_to(lot)).status == SaleStatus.CANCELLED


async def test_deletion_before_the_first_bid_only():
    seller = (await a_user()).id
    auction_id, _ = await an_auction(seller)
    with pytest.raises(Forbidden):
        await delete_auction(auction_id, Actor((await a_user()).id))
    await delete_auction(auction_id, Actor(seller))
    with pytest.raises(AuctionNotFound):
        await delete_auction(auction_id, Actor(seller))
    with pytest.raises(NotFound):
        await activate(auction_id, Actor(seller))
    with_bid, lot = await an_auction(seller)
    await a_bid(lot, (await a_user()).id, "5")
    with pytest.raises(HasBids):
        await delete_auction(with_bid, Actor(seller))
    await timers.run_due()
    await hold_invariants()


async def test_an_unpaid_win_goes_to_the_second_bidder_at_their_maximum():
    auction_id, lot = await an_auction()
    winner, second, third = [(await a_user()).id for _ in range(3)]
    earlier = clock.now() - timedelta(hours=1)
    await a_bid(lot, third, "30", at=earlier)
    await a_bid(lot, second, "45", at=earlier)
    await a_bid(lot, winner, "80", at=earlier)
    await over(lot)
    await timers.run_due()
    unpaid = await sold_to(lot)
    assert (unpaid.buyer, unpaid.amount_minor) == (winner, 4600)
    await time_to_pay_is_over()
    await timers.run_due()
    assert (await sold_to(lot)).status == SaleStatus.UNPAID
    offer = await SecondChanceOffer.objects().first()
    assert offer is not None
    assert (offer.bidder, offer.amount_minor, offer.status) == (second, 4500, "open")
    with pytest.raises(NotFound):
        await offers.answer_offer(offer.id, third, accept=True)
    await offers.answer_offer(offer.id, second, accept=True)
    sale = await sold_to(lot)
    assert (sale.buyer, sale.amount_minor, sale.kind) == (second, 4500, SaleKind.SECOND_CHANCE)
    with pytest.raises(IllegalTransition):
        await offers.answer_offer(offer.id, second, accept=False)
    await time_to_pay_is_over()
    await timers.run_due()
    assert await SecondChanceOffer.count() == 1, "a second chance has no third"
    assert (await the_auction(auction_id)).status == AuctionStatus.ENDED
    await hold_invariants()


@pytest.mark.parametrize("answer", ["declined", "expired"])
async def test_an_offer_that_is_declined_or_expires_leaves_it_unsold(answer):
    _, lot = await an_auction()
    winner, second = (await a_user()).id, (await a_user()).id
    await a_bid(lot, second, "45", at=clock.now() - timedelta(hours=1))
    await a_bid(lot, winner, "80", at=clock.now() - timedelta(hours=1))
    await over(lot)
    await timers.run_due()
    await time_to_pay_is_over()
    await timers.run_due()
    offer = await SecondChanceOffer.objects().first()
    assert offer is not None
    if answer == "declined":
        assert await offers.answer_offer(offer.id, second, accept=False) is None
    else:
        await db.execute("UPDATE second_chance_offers SET expires_at = now() - interval '1 second'")
        with pytest.raises(AuctionClosed):
            await offers.answer_offer(offer.id, second, accept=True)
        await make_due("auctions.offer_expiry")
        await timers.run_due()
    again = await SecondChanceOffer.objects().get(SecondChanceOffer.id == offer.id)
    assert again is not None and again.status == answer
    assert await Sale.count() == 1
    await hold_invariants()


async def test_nobody_second_below_the_reserve_or_banned_gets_an_offer():
    _, lot = await an_auction(reserve="60")
    low, banned, winner = [(await a_user()).id for _ in range(3)]
    for bidder, amount in [(low, "50"), (banned, "65"), (winner, "90")]:
        await a_bid(lot, bidder, amount, at=clock.now() - timedelta(hours=1))
    await over(lot)
    await timers.run_due()
    await db.execute("UPDATE users SET status = 'banned' WHERE id = $1", banned)
    await time_to_pay_is_over()
    await timers.run_due()
    assert await SecondChanceOffer.count() == 0


async def test_what_a_banned_account_sells_is_taken_down():
    staff, seller = await a_user(Role.ADMIN), await a_user()
    running, lot = await an_auction(seller.id)
    planned, _ = await an_auction(seller.id, starts_at=clock.now() + timedelta(hours=1))
    others, _ = await an_auction()
    await a_bid(lot, (await a_user()).id, "5")
    await ban_user(staff.id, seller.id, "Sold counterfeits.")
    await outbox.drain()
    statuses = [(await the_auction(one)).status for one in (running, planned, others)]
    assert statuses == [AuctionStatus.CANCELLED, AuctionStatus.CANCELLED, AuctionStatus.ACTIVE]
    with pytest.raises(AuctionClosed):
        await a_bid(lot, (await a_user()).id, "9")
    await hold_invariants()


async def test_a_running_auction_counts_in_its_category():
    category = uuid7()
    await Category(id=category, slug="watches", name="Watches").save()

    async def counted() -> int:
        await outbox.drain()
        return int(await db.fetch_val("SELECT count(*) FROM category_items WHERE category = $1", category))

    seller = (await a_user()).id
    auction_id, lot = await an_auction(seller, category=category, starts_at=None)
    assert await counted() == 0
    await activate(auction_id, Actor(seller))
    assert await counted() == 1
    await over(lot)
    await timers.run_due()
    assert await counted() == 0
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await an_auction(seller, category=uuid7())
