"""Coupons of the house, by the API and in the back office."""

from marketplace.accounts.states import Role
from marketplace.core import db
from marketplace.core.tables import AuditLog
from tests.admin.test_panel import sign_in, staff, submit
from tests.factories import signed_in
from tests.factories.coupons import a_cart, a_coupon, in_days, quoted
from tests.factories.offers import an_offer

COUPONS = "/api/v1/admin/coupons/"


async def audited() -> list[tuple[str, str]]:
    rows = await AuditLog.select(AuditLog.action, AuditLog.reason).order_by(AuditLog.seq)
    return [(row["action"], row["reason"]) for row in rows]


async def test_the_house_makes_changes_and_takes_away(client):
    _, headers = await signed_in(Role.MANAGER)
    sam, sue = await an_offer(price="10.00"), await an_offer(price="10.00")
    body = {
        "title": "House",
        "kind": "percent",
        "percent": "50",
        "code": "HOUSE",
        "sellers": [str(sam.seller)],
        "ends_at": in_days(3),
    }
    made = await client.post(COUPONS, json=body, headers=headers)
    assert made.status_code == 201, made.text
    coupon = made.json()["data"]
    assert (coupon["seller"], coupon["sellers"], coupon["state"]) == (None, [str(sam.seller)], "active")
    assert (await quoted(await a_cart(sam, sue), "house")).lines_sum("discount_minor") == 500
    path = f"{COUPONS}{coupon['id']}/"
    changed = await client.patch(path, json={"percent": "10"}, headers=headers)
    assert changed.json()["data"]["percent"] == "10"
    sellers = await a_coupon(sam.seller)
    assert (await client.get(COUPONS, headers=headers)).json()["data"]["count"] == 2
    for query, expected in (("house=true", "HOUSE"), (f"seller={sam.seller}", sellers), (f"search={sellers}", sellers)):
        results = (await client.get(f"{COUPONS}?{query}", headers=headers)).json()["data"]["results"]
        assert [one["code"] for one in results] == [expected]
    gone = await client.request("DELETE", path, json={"reason": "It was a mistake."}, headers=headers)
    assert gone.status_code == 204
    assert (await client.get(path, headers=headers)).json()["code"] == "coupon_not_found"
    assert await audited() == [("coupon.created", ""), ("coupon.changed", ""), ("coupon.deleted", "It was a mistake.")]
    after = await db.fetch_val("SELECT after::text FROM audit_log WHERE action = 'coupon.changed'")
    assert after == '{"percent": "10"}'


async def test_what_staff_write_in_the_form(client):
    await sign_in(client, await staff(Role.MANAGER))
    made = await submit(
        client, "make-a-coupon", title="Five off", code="five", kind="fixed", amount="5.00", currency="USD", max_uses=10,
        ends_at="2030-12-31 23:59",
    )  # fmt: skip
    assert made.status_code == 200, made.text
    row = await db.fetch_row("SELECT code, seller, amount_minor, max_uses, ends_at::text FROM coupons")
    assert tuple(row) == ("FIVE", None, 500, 10, "2030-12-31 23:59:00+00")
    for wrong in (
        {"kind": "half"},
        {"amount": "lots"},
        {"ends_at": "soon"},
        {"amount": "", "percent": "5"},
        {"code": "five"},
    ):
        fields = {"title": "Wrong", "kind": "fixed", "amount": "5.00", "currency": "USD", "code": "other"} | wrong
        assert (await submit(client, "make-a-coupon", **fields)).status_code == 422, wrong
    assert (await submit(client, "stop-a-coupon", coupon="five", reason="It was a mistake.")).status_code == 200
    assert (await submit(client, "stop-a-coupon", coupon="nothing", reason="It was a mistake.")).status_code == 422
    assert await db.fetch_val("SELECT is_active FROM coupons") is False
    assert await audited() == [("coupon.created", ""), ("coupon.changed", "It was a mistake.")]
    for table in ("coupons", "coupon_uses"):
        assert (await client.get(f"/admin/api/tables/{table}/")).status_code == 200


async def test_moderators_look_and_do_not_touch(client):
    await sign_in(client, await staff(Role.MODERATOR))
    assert (await submit(client, "make-a-coupon", title="T", kind="free_shipping", code="FREE")).status_code == 422
    assert await db.fetch_val("SELECT count(*) FROM coupons") == 0
