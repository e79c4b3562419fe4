"""The shop in the back office."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import db
from tests.admin.test_panel import sign_in, staff, submit
from tests.factories.shop import a_product


async def audited():
    rows = await db.fetch("SELECT action, reason FROM audit_log WHERE object_type = 'product' ORDER BY seq")
    return [tuple(row) for row in rows]


async def test_staff_put_products_forward_and_take_them_off(client):
    product = await a_product()
    await sign_in(client, await staff(Role.MODERATOR))
    for table in ("products", "product_variants", "stock_movements", "product_imports"):
        answer = await client.get(f"/admin/api/tables/{table}/")
        assert answer.status_code == 200, answer.text
        assert "cost_minor" not in answer.text
    assert (await submit(client, "feature-a-product", product="a-kettle", featured=True)).status_code == 200
    assert (await client.get("/api/v1/products/featured/")).json()["data"]["count"] == 1
    assert (await submit(client, "feature-a-product", product=str(product), featured=False)).status_code == 200
    assert (await submit(client, "archive-a-product", product="a-kettle", reason="no")).status_code == 422
    assert (await submit(client, "archive-a-product", product="nothing", reason="Counterfeit.")).status_code == 422
    assert (await submit(client, "archive-a-product", product="a-kettle", reason="Counterfeit.")).status_code == 200
    assert (await client.get("/api/v1/products/a-kettle/")).status_code == 404
    again = await submit(client, "archive-a-product", product="a-kettle", reason="Counterfeit.")
    assert again.status_code == 422 and "archived cannot become archived" in again.text
    assert await audited() == [
        ("product.featured", ""),
        ("product.unfeatured", ""),
        ("product.archived", "Counterfeit."),
    ]


@pytest.mark.parametrize("form", ["feature-a-product", "archive-a-product"])
async def test_not_their_own(client, form):
    moderator = await staff(Role.MODERATOR)
    await a_product(moderator.id)
    await sign_in(client, moderator)
    extra = {"featured": True} if form.startswith("feature") else {"reason": "Not mine."}
    answer = await submit(client, form, product="a-kettle", **extra)
    assert answer.status_code == 422 and "You sell this yourself" in answer.text
    assert await audited() == []


async def test_nobody_edits_the_journal(client):
    await a_product()
    await sign_in(client, await staff(Role.ADMIN))
    row = await db.fetch_val("SELECT id FROM stock_movements")
    for answer in (
        await client.patch(f"/admin/api/tables/stock_movements/{row}/", json={"reason": "x"}),
        await client.delete(f"/admin/api/tables/stock_movements/{row}/"),
        await client.post("/admin/api/tables/products/", json={"name": "x"}),
    ):
        assert answer.status_code in (401, 403, 405)
