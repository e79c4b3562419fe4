from datetime import timedelta
from decimal import Decimal

import pytest

from marketplace.accounts.states import AccountStatus
from marketplace.accounts.tables import Session
from marketplace.auctions.errors import (
    AuctionClosed,
    AuctionNotFound,
    AuctionNotStarted,
    BidTooLow,
    EmailNotVerified,
    LinkedToSeller,
    LotNotFound,
    LotRequired,
    MaximumNotRaised,
    MayNotBid,
    OwnAuction,
)
from marketplace.auctions.locks import LotRef
from marketplace.auctions.record import verify_chain
from marketplace.auctions.service.bids import BidRequest, place_bid, place_bids
from marketplace.auctions.tables import Bid
from marketplace.core import clock, db, live, platform
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction, ends, hold_invariants, the_lot

pytestmark = pytest.mark.usefixtures("tables")


async def said(auction_id, user=None) -> list[str]:
    return [body for _, body in await live.since(f"auction:{auction_id}", 0, user, 100)]


async def test_the_first_worked_case_of_the_rules():
    auction_id, lot = await an_auction(start="0.99")
    a, b, c, d = [(await a_user()).id for _ in range(4)]
    assert (await a_bid(lot, a, "50")).price_minor == 99
    second = await a_bid(lot, b, "20")
    assert (second.price_minor, second.leading) == (2050, False)
    tie = await a_bid(lot, c, "50")
    assert (tie.price_minor, tie.leading) == (5000, False)
    with pytest.raises(BidTooLow) as refused:
        await a_bid(lot, d, "50.50")
    assert refused.value.details["minimum"] == "51.00" and refused.value.fields["amount"]
    won = await a_bid(lot, d, "52")
    assert (won.price_minor, won.leading, won.total_bids, won.minimum_minor) == (5100, True, 4, 5200)
    row = await the_lot(lot)
    assert (row.price_minor, row.leader, row.leader_max_minor, row.bid_count, row.bidder_count) == (5100, d, 5200, 4, 4)
    assert (await verify_chain(lot)).length == 4
    assert sum('"type":"bid_placed"' in body for body in await said(auction_id)) == 4
    await hold_invariants()


async def test_the_second_worked_case_with_a_reserve():
    _, lot = await an_auction(start="10", reserve="100")
    a, b, c = [(await a_user()).id for _ in range(3)]
    first = await a_bid(lot, a, "60")
    assert (first.price_minor, first.reserve_met) == (1000, False)
    assert (await a_bid(lot, b, "80")).price_minor == 6100
    third = await a_bid(lot, a, "150")
    assert (third.price_minor, third.reserve_met, third.leading) == (10000, True, True)
    assert (await a_bid(lot, c, "120")).price_minor == 12250
    await hold_invariants()


async def test_yen_have_no_decimals():
    _, lot = await an_auction(currency="JPY", start="100")
    bidder = (await a_user()).id
    with pytest.raises(ValidationFailed) as refused:
        await a_bid(lot, bidder, "150.5")
    assert list(refused.value.fields) == ["amount"]
    assert (await a_bid(lot, bidder, "150")).minimum_minor == 125


async def test_the_room_hears_bids_and_only_the_loser_hears_that_they_lost():
    auction_id, lot = await an_auction()
    a, b = await a_user(username="alice"), await a_user(username="bob")
    await a_bid(lot, a.id, "10")
    await a_bid(lot, b.id, "20")
    public = await said(auction_id)
    assert '"bidder":"bob","leader":"bob"' in public[-1] and '"amount":"10.50"' in public[-1]
    assert not any("user_outbid" in body for body in public)
    [outbid] = [body for body in await said(auction_id, a.id) if "user_outbid" in body]
    assert '"new_bid":"10.50"' in outbid and '"minimum_bid":"11.00"' in outbid
    await a_bid(lot, a.id, "12")
    assert any('"auto_bid_triggered"' in body and '"auto_bidder":"bob"' in body for body in await said(auction_id))
    assert sum("user_outbid" in body for body in await said(auction_id, a.id)) == 2


async def test_no_message_tells_a_maximum():
    auction_id, lot = await an_auction()
    await a_bid(lot, (await a_user()).id, "777777.77")
    assert not any("777777" in body for body in await said(auction_id))


async def test_names_can_be_masked():
    await platform.change({"auctions.public_bidder_names": False}, None)
    auction_id, lot = await an_auction()
    a, b = await a_user(username="alice"), await a_user(username="bob")
    await a_bid(lot, a.id, "10")
    await a_bid(lot, b.id, "20")
    await a_bid(lot, a.id, "15")
    heard = await said(auction_id, a.id)
    assert not any("alice" in body or "bob" in body for body in heard)
    assert '"bidder":"bidder 1","leader":"bidder 2"' in "".join(heard)
    await platform.change({"auctions.public_bidder_names": True}, None)


async def test_who_may_not_bid():
    auction_id, lot = await an_auction(seller := (await a_user()).id)
    with pytest.raises(OwnAuction):
        await a_bid(lot, seller, "5")
    with pytest.raises(MayNotBid):
        await a_bid(lot, (await a_user(status=AccountStatus.BANNED)).id, "5")
    with pytest.raises(EmailNotVerified):
        await a_bid(lot, (await a_user(email_verified_at=None)).id, "5")
    with pytest.raises(MayNotBid):
        await a_bid(lot, uuid7(), "5")
    assert (await the_lot(lot)).chain_seq == 0 and await said(auction_id) == (await said(auction_id))[:1]


@pytest.mark.parametrize(
    ("address", "agent", "linked"),
    [("203.0.113.9", "Browser/1", True), ("203.0.113.9", "Other/2", False), ("127.0.0.1", "Browser/1", False),
     ("192.168.1.4", "Browser/1", False), ("", "Browser/1", False)],
)  # fmt: skip
async def test_an_account_on_the_sellers_device_may_not_bid(address, agent, linked):
    seller, bidder = (await a_user()).id, (await a_user()).id
    _, lot = await an_auction(seller)
    await Session(id=uuid7(), user=seller, address=address, user_agent="Browser/1").save()
    await Session(id=uuid7(), user=bidder, address=address, user_agent=agent).save()
    if linked:
        with pytest.raises(LinkedToSeller):
            await a_bid(lot, bidder, "5")
    else:
        assert (await a_bid(lot, bidder, "5")).leading


async def test_an_account_at_the_sellers_postal_address_may_not_bid():
    seller, bidder, neighbour = (await a_user()).id, (await a_user()).id, (await a_user()).id
    _, lot = await an_auction(seller)
    homes = [(seller, "12 High St.", "E1 6AN"), (bidder, "12 high st", "E16AN"), (neighbour, "14 High St.", "E1 6AN")]
    for user, street, code in homes:
        await db.execute(
            'INSERT INTO addresses (id, "user", address_type, full_name, street_address, city, country, country_code, '
            "zip_code, is_default) VALUES ($1, $2, 'shipping', 'N', $3, 'London', 'UK', 'GB', $4, false)",
            uuid7(), user, street, code,
        )  # fmt: skip
    with pytest.raises(LinkedToSeller):
        await a_bid(lot, bidder, "5")
    assert (await a_bid(lot, neighbour, "5")).leading


async def test_the_receipt_time_decides_and_the_end_itself_is_too_late():
    _, lot = await an_auction()
    bidder = (await a_user()).id
    end = await ends(lot, 5)
    with pytest.raises(AuctionClosed):
        await a_bid(lot, bidder, "5", at=end)
    await db.execute("UPDATE lots SET ends_at = $2 WHERE id = $1", lot, end - timedelta(hours=1))
    placed = await a_bid(lot, bidder, "5", at=end - timedelta(hours=1, microseconds=1))
    assert placed.leading, "received before the end, and the lot is not closed yet"


async def test_a_bid_before_the_start_is_refused():
    soon = clock.now() + timedelta(hours=1)
    _, lot = await an_auction(starts_at=soon)
    with pytest.raises(AuctionNotStarted):
        await a_bid(lot, (await a_user()).id, "5")
    _, unplanned = await an_auction(starts_at=None)
    with pytest.raises(AuctionNotFound):
        await a_bid(unplanned, (await a_user()).id, "5")


async def test_a_late_bid_moves_the_end_but_never_past_the_cap_and_a_raise_does_not():
    _, lot = await an_auction()
    a, b = (await a_user()).id, (await a_user()).id
    end = await ends(lot, 60)
    at = end - timedelta(seconds=30)
    placed = await a_bid(lot, a, "5", at=at)
    assert placed.extended and placed.ends_at == at + timedelta(minutes=2)
    raised = await a_bid(lot, a, "50", at=at + timedelta(seconds=60))
    assert not raised.extended and raised.ends_at == placed.ends_at, "the price did not change"
    await db.execute("UPDATE lots SET latest_end = $2 WHERE id = $1", lot, placed.ends_at + timedelta(seconds=7))
    capped = await a_bid(lot, b, "20", at=placed.ends_at - timedelta(seconds=1))
    assert capped.ends_at == placed.ends_at + timedelta(seconds=7)
    assert (await the_lot(lot)).ends_at == capped.ends_at


async def test_the_auction_alone_names_its_only_lot():
    auction_id, lot = await an_auction()
    bidder = (await a_user()).id
    request = BidRequest(bidder_id=bidder, amount=Decimal(5), received_at=clock.now())
    assert (await place_bid(LotRef(auction_id=auction_id), request)).lot_id == lot
    several, first = await an_auction(lots=2)
    with pytest.raises(LotRequired) as refused:
        await place_bid(LotRef(auction_id=several), request)
    assert "lot_id" in refused.value.fields
    assert (await place_bid(LotRef(several, first), request)).lot_id == first
    with pytest.raises(LotNotFound):
        await place_bid(LotRef(auction_id, first), request)
    with pytest.raises(LotNotFound):
        await place_bid(LotRef(lot_id=uuid7()), request)
    with pytest.raises(AuctionNotFound):
        await place_bid(LotRef(auction_id=uuid7()), request)


async def test_each_lot_is_bid_on_its_own():
    auction_id, first = await an_auction(lots=2)
    second = await db.fetch_val("SELECT id FROM lots WHERE auction = $1 AND position = 2", auction_id)
    a, b = (await a_user()).id, (await a_user()).id
    await a_bid(first, a, "10")
    await a_bid(second, b, "20")
    assert ((await the_lot(first)).leader, (await the_lot(second)).leader) == (a, b)
    await hold_invariants()


async def test_a_batch_gives_each_its_own_answer_in_the_order_of_receipt():
    _, lot = await an_auction()
    a, b, c = [(await a_user()).id for _ in range(3)]
    now = clock.now()
    requests = [
        BidRequest(bidder_id=a, amount=Decimal("50"), received_at=now + timedelta(milliseconds=2)),
        BidRequest(bidder_id=b, amount=Decimal("50"), received_at=now + timedelta(milliseconds=1)),
        BidRequest(bidder_id=c, amount=Decimal("0.10"), received_at=now),
        BidRequest(bidder_id=c, amount=Decimal("60"), received_at=now + timedelta(milliseconds=3), currency="EUR"),
    ]
    late, early, low, foreign = await place_bids(LotRef(lot_id=lot), requests)
    assert not late.leading and late.price_minor == 5000, "the same maximum, received later"
    assert early.leading and early.seq == 1
    assert isinstance(low, BidTooLow) and isinstance(foreign, ValidationFailed)
    rows = await Bid.select(Bid.bidder, Bid.seq).where(Bid.lot == lot).order_by(Bid.seq)
    assert [row["bidder"] for row in rows] == [b, a]
    await hold_invariants()


async def test_a_leader_who_lowers_is_told_their_maximum():
    _, lot = await an_auction()
    a = (await a_user()).id
    await a_bid(lot, a, "50")
    with pytest.raises(MaximumNotRaised) as refused:
        await a_bid(lot, a, "40")
    assert refused.value.details["current_maximum"] == "50.00"


@pytest.mark.parametrize("amount", ["0", "-1", "5.001", "99999999999999", "NaN"])
async def test_amounts_that_are_none(amount):
    _, lot = await an_auction()
    with pytest.raises(ValidationFailed) as refused:
        await a_bid(lot, (await a_user()).id, amount)
    assert "amount" in refused.value.fields
