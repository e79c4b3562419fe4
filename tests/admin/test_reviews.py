"""Reviews in the back office: looked at, hidden and shown, and what they come to worked out anew."""

from marketplace.accounts.states import Role
from marketplace.core import db
from tests.admin.test_panel import sign_in, staff, submit
from tests.factories.orders import hold_invariants
from tests.factories.payments import work_off
from tests.factories.reviews import bought, review
from tests.factories.shop import a_product


async def test_staff_look_hide_show_and_work_out_anew(client):
    product = await a_product()
    written = await review(product, await bought(product), 4)
    await work_off()
    await sign_in(client, await staff(Role.MANAGER))
    for table in ("reviews", "user_ratings", "seller_standings"):
        answer = await client.get(f"/admin/api/tables/{table}/")
        assert answer.status_code == 200, answer.text
    for hidden, rated in ((True, 0), (False, 1)):
        answer = await submit(client, "hide-a-review", review=str(written), hidden=hidden, reason="Looked at it.")
        assert answer.status_code == 200, answer.text
        assert await db.fetch_val("SELECT rating_count FROM products") == rated
    await db.execute("UPDATE products SET rating_sum = 5")
    await db.execute("UPDATE user_ratings SET seller_sum = 5")
    await db.execute("UPDATE seller_standings SET completed_orders = 5")
    said = await submit(client, "recompute-a-rating", kind="product", subject="a-kettle")
    assert said.status_code == 200 and "It was wrong" in said.text, said.text
    assert "It was right" in (await submit(client, "recompute-a-rating", kind="product", subject=str(product))).text
    for wrong in ({"kind": "product", "subject": "nothing"}, {"kind": "karma", "subject": str(product)}):
        assert (await submit(client, "recompute-a-rating", **wrong)).status_code == 422
    said = await submit(client, "recompute-standings", reason="They looked wrong.")
    assert "1 ratings of persons were wrong; the standing of 1 sellers" in said.text, said.text
    await work_off()
    await hold_invariants()
    deeds = [row["action"] for row in await db.fetch("SELECT action FROM audit_log ORDER BY seq")]
    assert [one for one in deeds if one.startswith(("review", "product", "standings"))] == [
        "review.hidden", "review.shown", "product.rating_recomputed", "standings.recomputed",
    ]  # fmt: skip


async def test_standings_are_for_managers(client):
    await sign_in(client, await staff(Role.MODERATOR))
    refused = await submit(client, "recompute-standings", reason="They looked wrong.")
    assert refused.status_code == 422 and "manager" in refused.text
