"""Reviews from several processes at once: one each, and the rating is their sum."""

import asyncio

import pytest

from marketplace.core import db
from marketplace.reviews.service import writing
from tests.factories.orders import hold_invariants, read
from tests.factories.payments import work_off
from tests.factories.reviews import bought, completed, silence_ends, words
from tests.factories.shop import a_product
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

RATING = "SELECT rating_sum, rating_count FROM products WHERE id = $1"


async def test_100_equal_reviews_are_one():
    product = await a_product()
    job = {"product": str(product), "author": str(await bought(product)), "rating": 4, "times": 25}
    said = [one for hand in await run_together("tests.races.review_deeds:write", job, job, job, job) for one in hand]
    assert (said.count("written"), said.count("already_reviewed")) == (1, 99)
    assert tuple(await db.fetch_row(RATING, product)) == (4, 1)
    await hold_invariants()


async def test_the_rating_of_many_who_write_and_take_back_is_the_sum_of_what_stays():
    product = await a_product()
    jobs = [
        {"product": str(product), "author": str(await bought(product)), "rating": rating, "times": 20}
        for rating in (1, 3, 5)
    ]
    assert await run_together("tests.races.review_deeds:write_and_take_back", *jobs) == [21, 21, 21]
    assert tuple(await db.fetch_row(RATING, product)) == (9, 3)
    await hold_invariants()


async def test_both_sides_and_the_clock_at_once_reveal_everything_once():
    """Twelve orders: in each a side has spoken, whose silence ends as the other speaks, once, twice or too late."""
    orders = [await completed() for _ in range(12)]
    sides = [await read(order) for order in orders]
    for one in sides[:6]:
        await writing.review_order(one.id, one.buyer, words(4))
        await silence_ends(one.id)
    as_seller = {"rating": 5, "orders": [(str(one.id), str(one.seller)) for one in sides]}
    as_buyer = {"rating": 4, "orders": [(str(one.id), str(one.buyer)) for one in sides]}
    said = await asyncio.gather(
        run_together("tests.races.review_deeds:speak", as_seller, as_seller, as_buyer),
        run_together(
            "tests.races.review_deeds:let_silence_end", {"times": 5, "orders": [str(order) for order in orders]}
        ),
    )
    sellers, again, buyers = said[0]
    for n in range(12):
        assert {sellers[n], again[n]} <= {"written", "already_reviewed", "review_closed"}
        assert (sellers[n], again[n]).count("written") == (0 if n < 6 else 1)
        assert buyers[n] == ("already_reviewed" if n < 6 else "written")
    await db.execute("UPDATE timers SET due_at = now() WHERE kind = 'reviews.reveal'")
    await work_off()
    counted = "SELECT coalesce(sum(seller_sum), 0), coalesce(sum(seller_count), 0), coalesce(sum(client_count), 0) FROM user_ratings"
    assert tuple(await db.fetch_row(counted)) == (48, 12, 6)
    assert await db.fetch_val("SELECT count(*) FROM reviews WHERE blind_until IS NOT NULL") == 0
    await hold_invariants()
