import pytest

from marketplace.accounts import presence
from marketplace.accounts.states import AccountStatus, Role
from marketplace.accounts.tables import Profile, User
from tests.factories import a_user, bearer, signed_in
from tests.statements import statements

OWN = ["/api/v1/auth/me", "/api/v1/users/me", "/api/v1/users/profile/"]


@pytest.mark.parametrize("path", OWN)
async def test_one_profile_under_all_its_names(client, path):
    alice, as_alice = await signed_in(first_name="Alice", last_name="Liddell")
    seen = (await client.get(path, headers=as_alice)).json()["data"]
    assert seen["id"] == str(alice.id) and seen["email"] == alice.email
    assert seen["full_name"] == "Alice Liddell" and seen["role"] == "user" and seen["is_verified"] is True
    assert seen["subscription_status"] == "none" and seen["avatar"] is None and seen["personality_data"] == {}
    assert seen["privacy"] == {"show_presence": True, "show_full_name": True, "show_location": True}
    assert "password" not in str(seen)
    assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_what_is_left_out_stays(client, method):
    _, as_alice = await signed_in(first_name="Alice", last_name="Liddell")
    body = {
        "personality_data": {"interests": ["technology", "music"]},
        "bio": "Down\r\nthe hole",
        "timezone": "Asia/Shanghai",
    }
    first = await client.request(method, OWN[1], headers=as_alice, json=body)
    assert first.status_code == 200, first.text
    body = {"first_name": "Jane", "language": "zh-CN", "privacy": {"show_location": False}}
    data = (await client.request(method, OWN[2], headers=as_alice, json=body)).json()["data"]
    assert data["first_name"] == "Jane" and data["last_name"] == "Liddell" and data["language"] == "zh"
    assert data["personality_data"] == {"interests": ["technology", "music"]} and data["bio"] == "Down\nthe hole"
    assert data["timezone"] == "Asia/Shanghai"
    assert data["privacy"] == {"show_presence": True, "show_full_name": True, "show_location": False}
    assert await Profile.count() == 1


async def test_the_documents_own_example(client):
    _, as_alice = await signed_in()
    body = {"first_name": "Jane", "last_name": "Smith", "phone_number": "+0987654321"}
    answer = await client.put("/api/v1/auth/me/", headers=as_alice, json=body)
    assert answer.status_code == 200, answer.text
    assert {name: answer.json()["data"][name] for name in body} == body


async def test_full_name_is_both_names(client):
    _, as_alice = await signed_in()
    data = (await client.patch(OWN[0], headers=as_alice, json={"full_name": " Ada  King Lovelace "})).json()["data"]
    assert (data["first_name"], data["last_name"], data["full_name"]) == ("Ada", "King Lovelace", "Ada King Lovelace")
    both = await client.patch(OWN[0], headers=as_alice, json={"full_name": "A B", "first_name": "A"})
    assert both.status_code == 400 and "full_name" in both.json()["errors"]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "admin"}, {"is_verified": True}, {"id": "0197f000-0000-7000-8000-000000000001"}, {"status": "banned"},
        {"password_hash": "x"}, {"identity_verified": True}, {"subscription_status": "active"}, {"username": "root"},
        {"email_verified_at": "2026-01-01T00:00:00Z"}, {"avatar_key": "x"}, {"created_at": "2020-01-01T00:00:00Z"},
    ],
)  # fmt: skip
async def test_nobody_makes_themselves_more_than_they_are(client, body):
    alice, as_alice = await signed_in()
    before = await User.select().where(User.id == alice.id).first()
    [name] = body
    for method in ("PUT", "PATCH"):
        answer = await client.request(method, OWN[0], headers=as_alice, json={"first_name": "X", **body})
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [name]
    assert await User.select().where(User.id == alice.id).first() == before


async def test_the_address_cannot_be_changed_here(client):
    alice, as_alice = await signed_in()
    answer = await client.patch(OWN[0], headers=as_alice, json={"email": "other@example.com", "first_name": "X"})
    assert answer.status_code == 400 and "cannot be changed here" in answer.json()["errors"]["email"][0]
    same = await client.patch(OWN[0], headers=as_alice, json={"email": alice.email.upper(), "first_name": "Y"})
    assert same.status_code == 200 and same.json()["data"]["first_name"] == "Y"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", 5), ("first_name", None), ("first_name", ["a"]), ("first_name", "x" * 81), ("first_name", "a\x00b"),
        ("first_name", "a\u202eb"), ("bio", "a\x00"), ("bio", "x" * 4001), ("headline", "a\x07b"), ("website", "javascript:alert(1)"),
        ("website", "https://"), ("website", "https://[::1"), ("website", "https://a:b@c"), ("website", "http://x:99999"),
        ("timezone", "Mars/Olympus"), ("timezone", "../../etc/passwd"), ("language", "xx"), ("phone_number", "12"),
        ("phone_number", "call me"), ("personality_data", []), ("personality_data", "x"), ("personality_data", None),
        ("personality_data", {"a": "\x00"}), ("personality_data", {"\x00": 1}), ("personality_data", {"a": 2**70}),
        ("personality_data", {"a": "x" * 8192}), ("personality_data", {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}}),
        ("privacy", {"show_everything": True}), ("privacy", {"show_presence": "yes"}), ("privacy", True),
    ],
)  # fmt: skip
async def test_a_wrong_value_is_refused_by_its_name(client, field, value):
    alice, as_alice = await signed_in()
    answer = await client.patch(OWN[0], headers=as_alice, json={field: value})
    assert answer.status_code == 400, answer.text
    assert next(iter(answer.json()["errors"])).partition(".")[0] == field
    assert not await Profile.exists().where(Profile.user == alice.id)


async def test_others_see_only_what_is_public(client):
    bob = await a_user(first_name="Bob", last_name="Builder", phone_number="+4915112345678")
    await client.patch(OWN[0], headers=await bearer(bob.id), json={"bio": "I build", "location": "Berlin"})
    by_id = await client.get(f"/api/v1/users/{bob.id}/")
    assert by_id.status_code == 200
    data = by_id.json()["data"]
    assert data["username"] == bob.username and data["name"] == "Bob Builder" and data["bio"] == "I build"
    assert (
        data["location"] == "Berlin" and data["skills"] == [] and data["portfolio"] == [] and data["business"] is None
    )
    assert bob.email not in by_id.text and "4915112345678" not in by_id.text and "role" not in data
    assert (await client.get(f"/api/v1/users/{bob.username.upper()}")).json()["data"] == data


async def test_what_a_person_hides_is_hidden(client):
    bob = await a_user(first_name="Bob", last_name="Builder")
    as_bob = await bearer(bob.id)
    hide = {"location": "Berlin", "privacy": {"show_full_name": False, "show_location": False, "show_presence": False}}
    await client.patch(OWN[0], headers=as_bob, json=hide)
    answer = await client.get(f"/api/v1/users/{bob.id}")
    data = answer.json()["data"]
    assert data["name"] == bob.username and data["first_name"] is None and data["location"] is None
    assert data["online"] is None and data["last_seen_at"] is None
    assert "Builder" not in answer.text and "Berlin" not in answer.text


@pytest.mark.parametrize("status", [AccountStatus.BANNED, AccountStatus.ERASED])
@pytest.mark.parametrize("path", ["", "/reputation"])
async def test_a_banned_or_erased_account_is_not_found(client, status, path):
    gone = await a_user(status=status)
    for name in (gone.id, gone.username):
        assert (await client.get(f"/api/v1/users/{name}{path}")).status_code == 404


@pytest.mark.parametrize(
    "name", ["nobody", "%00", "a%00b", "x" * 5000, "%F0%9F%A6%8A", "0197f000-0000-7000-8000-00000000000f", "'; --"]
)
async def test_nobody_is_not_found(client, name):
    assert (await client.get(f"/api/v1/users/{name}")).status_code == 404


async def test_presence_is_shown_and_fades(client):
    bob, as_bob = await signed_in()
    assert (await client.get(f"/api/v1/users/{bob.id}")).json()["data"]["online"] is None
    await client.get(OWN[0], headers=as_bob)
    data = (await client.get(f"/api/v1/users/{bob.id}")).json()["data"]
    assert data["online"] is True and data["last_seen_at"] is not None
    long_ago = int(presence.clock.now().timestamp()) - 3600
    await presence.kv.client().set(f"presence:{bob.id}", long_ago)
    data = (await client.get(f"/api/v1/users/{bob.id}")).json()["data"]
    assert data["online"] is False and data["last_seen_at"] is not None


async def test_presence_is_written_at_most_once_a_minute(tables):
    bob = await a_user()
    presence._written.clear()
    assert await presence.touch(bob.id) is True
    assert await presence.touch(bob.id) is False
    presence._written.clear()  # as another process would: it has not written yet
    assert await presence.touch(bob.id) is False


async def test_the_list_of_users_is_for_staff(client):
    bob, as_bob = await signed_in(first_name="Bob")
    assert (await client.get("/api/v1/users/")).status_code == 401
    assert (await client.get("/api/v1/users/", headers=as_bob)).status_code == 403
    await a_user(first_name="Zoe", status=AccountStatus.BANNED, ban_reason="spam")
    _, as_staff = await signed_in(Role.MODERATOR, first_name="Mo")
    page = (await client.get("/api/v1/users/?ordering=created_at", headers=as_staff)).json()
    assert page["data"]["count"] == 3 and page["data"]["results"][0]["email"] == bob.email
    page = (await client.get("/api/v1/users/?status=banned", headers=as_staff)).json()
    assert [row["first_name"] for row in page["data"]["results"]] == ["Zoe"]
    assert page["meta"]["filters_applied"] == {"status": "banned"}
    page = (await client.get("/api/v1/users/?search=bob&role=user&is_verified=true", headers=as_staff)).json()
    assert [row["first_name"] for row in page["data"]["results"]] == ["Bob"]
    page = (await client.get("/api/v1/users/?identity_verified=true", headers=as_staff)).json()
    assert page["data"]["count"] == 0
    assert (await client.get("/api/v1/users/?password=x", headers=as_staff)).status_code == 400


async def test_a_new_account_has_a_clean_record(client):
    bob = await a_user()
    data = (await client.get(f"/api/v1/users/{bob.username}/reputation/")).json()["data"]
    assert data.pop("member_since")
    assert data == {
        "user_id": str(bob.id), "username": bob.username, "is_verified": True, "identity_verified": False,
        "is_business": False, "favorites_count": 0, "average_rating": None, "review_count": 0, "client_rating": None,
        "client_review_count": 0, "level": "new", "completed_orders": 0, "completion_rate": None, "on_time_rate": None,
        "response_rate": None, "response_minutes": None, "auctions_sold": 0, "auctions_won": 0,
    }  # fmt: skip


async def test_one_statement_a_read(client):
    bob, as_bob = await signed_in()
    _, as_staff = await signed_in(Role.MODERATOR)
    reads = [
        *((path, as_bob) for path in OWN),
        *(
            (f"/api/v1{path}", as_bob)
            for path in (
                "/auth/me/addresses", "/users/skills", "/users/portfolio", "/users/favorites", "/users/verification/status",
                f"/users/{bob.id}", f"/users/{bob.username}", f"/users/{bob.id}/reputation",
            )
        ),
        ("/api/v1/users", as_staff),
    ]  # fmt: skip
    for path, headers in reads:
        async with statements() as made:
            assert (await client.get(path, headers=headers)).status_code == 200
        shown = [statement for statement in made if "FROM sessions s JOIN users u" not in statement]
        assert len(shown) == 1, (path, shown)


@pytest.mark.parametrize("path", ["/api/v1/users/me", "/api/v1/users", "/api/v1/users/favorites"])
async def test_asking_for_the_methods_of_a_path_is_no_crash(client, path):
    _, as_staff = await signed_in(Role.MODERATOR)
    answer = await client.options(path, headers=as_staff)
    assert answer.status_code == 204 and "OPTIONS" in answer.headers["allow"]
    assert (await client.options(path)).status_code in (204, 401)
