"""Without Redis nobody knows who is here, and everything else goes on."""

import pytest
from redis.asyncio import Redis

from marketplace.accounts import presence
from marketplace.core import kv
from tests.factories import a_user, signed_in


@pytest.fixture
async def no_redis(monkeypatch):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(kv, "client", lambda: away)
    yield
    await away.aclose()


async def test_without_redis_presence_is_unknown(client, no_redis):
    bob, as_bob = await signed_in()
    assert (await client.get("/api/v1/users/me", headers=as_bob)).status_code == 200
    answer = await client.get(f"/api/v1/users/{bob.id}")
    assert answer.status_code == 200
    assert answer.json()["data"]["online"] is None and answer.json()["data"]["last_seen_at"] is None


async def test_what_was_known_is_forgotten(client):
    bob, as_bob = await signed_in()
    await client.get("/api/v1/users/me", headers=as_bob)
    assert await presence.last_seen(bob.id) is not None
    await presence.forget(bob.id)
    assert await presence.last_seen(bob.id) is None
    assert await presence.touch(bob.id) is True


async def test_a_memory_that_is_full_begins_anew(tables, monkeypatch):
    monkeypatch.setattr(presence, "_MOST_KNOWN", 2)
    presence._written.clear()
    for _ in range(3):
        assert await presence.touch((await a_user()).id) is True
    assert len(presence._written) == 1
