import asyncio

import pytest

from marketplace.accounts.schemas.addresses import AddressChange, NewAddress
from marketplace.accounts.service import addresses
from marketplace.accounts.tables import Address
from tests.factories import a_user, signed_in

PATH = "/api/v1/auth/me/addresses/"
LOS_ANGELES = {
    "address_type": "billing", "full_name": "John Doe", "phone_number": "+1234567890", "street_address": "456 Oak Ave",
    "city": "Los Angeles", "state": "CA", "country": "USA", "zip_code": "90001", "is_default": False,
}  # fmt: skip


async def test_the_documents_own_example(client):
    _, as_alice = await signed_in()
    answer = await client.post(PATH, headers=as_alice, json=LOS_ANGELES)
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert LOS_ANGELES.items() <= made.items()
    assert made["apartment"] is None and made["country_code"] == "US" and made["id"] and made["created_at"]
    page = (await client.get(PATH, headers=as_alice)).json()["data"]
    assert page["count"] == 1 and page["next"] is None and page["previous"] is None
    assert page["results"][0]["id"] == made["id"]
    assert (await client.get(f"{PATH}{made['id']}/", headers=as_alice)).json()["data"] == made


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_is_left_out_stays(client, method):
    _, as_alice = await signed_in()
    made = (await client.post(PATH, headers=as_alice, json=LOS_ANGELES | {"apartment": "4B"})).json()["data"]
    change = {"city": "San Diego", "zip_code": "92101", "apartment": None}
    changed = (await client.request(method, f"{PATH}{made['id']}", headers=as_alice, json=change)).json()["data"]
    assert changed["updated_at"] > made["updated_at"]
    assert changed == made | change | {"updated_at": changed["updated_at"]}


async def test_a_country_is_moved_with_its_postal_code(client):
    _, as_alice = await signed_in()
    made = (await client.post(PATH, headers=as_alice, json=LOS_ANGELES)).json()["data"]
    alone = await client.patch(f"{PATH}{made['id']}", headers=as_alice, json={"country": "UK"})
    assert alone.status_code == 400 and list(alone.json()["errors"]) == ["zip_code"]
    both = {"country": "UK", "zip_code": "sw1a 1aa"}
    data = (await client.patch(f"{PATH}{made['id']}", headers=as_alice, json=both)).json()["data"]
    assert (data["country"], data["country_code"], data["zip_code"]) == ("UK", "GB", "SW1A 1AA")


async def test_one_default_a_type(client):
    _, as_alice = await signed_in()

    async def add(kind: str) -> str:
        body = LOS_ANGELES | {"is_default": True, "address_type": kind}
        return (await client.post(PATH, headers=as_alice, json=body)).json()["data"]["id"]

    first, second, shipping = await add("billing"), await add("billing"), await add("shipping")
    page = (await client.get(f"{PATH}?is_default=true", headers=as_alice)).json()["data"]
    assert {row["id"] for row in page["results"]} == {second, shipping}
    await client.patch(f"{PATH}{first}", headers=as_alice, json={"is_default": True})
    page = (await client.get(f"{PATH}?is_default=true&address_type=billing", headers=as_alice)).json()["data"]
    assert [row["id"] for row in page["results"]] == [first]
    await client.patch(f"{PATH}{shipping}", headers=as_alice, json={"address_type": "billing"})
    page = (await client.get(f"{PATH}?is_default=true", headers=as_alice)).json()["data"]
    assert [row["id"] for row in page["results"]] == [shipping]


async def test_forty_defaults_at_once_leave_one(tables):
    alice = await a_user()
    old = await addresses.add_address(alice.id, NewAddress(**LOS_ANGELES))
    new = NewAddress(**LOS_ANGELES | {"is_default": True})
    deeds = [addresses.add_address(alice.id, new) for _ in range(20)]
    deeds += [addresses.change_address(alice.id, old.id, AddressChange(is_default=True)) for _ in range(20)]
    outcomes = await asyncio.gather(*deeds, return_exceptions=True)
    assert not [o for o in outcomes if isinstance(o, BaseException)]
    assert await Address.count() == 21
    assert await Address.count().where(Address.is_default.eq(True)) == 1


async def test_the_limit_holds_under_concurrency(tables, monkeypatch):
    monkeypatch.setattr(addresses, "MOST", 3)
    alice = await a_user()
    deeds = [addresses.add_address(alice.id, NewAddress(**LOS_ANGELES)) for _ in range(10)]
    outcomes = await asyncio.gather(*deeds, return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["Address"] * 3 + ["TooMany"] * 7
    assert await Address.count() == 3


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_other_peoples_addresses_do_not_exist(client, method):
    _, as_alice = await signed_in()
    _, as_bob = await signed_in()
    made = (await client.post(PATH, headers=as_alice, json=LOS_ANGELES)).json()["data"]
    body = {"json": {"city": "Boston"}} if method in ("PUT", "PATCH") else {}
    assert (await client.request(method, f"{PATH}{made['id']}", headers=as_bob, **body)).status_code == 404
    assert (await client.request(method, f"{PATH}{made['id']}", **body)).status_code == 401
    assert (await client.get(PATH, headers=as_bob)).json()["data"]["count"] == 0
    assert (await client.get(f"{PATH}{made['id']}", headers=as_alice)).json()["data"] == made


async def test_a_removed_address_is_gone(client):
    _, as_alice = await signed_in()
    made = (await client.post(PATH, headers=as_alice, json=LOS_ANGELES)).json()["data"]
    gone = await client.delete(f"{PATH}{made['id']}", headers=as_alice)
    assert gone.status_code == 204 and gone.content == b""
    assert (await client.delete(f"{PATH}{made['id']}", headers=as_alice)).status_code == 404
    assert await Address.count() == 0


@pytest.mark.parametrize("missing", ["address_type", "full_name", "street_address", "city", "country", "zip_code"])
async def test_what_is_required(client, missing):
    _, as_alice = await signed_in()
    body = {name: value for name, value in LOS_ANGELES.items() if name != missing}
    answer = await client.post(PATH, headers=as_alice, json=body)
    assert answer.status_code == 400 and list(answer.json()["errors"]) == [missing]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address_type", "home"), ("full_name", ""), ("full_name", "   "), ("full_name", "x" * 161), ("city", "a\x00"),
        ("street_address", 5), ("country", "Atlantis"), ("country", "\x00\x00"), ("zip_code", "nonsense"), ("zip_code", ""),
        ("zip_code", "9" * 21), ("phone_number", "abc"), ("is_default", "true"), ("is_default", 1), ("apartment", {}),
        ("user", "0197f000-0000-7000-8000-000000000001"), ("id", "0197f000-0000-7000-8000-000000000001"),
        ("country_code", "DE"), ("state", "a\nb"),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_refused_by_its_name(client, field, value):
    _, as_alice = await signed_in()
    answer = await client.post(PATH, headers=as_alice, json=LOS_ANGELES | {field: value})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]
    assert await Address.count() == 0


@pytest.mark.parametrize("address_id", ["nonsense", "1", "%00"])
async def test_what_is_no_id_is_not_found(client, address_id):
    _, as_alice = await signed_in()
    assert (await client.get(f"{PATH}{address_id}", headers=as_alice)).status_code == 404
