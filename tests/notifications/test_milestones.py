"""Who is told of milestones."""

import pytest

from marketplace.engagements.service import milestones
from marketplace.notifications import milestone_texts
from marketplace.notifications.kinds import Kind
from tests.factories.engagements import parties
from tests.factories.milestones import approve, in_milestones, submit
from tests.notifications.test_handlers import message, told

pytestmark = pytest.mark.usefixtures("tables")


async def kinds(user):
    return {kind for kind, _ in await told(user)}


async def test_each_side_hears_what_the_other_did():
    order_id = await in_milestones(2_000, 8_000)
    buyer, seller = await parties(order_id)
    first = await submit(order_id, 1)
    await milestones.reject(first, buyer, "It is upside down.")
    await submit(order_id, 1)
    await approve(order_id, 1, "15.00")
    assert {Kind.MILESTONES_PROPOSED, Kind.MILESTONE_SUBMITTED, Kind.MILESTONE_DUE} <= await kinds(buyer)
    assert {Kind.MILESTONES_AGREED, Kind.MILESTONE_REJECTED, Kind.MILESTONE_APPROVED} <= await kinds(seller)
    assert "$80.00" in await message(buyer, Kind.MILESTONE_DUE)
    assert "$15.00" in await message(seller, Kind.MILESTONE_APPROVED)
    assert "It is upside down." in await message(seller, Kind.MILESTONE_REJECTED)


def test_every_text_is_in_both_languages():
    assert all(set(words) == {"en", "zh"} for words in milestone_texts.TEXTS.values())
