"""Every rule of reviews tells its breach."""

from datetime import timedelta

import pytest

from marketplace.core import clock, db, invariants
from marketplace.reviews import invariants as rules
from marketplace.reviews.service import writing
from tests.factories import a_user
from tests.factories.orders import an_order, read
from tests.factories.reviews import bought, completed, review, words
from tests.factories.shop import a_product

pytestmark = pytest.mark.usefixtures("tables")
SOON = timedelta(days=1)


async def told():
    return sorted({breach.partition(":")[0] async for breach in invariants.violations()})


async def test_ratings_that_are_not_the_sum():
    product = await a_product()
    await review(product, await bought(product), 4)
    assert await told() == []
    await db.execute("UPDATE products SET rating_sum = 5")
    assert await told() == ["a product is rated as its reviews rate it"]
    await db.execute("UPDATE products SET rating_sum = 4")
    await db.execute("UPDATE user_ratings SET seller_sum = 5")
    assert await told() == ["a person is rated as their reviews rate them"]
    await db.execute("DELETE FROM user_ratings")
    assert await told() == ["a person is rated as their reviews rate them"]


async def test_a_review_of_what_was_not_bought():
    product, other = await a_product(), await a_product(name="Another")
    mine = await review(product, await bought(product), 4)
    await db.execute("UPDATE reviews SET subject = $2 WHERE id = $1", mine, other)
    assert "a review of kind product is of what was bought" in await told()


async def test_a_review_by_somebody_else():
    order = await completed()
    mine = await writing.review_order(order, (await read(order)).buyer, words())
    await db.execute("UPDATE reviews SET author = $2 WHERE id = $1", mine, (await a_user()).id)
    assert await told() == ["a review is by one side of a completed order, of the other"]


async def test_a_review_of_an_order_that_is_not_complete():
    order = await completed()
    mine = await writing.review_order(order, (await read(order)).buyer, words())
    await db.execute('UPDATE reviews SET "order" = $2 WHERE id = $1', mine, await an_order())
    assert "a review is by one side of a completed order, of the other" in await told()


async def test_silence_that_both_have_broken():
    order = await completed()
    parties = await read(order)
    for person in (parties.buyer, parties.seller):
        await writing.review_order(order, person, words())
    await db.execute("UPDATE reviews SET blind_until = $1 WHERE kind = 'client'", clock.now() + SOON)
    found = await told()
    assert "what one side said is public when the other has spoken" in found and "silence has an end" in found


async def test_silence_without_an_end():
    order = await completed()
    await writing.review_order(order, (await read(order)).buyer, words())
    assert await told() == []
    await db.execute("DELETE FROM timers WHERE kind = 'reviews.reveal'")
    assert await told() == ["silence has an end"]


async def test_every_rule_is_broken_above():
    assert set(rules.BROKEN) == {
        "a person is rated as their reviews rate them", "a review is by one side of a completed order, of the other",
        "what one side said is public when the other has spoken", "silence has an end",
    }  # fmt: skip
