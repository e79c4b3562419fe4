import asyncio

from marketplace.accounts.tables import Session, User
from tests.factories import a_user

BODY = {"email": "Ada@Example.com", "password": "correct horse battery", "full_name": "Ada King Lovelace"}


async def test_registering_makes_an_account_and_signs_in(client):
    answer = await client.post("/api/v1/auth/register/", json=BODY | {"phone_number": "+44 20 7946 0958"})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["user"]["email"] == "ada@example.com"
    assert (data["user"]["first_name"], data["user"]["last_name"]) == ("Ada", "King Lovelace")
    assert data["user"]["phone_number"] == "+442079460958"
    assert data["user"]["is_verified"] is False
    assert data["expires_in"] == 900
    again = await client.post("/api/v1/auth/refresh", json={"refresh": data["refresh"]})
    assert again.status_code == 200 and again.json()["data"]["user"]["id"] == data["user"]["id"]


async def test_both_paths_register_and_both_names_log_in(client):
    first = {"email": "bob@example.com", "username": "Bob", "password": "securepassword123"}
    assert (await client.post("/api/v1/users/register/", json=first)).status_code == 201
    for path, name in (
        ("login", {"email": "BOB@example.com"}),
        ("token", {"username": "bob"}),
        ("token", {"username": "bob@example.com"}),
    ):
        answer = await client.post(f"/api/v1/auth/{path}/", json={**name, "password": "securepassword123"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["user"]["username"] == "Bob"
        assert answer.json()["message"] == "Login successful"


async def test_a_taken_address_answers_exactly_like_a_free_one(client):
    owner = await a_user(email="owner@example.com")
    answers = []
    for email in ("owner@example.com", "free@example.com"):
        answer = await client.post("/api/v1/auth/register", json=BODY | {"email": email})
        answers.append((answer.status_code, sorted(answer.json()["data"]), sorted(answer.json()["data"]["user"])))
        data = answer.json()["data"]
        assert data["user"]["email"] == email and data["user"]["id"] != str(owner.id)
        login = await client.post("/api/v1/auth/login", json={"email": email, "password": BODY["password"]})
        assert login.status_code == 200 and login.json()["data"]["user"]["id"] == data["user"]["id"]
        refused = await client.post("/api/v1/auth/login", json={"email": email, "password": "not that one at all"})
        answers[-1] += (refused.status_code, refused.json()["code"], refused.json()["message"])
    assert answers[0] == answers[1]


async def test_a_hundred_equal_registrations_make_one_account(client):
    async def once():
        return await client.post("/api/v1/auth/register", json=BODY | {"username": "ada"})

    answers = await asyncio.gather(*(once() for _ in range(100)))
    assert {a.status_code for a in answers} == {201}
    assert await User.count() == 1
    assert {a.json()["data"]["user"]["id"] for a in answers} == {str((await User.select(User.id))[0]["id"])}
    assert await Session.count() == 100


async def test_a_taken_username_is_refused_with_the_field_named(client):
    await a_user(username="ada")
    answer = await client.post("/api/v1/auth/register", json=BODY | {"username": "ADA"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "username_taken" and "username" in answer.json()["errors"]
    assert await User.count() == 1


async def test_the_refusal_names_every_wrong_field(client):
    for change, field in (
        ({"email": "nobody"}, "email"),
        ({"email": "a@b\r\nBcc: x@y.z"}, "email"),
        ({"password": "short"}, "password"),
        ({"password_confirm": "something else"}, "password_confirm"),
        ({"phone_number": "12"}, "phone_number"),
        ({"first_name": "a\u0000b"}, "first_name"),
        ({"username": "no spaces"}, "username"),
        ({"role": "admin"}, "role"),
        ({"email": 5}, "email"),
    ):
        answer = await client.post("/api/v1/auth/register", json=BODY | change)
        assert answer.status_code == 400, (change, answer.text)
        assert list(answer.json()["errors"]) == [field], answer.text
    assert await User.count() == 0
