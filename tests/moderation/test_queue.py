from decimal import Decimal

import pytest

from marketplace.accounts.states import Role
from marketplace.accounts.tables import Session
from marketplace.auctions.errors import LinkedToSeller
from marketplace.auctions.locks import LotRef
from marketplace.auctions.service.bids import BidRequest, place_bids
from marketplace.core import clock, db, outbox, platform
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.states import IllegalTransition
from marketplace.moderation.service import CaseNotFound, decide
from marketplace.moderation.states import CaseStatus
from marketplace.moderation.tables import ModerationCase
from tests.factories import a_user
from tests.factories.auctions import a_bid, an_auction

pytestmark = pytest.mark.usefixtures("tables")


async def at(user, address="203.0.113.9", agent="Browser/1") -> None:
    await Session(id=uuid7(), user=user, address=address, user_agent=agent).save()


async def cases() -> list[dict]:
    await outbox.drain()
    return await ModerationCase.select().order_by(ModerationCase.created_at)


async def test_attempts_on_the_sellers_device_make_one_case():
    seller, bidder = (await a_user()).id, (await a_user()).id
    _, lot = await an_auction(seller)
    await at(seller)
    await at(bidder)
    for _ in range(2):
        with pytest.raises(LinkedToSeller):
            await a_bid(lot, bidder, "5")
        request = BidRequest(bidder_id=bidder, amount=Decimal(5), received_at=clock.now())
        await place_bids(LotRef(lot_id=lot), [request])
    [case] = await cases()
    assert (case["kind"], case["user"], case["other_user"], case["object_id"]) == (
        "linked_to_seller", bidder, seller, lot,
    )  # fmt: skip
    assert case["times"] >= 2 and '"device"' in case["details"]


async def test_a_shared_network_or_phone_is_let_in_and_reported():
    seller, near = (await a_user(phone_number="+4420")).id, (await a_user(phone_number="+4420")).id
    _, lot = await an_auction(seller)
    await at(seller)
    await at(near, agent="Other/2")
    assert (await a_bid(lot, near, "5")).leading
    [case] = await cases()
    assert case["kind"] == "near_seller" and '"network"' in case["details"] and '"phone"' in case["details"]


async def test_bidders_on_one_device_who_outbid_each_other_are_reported():
    _, lot = await an_auction()
    one, two, stranger = [(await a_user()).id for _ in range(3)]
    await at(one)
    await at(two)
    await at(stranger, address="198.51.100.7")
    await a_bid(lot, one, "5")
    await a_bid(lot, stranger, "6")
    assert await cases() == []
    await a_bid(lot, one, "10")
    await a_bid(lot, two, "20")
    [case] = await cases()
    assert (case["kind"], case["user"], case["other_user"]) == ("linked_bidders", two, one)


async def test_more_bids_a_minute_than_people_place():
    await platform.change({"moderation.bids_a_minute": 3}, None)
    _, lot = await an_auction()
    eager, calm = (await a_user()).id, (await a_user()).id
    for amount in range(10, 14):
        await a_bid(lot, eager, str(amount))
    await a_bid(lot, calm, "20")
    [case] = await cases()
    assert (case["kind"], case["user"]) == ("bid_velocity", eager)
    await platform.change({"moderation.bids_a_minute": 20}, None)


async def test_a_case_is_decided_by_a_person_who_says_why():
    staff = (await a_user(Role.MODERATOR)).id
    _, lot = await an_auction(seller := (await a_user(phone_number="+1")).id)
    await a_bid(lot, (await a_user(phone_number="+1")).id, "5")
    [case] = await cases()
    with pytest.raises(ValidationFailed):
        await decide(case["id"], staff, CaseStatus.DISMISSED)
    with pytest.raises(CaseNotFound):
        await decide(seller, staff, CaseStatus.REVIEWING)
    await decide(case["id"], staff, CaseStatus.REVIEWING)
    await decide(case["id"], staff, CaseStatus.DISMISSED, "A family.")
    with pytest.raises(IllegalTransition):
        await decide(case["id"], staff, CaseStatus.UPHELD, "No.")
    [case] = await cases()
    assert (case["status"], case["decided_by"], case["decision"]) == ("dismissed", staff, "A family.")
    assert await db.fetch_val("SELECT count(*) FROM audit_log WHERE action LIKE 'moderation_case.%'") == 2
    await a_bid(lot, case["user"], "50")
    assert len(await cases()) == 2, "after the decision the same thing is a new case"
