"""With many products, lists are still read by indexes, at any depth."""

from collections.abc import AsyncIterator

import pytest

from marketplace.core import db, pagination
from marketplace.shop.queries import searching
from marketplace.shop.queries.products import PRODUCTS, list_products
from tests.factories.many_products import products

MANY = 20_000
READ = (
    "", "category=many-3", "category=many-3&in_stock=true&min_price=100&max_price=500", "ordering=price", "ordering=-price&in_stock=true",
    "ordering=name", "ordering=-rating", "ordering=-popularity", "featured=true", "seller=many7", "on_sale=true", "min_price=999.50",
    "search=brass", "search=celadon kettle", "search=瓷", "search=12345", "search=nothinglikeit", "attribute=colour:pink", "currency=EUR",
)  # fmt: skip


@pytest.fixture(scope="module")
async def _many(app: object) -> AsyncIterator[None]:
    from tests.conftest import _empty_everything

    await db.retrying(_empty_everything)
    await products(MANY)
    yield
    await db.retrying(_empty_everything)
    await db.execute("VACUUM ANALYZE products")
    pagination._long.clear()  # what was long is empty
    searching._common.clear()


@pytest.fixture
def plans(monkeypatch):
    """The plans of the statements that lists run from now on."""
    seen = []
    fetch = db.fetch

    async def explained(query, *values):
        if query.startswith("WITH _page"):
            seen.append("\n".join(row[0] for row in await fetch(f"EXPLAIN {query}", *values)))
        return await fetch(query, *values)

    monkeypatch.setattr(pagination.db, "fetch", explained)
    monkeypatch.setattr(searching, "COMMON", 300)
    pagination._long.clear()
    searching._common.clear()
    return seen


def asked(query):
    return PRODUCTS.parse([tuple(pair.split("=")) for pair in query.split("&") if pair])


@pytest.mark.parametrize("query", READ)
async def test_no_list_reads_all_products(_many, plans, query):
    found = await list_products(asked(query), None)
    assert found.data.results is not None
    [plan] = plans
    # `p` counts, and stops at a thousand; `p_1` is the page.
    assert "on products p_1" in plan and "Seq Scan on products p_1" not in plan, plan


async def test_a_page_far_down_begins_where_the_last_one_ended(_many, plans):
    deep = await list_products(asked("page=9000&page_size=2"), None)
    cursor = deep.meta.next_cursor
    plans.clear()
    page = await list_products(asked(f"page_size=2&cursor={cursor}"), None)
    assert page.meta.next_cursor != cursor
    [plan] = plans
    assert "Index Cond: (ROW(created_at, id) < ROW(" in plan.replace("p.", ""), plan
