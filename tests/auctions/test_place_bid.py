import pytest

from marketplace.auctions.errors import (
    BidTooLow,
)
from marketplace.auctions.record import verify_chain
from marketplace.core import live
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction, the_lot

pytestmark = pytest.mark.usefixtures("tables")


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
    assert (await verify_chain(lot)).intact
    said = [body for _, body in await live.since(f"auction:{auction_id}", 0, None, 100)]
    assert [body.count('"bid_placed"') for body in said].count(1) == 4


async def test_the_second_worked_case_with_a_reserve():
    _, lot = await an_auction(start="10", reserve="100")
    a, b, c = [(await a_user()).id for _ in range(3)]
    first = await a_bid(lot, a, "60")
    assert (first.price_minor, first.reserve_met) == (1000, False)
    assert (await a_bid(lot, b, "80")).price_minor == 6100
    third = await a_bid(lot, a, "150")
    assert (third.price_minor, third.reserve_met, third.leading) == (10000, True, True)
    assert (await a_bid(lot, c, "120")).price_minor == 12250
