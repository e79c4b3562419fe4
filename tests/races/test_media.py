"""Files that several processes want at once, and a process that is killed while it works on one."""

import pytest

from marketplace.core import db
from marketplace.media import invariants, queries
from marketplace.media.service import processing, uploads
from marketplace.media.states import MediaState
from tests.factories import a_user
from tests.factories.pictures import AFile, a_picture
from tests.factories.uploads import a_film
from tests.races.crew import Member, run_together
from tests.races.media_deeds import PARCEL

pytestmark = pytest.mark.usefixtures("tables")


async def a_file(owner_id, data=None) -> str:
    return str((await uploads.take_in(AFile(data or a_picture()), PARCEL, owner_id=owner_id)).id)


async def all_is_well() -> bool:
    return [breach async for breach in invariants.violations()] == []


async def test_a_file_that_many_name_belongs_to_one():
    owner = (await a_user()).id
    file = await a_file(owner)
    job = {"file": file, "owner": str(owner), "times": 10}
    said = [one for hand in await run_together("tests.races.media_deeds:name_it", job, job, job) for one in hand]
    [won] = [one for one in said if one != "file_attached"]
    assert str(await db.fetch_val("SELECT subject FROM media WHERE id = $1::uuid", file)) == won
    assert await all_is_well()


async def test_a_file_is_named_or_taken_back_and_never_both():
    owner = (await a_user()).id
    files = [await a_file(owner) for _ in range(20)]
    jobs = [{"files": files, "owner": str(owner), "take_back": back} for back in (True, False)]
    back, named = await run_together("tests.races.media_deeds:name_or_take_back", *jobs)
    assert all(
        {a, b} in ({"done", "file_not_found"}, {"done", "file_in_use"}) for a, b in zip(back, named, strict=True)
    )
    rows = await db.fetch("SELECT state, subject FROM media ORDER BY id")
    assert [row["state"] == "removed" for row in rows] == [one == "done" for one in back]
    assert [row["subject"] is not None for row in rows] == [one == "done" for one in named]
    assert await all_is_well()


async def test_several_workers_make_one_file_ready():
    owner = (await a_user()).id
    file = await a_file(owner, a_film())
    await run_together("tests.races.media_deeds:work_on_it", *[{"file": file}] * 3)
    [media] = (await queries.get_many([file])).values()
    assert media.state is MediaState.READY
    told = "SELECT count(*) FROM outbox WHERE kind = 'media_ready' AND handler LIKE '%show_new_avatar:%'"
    assert await db.fetch_val(told) == 1


@pytest.mark.parametrize("hang_at", ["50", "video"])
async def test_a_worker_that_is_killed_at_work_is_followed_by_another_with_the_same_end(hang_at):
    owner = (await a_user()).id
    film = a_film(size=(320, 240))
    whole, file = await a_file(owner, film), await a_file(owner, film)
    member = await Member.start("tests.races.media_deeds:work_until_told_of", {"file": file, "hang_at": hang_at})
    try:
        await member.ready()
        member.go()
        assert await member.result() == "hanging"
    finally:
        await member.end()
    for one in (whole, file):
        await processing.process(one)
    found = await queries.get_many([whole, file])
    [first, second] = found.values()
    assert first.state is second.state is MediaState.READY

    def seen(media):
        return [(one.name, one.bytes, one.width, one.height) for one in media.renditions]

    assert seen(first) == seen(second) and first.duration_ms == second.duration_ms == 1000
    assert await all_is_well()
