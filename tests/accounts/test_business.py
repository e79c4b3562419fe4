import asyncio

import pytest

from marketplace.accounts.schemas.business import BusinessChange
from marketplace.accounts.service.business import set_business
from marketplace.accounts.tables import BusinessAccount
from tests.factories import a_user, signed_in

PATH = "/api/v1/users/business/"


async def test_made_then_changed(client):
    alice, as_alice = await signed_in()
    none = await client.get(PATH, headers=as_alice)
    assert none.status_code == 404 and none.json()["code"] == "no_business_account"
    made = await client.put(
        PATH, headers=as_alice, json={"company_name": "Wonder GmbH", "country": "Germany", "tax_id": "DE 136 695 976"}
    )
    assert made.status_code == 200, made.text
    data = made.json()["data"]
    assert (data["country_code"], data["tax_id"], data["tax_id_kind"]) == ("DE", "136695976", "vat")
    changed = await client.put(
        PATH, headers=as_alice, json={"website": "https://wonder.example", "business_email": "Info@Wonder.example"}
    )
    assert changed.json()["data"]["company_name"] == "Wonder GmbH"
    assert changed.json()["data"]["business_email"] == "info@wonder.example"
    assert (await client.get(PATH, headers=as_alice)).json()["data"] == changed.json()["data"]
    assert (await client.get("/api/v1/users/me", headers=as_alice)).json()["data"]["has_business_account"] is True
    public = await client.get(f"/api/v1/users/{alice.id}")
    assert public.json()["data"]["business"] == {
        "company_name": "Wonder GmbH", "description": "", "website": "https://wonder.example", "country": "Germany",
    }  # fmt: skip
    assert "136695976" not in public.text


async def test_the_first_time_needs_a_name_and_a_country(client):
    _, as_alice = await signed_in()
    answer = await client.put(PATH, headers=as_alice, json={"website": "https://x.example"})
    assert answer.status_code == 400 and set(answer.json()["errors"]) == {"company_name", "country"}
    assert await BusinessAccount.count() == 0


async def test_a_new_country_makes_the_old_tax_number_wrong(client):
    _, as_alice = await signed_in()
    await client.put(PATH, headers=as_alice, json={"company_name": "W", "country": "DE", "tax_id": "136695976"})
    answer = await client.put(PATH, headers=as_alice, json={"country": "FR"})
    assert answer.status_code == 400 and list(answer.json()["errors"]) == ["tax_id"]
    assert (await client.get(PATH, headers=as_alice)).json()["data"]["country"] == "DE"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tax_id", "DE136695977"), ("tax_id", 136695976), ("website", "ftp://x"), ("business_email", "nobody"),
        ("phone_number", "x"), ("zip_code", "?"), ("country", "Nowhere"), ("company_name", " "), ("description", "\x00"),
        ("tax_id_kind", "vat"), ("user", "x"), ("legal_form", "x" * 81),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_refused_by_its_name(client, field, value):
    _, as_alice = await signed_in()
    answer = await client.put(PATH, headers=as_alice, json={"company_name": "W", "country": "DE", field: value})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]


async def test_twenty_first_times_at_once_make_one(tables):
    alice = await a_user()
    deeds = [set_business(alice.id, BusinessChange(company_name=f"W{i}", country="DE")) for i in range(20)]
    made = await asyncio.gather(*deeds)
    assert len({business.id for business in made}) == 1 and await BusinessAccount.count() == 1
