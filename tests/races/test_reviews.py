"""Reviews from several processes at once: one each, and the rating is their sum."""

import pytest

from marketplace.core import db
from tests.factories.orders import hold_invariants
from tests.factories.reviews import bought
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
