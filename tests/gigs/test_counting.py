"""Views and clicks: counted without writing on a read, once a visitor, once at all, also when Redis goes away."""

import pytest

from marketplace.accounts.states import Role
from marketplace.core import cache, db, kv
from marketplace.gigs import counting
from marketplace.gigs.service import ordering, tallying
from tests.eventually import eventually
from tests.factories import bearer, signed_in
from tests.factories.gigs import a_gig, seller_of
from tests.statements import statements

API = "/api/v1/gigs/"


@pytest.fixture(autouse=True)
async def _nothing_noted(tables):
    counting._noted.clear()
    yield
    counting._noted.clear()


async def counts(gig):
    """What the gig's row says, once all that was noted is written."""
    await counting.pass_on()
    await tallying.write_counts()
    row = await db.fetch_row("SELECT view_count, click_count FROM gigs WHERE id = $1", gig)
    return row["view_count"], row["click_count"]


async def test_looking_writes_nothing_and_counts_each_visitor_once(client):
    gig = await a_gig()
    _, ann = await signed_in()
    async with statements() as ran:
        for _ in range(3):
            assert (await client.get(f"{API}a-logo-for-your-shop/")).status_code == 200
    assert not [one for one in ran if not one.startswith("SELECT")]
    await client.get(f"{API}{gig}/", headers={"user-agent": "another"})
    await client.get(f"{API}{gig}/", headers=ann)
    await client.get(f"{API}nothing/")
    assert await counts(gig) == (3, 0)
    await client.get(f"{API}a-logo-for-your-shop/")
    assert await counts(gig) == (3, 0)
    assert await db.fetch_val("SELECT views FROM gig_days WHERE gig = $1", gig) == 3


async def test_what_the_cache_answers_counts_too(client, monkeypatch):
    gig = await a_gig()
    monkeypatch.setattr(cache.shared, "enabled", True)
    cache.clear()
    for n in range(4):
        answer = await client.get(f"{API}{gig}/", headers={"user-agent": f"visitor {n}"})
        assert answer.status_code == 200
    again = await client.get(f"{API}{gig}/", headers={"user-agent": "fifth", "if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    cache.clear()
    assert await counts(gig) == (5, 0)


async def test_its_seller_and_staff_do_not_count(client):
    gig = await a_gig()
    _, staff = await signed_in(Role.MODERATOR)
    for headers in (await bearer((await seller_of(gig)).id), staff):
        assert (await client.get(f"{API}{gig}/", headers=headers)).status_code == 200
    assert await counts(gig) == (0, 0)


async def test_a_click_is_told(client):
    gig = await a_gig()
    for name in (gig, "a-logo-for-your-shop"):
        assert (await client.post(f"{API}{name}/click/")).status_code == 204
    assert (await client.post(f"{API}nothing/click/")).status_code == 404
    assert await counts(gig) == (0, 1)


async def test_a_batch_that_was_written_before_its_writer_died_is_not_counted_again(client):
    gig = await a_gig()
    await client.get(f"{API}{gig}/")
    await counting.pass_on()
    [batch] = await counting.take("01a1f9da-bebf-758a-89dd-eb252222995e")
    saved = await counting.read(batch)
    await tallying.write_counts()
    assert await kv.client().exists(f"{counting._counts()}:{batch}") == 0
    # as if it had died before it told Redis
    await kv.client().hset(
        f"{counting._counts()}:{batch}", mapping={f"{what} {name}": n for (what, name), n in saved.items()}
    )
    await kv.client().sadd(f"{counting._prefix()}batches", batch)
    assert await counts(gig) == (1, 0)
    assert await kv.client().scard(f"{counting._prefix()}batches") == 0


async def test_while_redis_is_away_it_waits(client, monkeypatch):
    gig = await a_gig()
    await client.get(f"{API}{gig}/")
    with monkeypatch.context() as away:
        away.setattr(counting.kv, "client", lambda: kv.connect("redis://127.0.0.1:1/0"))
        with pytest.raises((counting.RedisError, OSError)):
            await counting.pass_on()
        assert await tallying.write_counts() == 0
        assert (await client.get(f"{API}{gig}/", headers={"user-agent": "another"})).status_code == 200
    assert await counts(gig) == (2, 0)


async def test_what_is_noted_is_passed_on_by_itself(client, monkeypatch):
    gig = await a_gig()
    await client.get(f"{API}{gig}/")
    await eventually(lambda: not counting._noted)
    await tallying.write_counts()
    assert await db.fetch_val("SELECT view_count FROM gigs WHERE id = $1", gig) == 1


async def test_trending_is_what_is_sought_these_days(client):
    old, new, ordered, still = [await a_gig(title=f"Gig {n}") for n in range(4)]
    await db.execute(
        "INSERT INTO gig_days (gig, day, views, clicks, orders) VALUES ($1, current_date - 12, 900, 0, 0), "
        "($2, current_date, 60, 10, 0), ($3, current_date - 3, 0, 0, 4), ($4, current_date - 40, 9000, 0, 0)",
        old, new, ordered, still,
    )  # fmt: skip
    assert await tallying.work_out_trending() == 3
    answer = await client.get(f"{API}?ordering=-trending&category=design")
    assert [one["id"] for one in answer.json()["data"]["results"]] == [str(gig) for gig in (ordered, new, old, still)]
    assert await tallying.work_out_trending() == 0
    await db.execute("DELETE FROM gig_days")
    assert await tallying.work_out_trending() == 3
    assert await db.fetch_val("SELECT max(trending) FROM gigs") == 0


async def test_old_counts_are_forgotten(tables):
    gig = await a_gig()
    await ordering.note_ordered(gig)
    await db.execute(
        "INSERT INTO gig_days (gig, day, views, clicks, orders) VALUES ($1, current_date - 61, 1, 1, 1)", gig
    )
    await db.execute("INSERT INTO gig_tallies (id, at) VALUES (gen_random_uuid(), now() - interval '3 days')")
    assert await tallying.forget_old_counts() == 2
    assert await db.fetch_val("SELECT count(*) FROM gig_days") == 1
