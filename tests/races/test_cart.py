"""Additions to one cart from several processes at once: they add up exactly, and limits hold."""

import pytest

from marketplace.core import db
from tests.factories import a_user
from tests.factories.offers import an_offer
from tests.races.crew import run_together

pytestmark = pytest.mark.usefixtures("tables")

DEED = "tests.races.cart_deeds:add"


async def test_100_equal_additions_add_up():
    user, product = await a_user(), await an_offer(stock=1_000)
    job = {"user": str(user.id), "product": str(product.id), "quantity": 2, "times": 25}
    said = [one for hand in await run_together(DEED, job, job, job, job) for one in hand]
    assert (said.count("new"), said.count("more")) == (1, 99)
    assert [dict(row) for row in await db.fetch("SELECT quantity FROM cart_items")] == [{"quantity": 200}]
    assert await db.fetch_val("SELECT count(*) FROM carts") == 1


async def test_additions_stop_exactly_at_the_stock():
    user, product = await a_user(), await an_offer(stock=50)
    job = {"user": str(user.id), "product": str(product.id), "quantity": 1, "times": 30}
    said = [one for hand in await run_together(DEED, job, job, job) for one in hand]
    assert (said.count("new") + said.count("more"), said.count("stock_unavailable")) == (50, 40)
    assert await db.fetch_val("SELECT quantity FROM cart_items") == 50
