"""With many products, lists are still read by indexes, at any depth."""

from collections.abc import AsyncIterator

import pytest

from marketplace.core import db, pagination, rarity
from marketplace.core.ids import uuid7
from marketplace.shop.queries.products import PRODUCTS, get_product, list_products
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
    await _file_few()
    yield
    await db.retrying(_empty_everything)
    await db.execute("VACUUM ANALYZE products")
    pagination._long.clear()  # what was long is empty
    rarity._known.clear()


async def _file_few() -> None:
    """The 30 oldest have a category, a tag and an attribute of their own: who walks from the newest meets all others first."""
    oldest = "SELECT id FROM products ORDER BY created_at LIMIT 30"
    category, tag = uuid7(), uuid7()
    await db.execute(
        "INSERT INTO categories (id, slug, name, name_zh, description) VALUES ($1, 'few', 'Few', '', '')", category
    )
    await db.execute("INSERT INTO tags (id, slug, name) VALUES ($1, 'few', 'few')", tag)
    await db.execute(f"INSERT INTO tag_items (tag, kind, item) SELECT $1, 'product', id FROM ({oldest}) AS few", tag)
    await db.execute(
        f"""UPDATE products SET category = $1, attributes = '{{"few": "yes"}}' WHERE id IN ({oldest})""", category
    )
    for table in ("products", "tags", "tag_items"):
        await db.execute(f"VACUUM ANALYZE {table}")


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
    monkeypatch.setattr(rarity, "COMMON", 300)
    pagination._long.clear()
    rarity._known.clear()
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


@pytest.mark.parametrize("more", ["", "&ordering=name", "&ordering=-price&in_stock=true"])
@pytest.mark.parametrize("query", ["category=few", "tag=few", "attribute=few:yes", "max_price=1.50"])
async def test_where_few_are_found_no_others_are_looked_at(_many, plans, query, more):
    page = await list_products(asked(query + more), None)
    assert 0 < page.data.count <= 30
    [plan] = plans
    how = plan.partition("on products p_1")[2].splitlines()[1]
    assert "Cond: (id = ANY" in how, plan


async def test_plans_are_made_once_for_all_values(_many):
    """PostgreSQL tries five plans of its own first, and begins anew when statistics are gathered meanwhile."""
    reused: set[str] = set()
    async with db.transaction():  # of one connection
        for n in range(40):
            await get_product(f"many-{n + 1}", None)
            await list_products(asked("category=many-3&in_stock=true&min_price=1&max_price=900&search=oak"), None)
            made = await db.fetch("SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0")
            reused |= {row["statement"] for row in made}
    assert any(one.startswith("SELECT row_to_json(product)") for one in reused)
    assert any(one.startswith("WITH _page") and "price_sort" in one for one in reused)


async def test_a_page_far_down_begins_where_the_last_one_ended(_many, plans):
    deep = await list_products(asked("page=9000&page_size=2"), None)
    cursor = deep.meta.next_cursor
    plans.clear()
    page = await list_products(asked(f"page_size=2&cursor={cursor}"), None)
    assert page.meta.next_cursor != cursor
    [plan] = plans
    assert "Index Cond: (ROW(created_at, id) < ROW(" in plan.replace("p.", ""), plan
