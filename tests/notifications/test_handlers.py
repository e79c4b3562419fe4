"""Who is told of what, from the bid that was placed to the line in the inbox."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from marketplace.accounts.events import (
    LoggedIn,
    PasswordChanged,
    RefreshTokenReused,
    RoleChanged,
    SecondFactorChanged,
    SocialLinked,
    UserUnbanned,
)
from marketplace.accounts.states import Role
from marketplace.auctions.events import (
    AuctionCancelled,
    BidRetracted,
    SaleMade,
    SaleUnpaid,
    SecondChanceClosed,
    SecondChanceOffered,
)
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.lifecycle import close_due
from marketplace.auctions.service.watching import watch
from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.notifications.texts import words
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction, ends

pytestmark = pytest.mark.usefixtures("tables")


async def told(user: UUID) -> list[tuple[Kind, int]]:
    await outbox.drain()
    rows = await db.fetch(
        'SELECT type, occurrences FROM notifications WHERE "user" = $1 ORDER BY happened_at, id', user
    )
    return [(Kind(row["type"]), row["occurrences"]) for row in rows]


async def message(user: UUID, kind: Kind) -> str:
    from msgspec import json

    from marketplace.notifications.texts import words

    row = await db.fetch_row(
        'SELECT details::text FROM notifications WHERE "user" = $1 AND type = $2', user, kind.value
    )
    return words(kind, json.decode(row["details"], type=Details), "en")[1]


async def emit(*events) -> None:
    async with db.transaction():
        await outbox.emit(*events)
    await outbox.drain()


async def test_the_outbid_and_the_seller_are_told_and_a_duel_is_one_line_each():
    seller, ann, bob = await a_user(), await a_user(), await a_user()
    _, lot = await an_auction(seller.id)
    await a_bid(lot, ann.id, "10")
    await a_bid(lot, bob.id, "20")
    assert await told(ann.id) == [(Kind.OUTBID, 1)]
    assert "$10.50" in await message(ann.id, Kind.OUTBID)
    await a_bid(lot, ann.id, "30")
    assert await told(bob.id) == [(Kind.OUTBID, 1)]
    await a_bid(lot, bob.id, "40")
    assert await told(ann.id) == [(Kind.OUTBID, 2)]
    assert (Kind.BID_RECEIVED, 4) in await told(seller.id)


async def test_who_has_won_the_lead_back_by_then_is_not_told_of_losing_it():
    ann, bob = await a_user(), await a_user()
    _, lot = await an_auction()
    for bidder, amount in ((ann, "10"), (bob, "20"), (ann, "30")):
        await a_bid(lot, bidder.id, amount)
    assert await told(ann.id) == [] and await told(bob.id) == [(Kind.OUTBID, 1)]


async def test_news_that_arrives_late_does_not_overwrite_newer():
    ann, lot = await a_user(), uuid7()
    now = clock.now()
    for minutes, price in ((2, "30.00"), (1, "20.00")):
        async with db.transaction():
            details = Details(lot_id=lot, title="A watch", amount=price, currency="USD")
            await notify(Kind.OUTBID, details, [ann.id], key="outbid:1", at=now + timedelta(minutes=minutes))
    assert await told(ann.id) == [(Kind.OUTBID, 2)]
    assert "$30.00" in await message(ann.id, Kind.OUTBID)
    bodies = await db.fetch("SELECT body FROM live_messages ORDER BY seq")
    assert all("$30.00" in row["body"] for row in bodies)


async def test_a_bid_that_is_beaten_at_once_outbids_nobody_else():
    ann, bob = await a_user(), await a_user()
    _, lot = await an_auction()
    await a_bid(lot, ann.id, "50")
    await a_bid(lot, bob.id, "20")
    assert await told(ann.id) == []


async def test_the_end_is_told_to_winner_loser_seller_and_watcher():
    seller, winner, loser, watcher = [await a_user() for _ in range(4)]
    auction, lot = await an_auction(seller.id, title="A watch")
    await watch(auction, Actor(watcher.id))
    await a_bid(lot, loser.id, "10")
    await a_bid(lot, winner.id, "20")
    await told(loser.id)
    end = await ends(lot, -1)
    await db.execute("UPDATE timers SET due_at = $1 WHERE kind IN ('auctions.close', 'auctions.ending_soon')", end)
    await timers.run_due()
    assert (Kind.AUCTION_WON, 1) in await told(winner.id)
    assert "$10.50" in await message(winner.id, Kind.AUCTION_WON)
    # What was unread about being outbid has become the news that it is over.
    assert Kind.AUCTION_LOST in dict(await told(loser.id)) and Kind.OUTBID not in dict(await told(loser.id))
    kinds = dict(await told(seller.id))
    assert Kind.LOT_SOLD in kinds and Kind.BID_RECEIVED not in kinds
    assert Kind.AUCTION_WON not in kinds
    assert "$10.50" not in await message(loser.id, Kind.AUCTION_LOST)


async def test_an_unsold_lot_is_told_to_its_seller_and_to_those_who_bid():
    seller, ann = await a_user(), await a_user()
    _, lot = await an_auction(seller.id, reserve="100")
    await a_bid(lot, ann.id, "10")
    end = await ends(lot, -1)
    await db.execute("UPDATE timers SET due_at = $1 WHERE kind = 'auctions.close'", end)
    await timers.run_due()
    assert Kind.LOT_UNSOLD in dict(await told(seller.id))
    assert Kind.AUCTION_LOST in dict(await told(ann.id)), "who led below the reserve must not wait for more"


async def test_money_and_second_chances_reach_the_right_one():
    buyer, seller, second = await a_user(), await a_user(), await a_user()
    auction, lot = await an_auction(seller.id)
    common = {"auction_id": auction, "lot_id": lot}
    sale, offer, until = uuid7(), uuid7(), clock.now() + timedelta(days=2)
    await emit(
        SaleMade(
            sale_id=sale, kind="win", title="A watch", buyer_id=buyer.id, seller_id=seller.id, amount=1050,
            currency="USD", pay_by=until, **common,
        ),
        SaleUnpaid(sale_id=sale, title="A watch", buyer_id=buyer.id, seller_id=seller.id, **common),
        SecondChanceOffered(
            offer_id=offer, bidder_id=second.id, title="A watch", amount=1000, currency="USD", expires_at=until, **common
        ),
        SecondChanceClosed(offer_id=offer, bidder_id=second.id, seller_id=seller.id, status="declined", **common),
    )  # fmt: skip
    assert Counter(dict(await told(buyer.id))) == Counter({Kind.AUCTION_WON: 1, Kind.PAYMENT_OVERDUE: 1})
    assert dict(await told(second.id)) == {Kind.SECOND_CHANCE_OFFER: 1}
    assert {Kind.SALE_UNPAID, Kind.SECOND_CHANCE_CLOSED} <= set(dict(await told(seller.id)))
    assert await message(seller.id, Kind.SECOND_CHANCE_CLOSED) == "The second-chance offer was declined."


async def test_a_cancelled_auction_is_told_to_bidders_watchers_and_if_staff_did_it_the_seller():
    seller, ann, bob = await a_user(), await a_user(), await a_user()
    auction, lot = await an_auction(seller.id)
    await a_bid(lot, ann.id, "10")
    await watch(auction, Actor(bob.id))
    cancelled = AuctionCancelled(
        auction_id=auction, seller_id=seller.id, title="A watch", reason="Counterfeit.", by_staff=True
    )
    await emit(cancelled)
    for person in (seller, ann, bob):
        assert Kind.AUCTION_CANCELLED in dict(await told(person.id))
    assert "Counterfeit." in await message(ann.id, Kind.AUCTION_CANCELLED)


async def test_a_retraction_tells_the_seller_and_who_leads_again():
    seller, ann, bob = await a_user(), await a_user(), await a_user()
    auction, lot = await an_auction(seller.id)
    await emit(
        BidRetracted(
            auction_id=auction, lot_id=lot, seller_id=seller.id, bidder_id=bob.id, title="A watch", reason="wrong_amount",
            currency="USD", price=1000, leader_id=ann.id, former_leader_id=bob.id,
        )
    )  # fmt: skip
    assert dict(await told(ann.id)) == {Kind.LEADING_AGAIN: 1}
    assert Kind.BID_RETRACTED in dict(await told(seller.id)) and await told(bob.id) == []


async def test_what_happens_to_an_account_is_told_to_its_owner():
    ann = await a_user()
    session = uuid7()
    await emit(
        LoggedIn(ann.id, session, "192.0.2.1", "Firefox", is_new_device=False),
        LoggedIn(ann.id, session, "192.0.2.7", "Chrome", is_new_device=True),
        PasswordChanged(ann.id, by_reset=False),
        SecondFactorChanged(ann.id, is_on=True),
        RefreshTokenReused(ann.id, session, "192.0.2.9"),
        SocialLinked(ann.id, "wechat"),
        RoleChanged(ann.id, None, Role.USER, Role.MANAGER),
        UserUnbanned(ann.id, None, "mistake"),
    )
    assert Counter(kind for kind, _ in await told(ann.id)) == Counter([
        Kind.NEW_LOGIN, Kind.PASSWORD_CHANGED, Kind.SECOND_FACTOR_CHANGED, Kind.TOKEN_REUSED, Kind.SOCIAL_LINKED,
        Kind.ROLE_CHANGED, Kind.ACCOUNT_RESTORED,
    ])  # fmt: skip
    assert "192.0.2.7" in await message(ann.id, Kind.NEW_LOGIN) and "Chrome" in await message(ann.id, Kind.NEW_LOGIN)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_who_led_below_the_reserve_hears_that_it_was_not_sold(language):
    ann, bob = await a_user(language=language), await a_user()
    _, lot = await an_auction(reserve="500")
    await a_bid(lot, bob.id, "10")
    await a_bid(lot, ann.id, "20")
    await ends(lot, -5)
    await close_due(lot)
    assert await told(ann.id) == [(Kind.AUCTION_LOST, 1)]
    assert Kind.AUCTION_LOST in dict(await told(bob.id))
    row = await db.fetch_row('SELECT details::text FROM notifications WHERE "user" = $1', ann.id)
    said = words(Kind.AUCTION_LOST, msgspec.json.decode(row["details"], type=Details), language)[1]
    assert ("below its reserve" if language == "en" else "未达保留价") in said
