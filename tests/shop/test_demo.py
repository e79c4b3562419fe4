"""The demo's shelves."""

from marketplace.catalog.service import ensure_default_categories
from marketplace.core import db
from marketplace.demo.pictures import MOTIFS
from marketplace.demo.shop import PICTURES_AT_ONCE, draw_some, fill_shelves
from marketplace.demo.wares import FAMILIES, wares
from tests.factories import a_user
from tests.factories.ledger import hold_invariants


def test_no_two_wares_are_alike_and_each_has_its_picture():
    every = list(wares())
    assert len(every) >= 300
    assert len({ware.sku for ware in every}) == len({ware.name for ware in every}) == len(every)
    assert {ware.motif for ware in every} <= set(MOTIFS)
    assert [ware.price for ware in every] == [ware.price for ware in wares()]


async def test_shelves_are_filled_once(client):
    await ensure_default_categories()
    sellers = {name: (await a_user(username=name)).id for name in sorted({family.seller for family in FAMILIES})}
    said = []
    await fill_shelves(sellers, said.append)
    many = len(list(wares()))
    assert await db.fetch_val("SELECT count(*) FROM products WHERE status = 'active' AND category IS NOT NULL") == many
    assert await db.fetch_val("SELECT count(*) FROM outbox WHERE handler = 'job:demo.tasks.draw_pictures'") == 1
    await db.execute("UPDATE products SET deleted_at = now(), status = 'archived' WHERE sku = 'DEMO-KIT-001'")
    await fill_shelves(sellers, said.append)
    assert said == [f"Putting {many} demo products on the shelves"]
    assert await draw_some()
    assert await db.fetch_val("SELECT count(*) FROM product_images") == PICTURES_AT_ONCE
    await db.execute("DELETE FROM category_items WHERE item = (SELECT id FROM products WHERE sku = 'DEMO-KIT-001')")
    await hold_invariants()
    found = (await client.get("/api/v1/products/?search=茶壶")).json()["data"]
    assert found["count"] == 5
