import asyncio

import pytest

from marketplace.accounts.service import avatars
from marketplace.accounts.tables import Profile
from marketplace.media.states import MediaState
from marketplace.media.tables import Media
from tests.factories import a_user, signed_in
from tests.factories.pictures import AFile, a_picture, opened, work_off

ME = "/api/v1/users/me"


async def upload(client, headers, path="/api/v1/users/avatar/", field="avatar", data=None):
    return await client.post(path, headers=headers, files={field: ("me.jpg", data or a_picture(), "image/jpeg")})


@pytest.mark.parametrize(
    ("path", "field"),
    [("/api/v1/users/avatar/", "avatar"), ("/api/v1/users/profile/image/", "image"), ("/api/v1/users/avatar", "file")],
)
async def test_a_picture_becomes_squares_of_three_sizes(client, path, field):
    alice, as_alice = await signed_in()
    answer = await upload(client, as_alice, path, field)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["avatar_processing"] is True and answer.json()["data"]["avatar"] is None
    await work_off()
    data = (await client.get(ME, headers=as_alice)).json()["data"]
    assert data["avatar_processing"] is False and set(data["avatar_sizes"]) == {"100", "300", "500"}
    assert data["avatar"] == data["avatar_sizes"]["300"]
    assert (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["avatar"] == data["avatar"]
    served = await client.get(data["avatar_sizes"]["100"])
    assert served.status_code == 200 and opened(served.content).size == (100, 100)


async def test_the_old_picture_stays_until_the_new_one_is_ready(client):
    _, as_alice = await signed_in()
    await upload(client, as_alice)
    await work_off()
    first = (await client.get(ME, headers=as_alice)).json()["data"]["avatar"]
    await upload(client, as_alice, data=a_picture(colour=(1, 2, 3)))
    assert (await client.get(ME, headers=as_alice)).json()["data"]["avatar"] == first
    await work_off()
    second = (await client.get(ME, headers=as_alice)).json()["data"]["avatar"]
    assert second != first
    assert (await client.get(first)).status_code == 404
    assert (await client.get(second)).status_code == 200


async def test_ten_uploads_at_once_leave_one_picture(app, tables):
    alice = await a_user()
    files = [AFile(a_picture(colour=(i, i, i))) for i in range(10)]
    await asyncio.gather(*(avatars.upload_avatar(alice.id, file, "avatar") for file in files))
    await work_off()
    [profile] = await Profile.select(Profile.avatar, Profile.avatar_next)
    assert profile["avatar_next"] is None
    kept = await Media.select(Media.id).where(Media.state != MediaState.REMOVED)
    assert [row["id"] for row in kept] == [profile["avatar"]]


async def test_a_picture_is_removed(client):
    _, as_alice = await signed_in()
    await upload(client, as_alice)
    await work_off()
    await upload(client, as_alice, data=a_picture(colour=(9, 9, 9)))
    for _ in range(2):
        assert (await client.delete("/api/v1/users/avatar/", headers=as_alice)).status_code == 204
    await work_off()
    data = (await client.get(ME, headers=as_alice)).json()["data"]
    assert data["avatar"] is None and data["avatar_sizes"] is None and data["avatar_processing"] is False
    assert not await Media.exists().where(Media.state != MediaState.REMOVED)


@pytest.mark.parametrize(
    "data", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7 %%EOF", b"GIF89a<script>", b"\x00" * 100, b""]
)
async def test_what_is_no_picture_is_refused_and_not_kept(client, data):
    _, as_alice = await signed_in()
    answer = await client.post(
        "/api/v1/users/avatar", headers=as_alice, files={"avatar": ("me.png", data, "image/png")}
    )
    assert answer.status_code in (400, 415), answer.text
    assert list(answer.json()["errors"]) == ["avatar"]
    assert await Media.count() == 0


async def test_who_and_what_is_needed(client):
    _, as_alice = await signed_in()
    assert (await upload(client, {})).status_code == 401
    assert (await client.post("/api/v1/users/avatar", headers=as_alice, json={"avatar": "x"})).status_code == 415
    none = await client.post("/api/v1/users/avatar", headers=as_alice, files={"other": ("x.jpg", a_picture())})
    assert none.status_code == 400
    two = {"avatar": ("x.jpg", a_picture()), "image": ("y.jpg", a_picture())}
    assert (await client.post("/api/v1/users/avatar", headers=as_alice, files=two)).status_code == 400
    assert await Media.count() == 0


async def test_a_work_shows_its_picture(client):
    alice, as_alice = await signed_in()
    _, as_bob = await signed_in()
    works = "/api/v1/users/portfolio/"
    work = (await client.post(works, headers=as_alice, json={"title": "A clock"})).json()["data"]
    assert work["image"] is None
    picture = {"image": ("clock.jpg", a_picture(), "image/jpeg")}
    assert (await client.post(f"{works}{work['id']}/image", headers=as_bob, files=picture)).status_code == 404
    answer = await client.post(f"{works}{work['id']}/image", headers=as_alice, files=picture)
    assert answer.status_code == 201 and answer.json()["data"]["image"]["state"] == "pending"
    await work_off()
    shown = (await client.get(f"/api/v1/users/{alice.id}")).json()["data"]["portfolio"][0]["image"]
    assert shown["state"] == "ready" and (await client.get(shown["url"])).status_code == 200
    await client.post(
        f"{works}{work['id']}/image", headers=as_alice, files={"image": ("b.jpg", a_picture(colour=(1, 1, 1)))}
    )
    assert (await client.delete(f"{works}{work['id']}", headers=as_alice)).status_code == 204
    await work_off()
    assert not await Media.exists().where(Media.state != MediaState.REMOVED)
    assert (await client.get(shown["url"])).status_code == 404
