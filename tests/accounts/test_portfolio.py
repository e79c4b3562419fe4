import asyncio

import pytest

from marketplace.accounts.errors import SkillListed, TooMany
from marketplace.accounts.schemas.portfolio import NewSkill, NewWork
from marketplace.accounts.service import portfolio
from marketplace.accounts.tables import PortfolioItem, Skill
from tests.factories import a_user, signed_in

SKILLS, WORKS = "/api/v1/users/skills/", "/api/v1/users/portfolio/"


def untimed(row):
    """Lists write instants as +00:00, single answers as Z: the same instant."""
    return {name: value for name, value in row.items() if not name.endswith("_at")}


async def test_skills_come_and_go(client):
    alice, as_alice = await signed_in()
    answer = await client.post(
        SKILLS, headers=as_alice, json={"name": "  Watch   repair ", "level": "expert", "years": 12}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert (made["name"], made["level"], made["years"]) == ("Watch repair", "expert", 12)
    again = await client.post(SKILLS, headers=as_alice, json={"name": "WATCH REPAIR"})
    assert again.status_code == 409 and again.json()["code"] == "skill_exists"
    [listed] = (await client.get(SKILLS, headers=as_alice)).json()["data"]["results"]
    assert untimed(listed) == untimed(made)
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["skills"] == [made]
    assert (await client.delete(f"{SKILLS}{made['id']}/", headers=as_alice)).status_code == 204
    assert (await client.delete(f"{SKILLS}{made['id']}/", headers=as_alice)).status_code == 404


async def test_one_skill_of_twenty_at_once(tables):
    alice = await a_user()
    names = ["Go", "go", "GO", "gO"] * 5
    outcomes = await asyncio.gather(
        *(portfolio.add_skill(alice.id, NewSkill(name=name)) for name in names), return_exceptions=True
    )
    assert sum(isinstance(o, SkillListed) for o in outcomes) == 19
    assert await Skill.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": " "},
        {"name": "x" * 61},
        {"name": "a\x00"},
        {"name": "Go", "level": "god"},
        {"name": "Go", "years": -1},
        {"name": "Go", "years": "3"},
        {"name": "Go", "endorsed": True},
    ],
)
async def test_what_is_no_skill(client, body):
    _, as_alice = await signed_in()
    assert (await client.post(SKILLS, headers=as_alice, json=body)).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_works_come_change_and_go(client, method):
    alice, as_alice = await signed_in()
    body = {
        "title": "A clock",
        "description": "It ticks",
        "url": "https://x.example/clock",
        "tags": ["Clock", "clock", "brass"],
        "completed_on": "2025-02-28",
    }
    made = (await client.post(WORKS, headers=as_alice, json=body)).json()["data"]
    assert made["tags"] == ["Clock", "brass"] and made["is_featured"] is False and made["completed_on"] == "2025-02-28"
    one = f"{WORKS}{made['id']}/"
    changed = (
        await client.request(method, one, headers=as_alice, json={"title": "A watch", "completed_on": None})
    ).json()["data"]
    assert changed["title"] == "A watch" and changed["completed_on"] is None and changed["description"] == "It ticks"
    assert changed["tags"] == ["Clock", "brass"]
    assert (await client.get(one, headers=as_alice)).json()["data"] == changed
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["portfolio"] == [changed]
    assert (await client.delete(one, headers=as_alice)).status_code == 204
    assert (await client.get(one, headers=as_alice)).status_code == 404


async def test_a_featured_work_comes_first(client):
    alice, as_alice = await signed_in()
    ids = [(await client.post(WORKS, headers=as_alice, json={"title": f"W{i}"})).json()["data"]["id"] for i in range(3)]
    for _ in range(2):
        answer = await client.post(f"{WORKS}{ids[0]}/feature/", headers=as_alice)
        assert answer.status_code == 200 and answer.json()["data"]["is_featured"] is True
    assert [w["id"] for w in (await client.get(WORKS, headers=as_alice)).json()["data"]["results"]] == [
        ids[0],
        ids[2],
        ids[1],
    ]
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["portfolio"][0]["id"] == ids[0]
    assert (await client.get(f"{WORKS}?is_featured=true", headers=as_alice)).json()["data"]["count"] == 1
    await client.post(f"{WORKS}{ids[0]}/feature/", headers=as_alice, json={"is_featured": False})
    assert (await client.get(f"{WORKS}?is_featured=true", headers=as_alice)).json()["data"]["count"] == 0


async def test_the_limit_of_featured_works_holds_under_concurrency(tables, monkeypatch):
    monkeypatch.setattr(portfolio, "MOST_FEATURED", 2)
    alice = await a_user()
    works = [await portfolio.add_work(alice.id, NewWork(title=f"W{i}")) for i in range(8)]
    outcomes = await asyncio.gather(
        *(portfolio.feature_work(alice.id, w.id, True) for w in works), return_exceptions=True
    )
    assert sum(isinstance(o, TooMany) for o in outcomes) == 6
    assert await PortfolioItem.count().where(PortfolioItem.is_featured.eq(True)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {}, {"title": ""}, {"title": "\t"}, {"title": "T", "url": "javascript:x"}, {"title": "T", "tags": "x"}, {"title": "T", "tags": [""]},
        {"title": "T", "tags": [" "]}, {"title": "T", "tags": ["x"] * 21}, {"title": "T", "completed_on": "2999-01-01"},
        {"title": "T", "completed_on": "yesterday"}, {"title": "T", "is_featured": True}, {"title": "T", "user": "x"}, {"title": 1},
    ],
)  # fmt: skip
async def test_what_is_no_work(client, body):
    _, as_alice = await signed_in()
    assert (await client.post(WORKS, headers=as_alice, json=body)).status_code == 400
    assert await PortfolioItem.count() == 0


async def test_other_peoples_works_do_not_exist(client):
    _, as_alice = await signed_in()
    _, as_bob = await signed_in()
    work = (await client.post(WORKS, headers=as_alice, json={"title": "A clock"})).json()["data"]
    skill = (await client.post(SKILLS, headers=as_alice, json={"name": "Go"})).json()["data"]
    one = f"{WORKS}{work['id']}"
    for method, path, body in [
        ("GET", one, None), ("PUT", one, {"title": "B"}), ("PATCH", one, {"title": "B"}), ("DELETE", one, None),
        ("POST", f"{one}/feature", None), ("DELETE", f"{SKILLS}{skill['id']}", None),
    ]:  # fmt: skip
        sent = {"json": body} if body else {}
        assert (await client.request(method, path, headers=as_bob, **sent)).status_code == 404
        assert (await client.request(method, path, **sent)).status_code == 401
    assert (await client.get(one, headers=as_alice)).json()["data"] == work
    assert await Skill.count() == 1
