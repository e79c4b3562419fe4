from datetime import timedelta
from typing import Any

import pytest

from marketplace.accounts.states import AccountStatus
from marketplace.auctions.errors import AuctionClosed, EmailNotVerified, LotNotFound
from marketplace.auctions.policies import Actor
from marketplace.auctions.service.lifecycle import activate, end_early
from marketplace.auctions.service.listing import (
    AuctionDraft,
    AuctionPatch,
    LotDraft,
    LotPatch,
    create_auction,
    delete_auction,
    update_auction,
)
from marketplace.auctions.tables import Auction
from marketplace.core import clock, platform
from marketplace.core.errors import Conflict, Forbidden, ValidationFailed
from marketplace.core.ids import uuid7
from tests.factories import a_user
from tests.factories.auctions import an_auction, the_auction, the_lot

pytestmark = pytest.mark.usefixtures("tables")

LOT = LotDraft(title="A watch", start_minor=99)


def a_draft(**over: Any) -> AuctionDraft:
    return AuctionDraft(**({"title": "A watch", "currency": "USD", "lots": [LOT]} | over))


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"currency": "XXY"}, "currency"),
        ({"lots": []}, "lots"),
        ({"lots": [LOT] * 101}, "lots"),
        ({"lots": [LotDraft(title="a", start_minor=0)]}, "lots[0].starting_price"),
        ({"lots": [LOT, LotDraft(title="a", start_minor=100, reserve_minor=99)]}, "lots[1].reserve_price"),
        ({"lots": [LotDraft(title="a", start_minor=100, buy_now_minor=99)]}, "lots[0].buy_now_price"),
        ({"lots": [LotDraft(title="a", start_minor=1, reserve_minor=100, buy_now_minor=99)]}, "lots[0].buy_now_price"),
        ({"duration": timedelta(seconds=59)}, "duration"),
        ({"duration": timedelta(days=31)}, "duration"),
        ({"ends_at": timedelta(hours=-1)}, "ends_at"),
        ({"starts_at": timedelta(days=1), "ends_at": timedelta(hours=1)}, "ends_at"),
        ({"starts_at": timedelta(days=91)}, "starts_at"),
    ],
)
async def test_what_can_not_be_listed(over, field):
    seller = (await a_user()).id
    dated = {name: clock.now() + value if name.endswith("_at") else value for name, value in over.items()}
    with pytest.raises(ValidationFailed) as refused:
        await create_auction(seller, a_draft(**dated))
    assert list(refused.value.fields) == [field]
    assert await Auction.count() == 0


async def test_who_may_not_sell():
    with pytest.raises(EmailNotVerified):
        await create_auction((await a_user(email_verified_at=None)).id, a_draft())
    with pytest.raises(Forbidden):
        await create_auction((await a_user(status=AccountStatus.BANNED)).id, a_draft())
    with pytest.raises(Forbidden):
        await create_auction(uuid7(), a_draft())
    await platform.change({"auctions.verified_email_only": False}, None)
    await create_auction((await a_user(email_verified_at=None)).id, a_draft())
    await platform.change({"auctions.verified_email_only": True}, None)


async def test_a_running_auction_keeps_the_settings_it_was_listed_with():
    await platform.change({"auctions.snipe_window_seconds": 30, "auctions.increments": {"USD": [[1, 700]]}}, None)
    auction_id, _ = await an_auction()
    await platform.change({"auctions.snipe_window_seconds": 120, "auctions.increments": {}}, None)
    later, _ = await an_auction()
    first, second = await the_auction(auction_id), await the_auction(later)
    assert (first.snipe_window_s, second.snipe_window_s) == (30, 120)
    assert "700" in first.increments and "700" not in second.increments


async def test_an_end_that_has_passed_can_not_be_activated_until_it_is_moved():
    seller = (await a_user()).id
    draft = a_draft(ends_at=clock.now() - timedelta(hours=1))
    auction_id = await create_auction(seller, draft, now=clock.now() - timedelta(hours=2))
    with pytest.raises(Conflict) as refused:
        await activate(auction_id, Actor(seller))
    assert list(refused.value.fields) == ["ends_at"]
    await update_auction(auction_id, Actor(seller), AuctionPatch(ends_at=clock.now() + timedelta(hours=1)))
    await activate(auction_id, Actor(seller))


async def test_only_what_is_there_can_be_changed_or_ended():
    seller = (await a_user()).id
    auction_id, lot = await an_auction(seller)
    with pytest.raises(LotNotFound):
        await update_auction(auction_id, Actor(seller), AuctionPatch(lots={uuid7(): LotPatch(title="x")}))
    with pytest.raises(LotNotFound):
        await end_early(auction_id, Actor(seller), lot_id=uuid7())
    await update_auction(auction_id, Actor(seller), AuctionPatch(lots={lot: LotPatch(description="Blue.")}))
    assert (await the_lot(lot)).description == "Blue."
    staff = Actor((await a_user()).id, is_staff=True)
    await end_early(auction_id, staff, "stolen", lot_id=lot)
    with pytest.raises(AuctionClosed):
        await update_auction(auction_id, Actor(seller), AuctionPatch(title="Again"))
    await delete_auction(auction_id, Actor(seller))
