"""What anonymous readers get from the cache, and what drops it."""

import asyncio

import pytest

from marketplace.core import cache
from marketplace.shop import freshness
from marketplace.shop.policies import Actor
from marketplace.shop.service import listing, stock
from tests.factories import a_user
from tests.factories.shop import a_product, the_variant
from tests.statements import statements

API = "/api/v1/products/"


@pytest.fixture
async def cached(client, monkeypatch):
    """The client, with the cache on."""
    monkeypatch.setattr(cache.shared, "enabled", True)
    monkeypatch.setattr(freshness, "STOCK_LAG", 0.05)
    cache.clear()
    async with asyncio.timeout(10):
        while not cache.shared.hearing:
            await asyncio.sleep(0.01)
    yield client
    cache.clear()


async def reads(client, path):
    """(the answer, how many statements it took)"""
    async with statements() as ran:
        answer = await client.get(API + path)
    return answer, len(ran)


@pytest.mark.parametrize("path", ["", "a-kettle/", "a-kettle/related/", "facets/", "featured/", "categories/"])
async def test_an_anonymous_answer_is_made_once_and_has_a_tag(cached, path):
    await a_product()
    first, _ = await reads(cached, path)
    async with asyncio.timeout(10):  # what was dropped a moment ago is dropped once more when Redis has told of it
        while (again := await reads(cached, path))[1]:
            await asyncio.sleep(0.01)
    again, _ = again
    assert (
        again.status_code == 200 and again.content == first.content and again.headers["etag"] == first.headers["etag"]
    )
    same = await cached.get(API + path, headers={"if-none-match": first.headers["etag"]})
    assert same.status_code == 304


@pytest.mark.parametrize("path", ["", "a-kettle/", "facets/"])
async def test_what_changes_a_product_drops_it(cached, path):
    seller = (await a_user()).id
    product = await a_product(seller)
    before = (await cached.get(API + path)).content
    await listing.update_product(product, Actor(seller), listing.ProductPatch(price_minor=9900))
    after = (await cached.get(API + path)).content
    assert after != before


async def test_what_moves_stock_drops_it_within_a_moment(cached):
    product = await a_product()
    variant = await the_variant(product)
    for left in (9, 8, 7):
        await stock.correct(variant, available=left, actor=None)

    async def quantity():
        return (await cached.get(f"{API}a-kettle/")).json()["data"]["quantity"]

    async with asyncio.timeout(10):
        while await quantity() != 7:
            await asyncio.sleep(0.01)


async def test_many_sales_in_a_moment_drop_it_at_once_and_when_they_are_over(cached, monkeypatch):
    monkeypatch.setattr(freshness, "STOCK_LAG", 0.5)
    variant = await the_variant(await a_product(quantity=100))
    monkeypatch.setattr(freshness, "_dropped_at", 0.0)
    monkeypatch.setattr(freshness, "_due", 0.0)
    dropped = []
    monkeypatch.setattr(cache, "drop", lambda *tags: dropped.append(tags))
    for left in range(50, 20, -1):
        await stock.correct(variant, available=left, actor=None)
    async with asyncio.timeout(10):
        while len(dropped) < 2:
            await asyncio.sleep(0.01)
    assert set(dropped) == {("products",)} and len(dropped) < 30
