"""Packages over HTTP: one of each tier, one of them the main one, terms that orders keep."""

from marketplace.core import db
from tests.factories import signed_in
from tests.factories.gigs import BASIC, PREMIUM, STANDARD, a_gig, a_package, packages_of
from tests.factories.ledger import hold_invariants

API = "/api/v1/gigs/"


async def a_sellers_gig(**over):
    user, seller = await signed_in()
    gig = await a_gig(user.id, **over)
    return gig, await packages_of(gig), seller


async def price_of(client, gig):
    shown = (await client.get(f"{API}{gig}/")).json()["data"]
    return shown["starting_price"], shown["delivery_days"]


async def test_the_main_package_is_what_lists_show(client):
    gig, packages, seller = await a_sellers_gig()
    assert await price_of(client, gig) == ("50.00", 7)
    answer = await client.post(f"{API}packages/{packages[PREMIUM]}/set-main/", headers=seller)
    assert answer.status_code == 200 and answer.json()["data"]["is_main"], answer.text
    assert await price_of(client, gig) == ("300.00", 3)
    answer = await client.put(
        f"{API}packages/{packages[PREMIUM]}/", headers=seller, json={"price": "280.50", "revisions": 2}
    )
    assert answer.json()["data"]["revisions"] == 2 and answer.json()["data"]["title"] == "Premium logo"
    assert await price_of(client, gig) == ("280.50", 3)
    answer = await client.patch(f"{API}packages/{packages[BASIC]}/", headers=seller, json={"price": "1.00"})
    assert answer.status_code == 200 and await price_of(client, gig) == ("280.50", 3)
    await hold_invariants()


async def test_one_that_goes_leaves_the_cheapest_as_the_main_one(client):
    gig, packages, seller = await a_sellers_gig()
    assert (await client.delete(f"{API}packages/{packages[BASIC]}/", headers=seller)).status_code == 204
    assert await price_of(client, gig) == ("120.00", 5)
    assert (await client.delete(f"{API}packages/{packages[BASIC]}/", headers=seller)).status_code == 404
    assert (await client.delete(f"{API}packages/{packages[PREMIUM]}/", headers=seller)).status_code == 204
    last = await client.delete(f"{API}packages/{packages[STANDARD]}/", headers=seller)
    assert (last.status_code, last.json()["code"]) == (409, "last_package")
    assert await db.fetch_val("SELECT count(*) FROM gig_packages WHERE archived_at IS NOT NULL") == 2
    await client.post(f"{API}{gig}/pause/", headers=seller)
    assert (await client.delete(f"{API}packages/{packages[STANDARD]}/", headers=seller)).status_code == 204
    assert (await client.post(f"{API}{gig}/publish/", headers=seller)).json()["details"]["missing"] == ["packages"]
    await hold_invariants()


async def test_a_drafts_package_is_deleted(client):
    _gig, packages, seller = await a_sellers_gig(published=False)
    assert (await client.delete(f"{API}packages/{packages[STANDARD]}/", headers=seller)).status_code == 204
    assert await db.fetch_val("SELECT count(*) FROM gig_packages") == 2


async def test_one_of_each_tier(client):
    gig, packages, seller = await a_sellers_gig(packages=[a_package(STANDARD)])
    more = {"tier": "basic", "title": "Less", "price": "10.00", "delivery_days": 2}
    made = await client.post(f"{API}{gig}/packages/", headers=seller, json=more)
    assert made.status_code == 201 and made.json()["data"]["is_main"] is False, made.text
    again = await client.post(f"{API}{gig}/packages/", headers=seller, json=more)
    assert (again.status_code, again.json()["code"], again.json()["details"]["free"]) == (
        409,
        "tier_taken",
        ["premium"],
    )
    moved = await client.put(f"{API}packages/{packages[STANDARD]}/", headers=seller, json={"tier": "basic"})
    assert moved.json()["code"] == "tier_taken"
    shown = (await client.get(f"{API}{gig}/packages/")).json()["data"]
    assert [(one["tier"], one["price"]) for one in shown] == [("basic", "10.00"), ("standard", "50.00")]


async def test_a_new_main_package_may_be_added(client):
    gig, _, seller = await a_sellers_gig(packages=[a_package(STANDARD)])
    body = {"tier": "basic", "title": "Less", "price": "10.00", "delivery_days": 2, "is_main": True, "revisions": None}
    made = await client.post(f"{API}{gig}/packages/", headers=seller, json=body)
    assert (made.json()["data"]["is_main"], made.json()["data"]["revisions"]) == (True, None)
    assert await price_of(client, gig) == ("10.00", 2)
    await hold_invariants()


async def test_the_first_package_of_a_gig_is_its_main_one(client):
    gig, _, seller = await a_sellers_gig(published=False, packages=[])
    body = {"tier": "premium", "title": "All", "price": "10.00", "delivery_days": 2}
    made = await client.post(f"{API}{gig}/packages/", headers=seller, json=body)
    assert made.json()["data"]["is_main"] is True
    await hold_invariants()


async def test_nobody_elses(client):
    gig, packages, _ = await a_sellers_gig()
    _, other = await signed_in()
    for method, path in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "set-main/")):
        how = {"json": {"price": "1.00"}} if method in ("PUT", "PATCH") else {}
        answer = await client.request(method, f"{API}packages/{packages[BASIC]}/{path}", headers=other, **how)
        assert (answer.status_code, answer.json()["code"]) == (404, "package_not_found")
    answer = await client.post(
        f"{API}{gig}/packages/",
        headers=other,
        json={"tier": "basic", "title": "x", "price": "1.00", "delivery_days": 1},
    )
    assert answer.status_code == 403
