"""An upload in a running service: the door, the queue, the worker and the disk, none of them in this process."""

import httpx
import pytest

from tests.eventually import eventually
from tests.factories import signed_in
from tests.factories.pictures import a_picture, a_png_that_claims, opened


@pytest.fixture
async def http(server):
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        yield client


async def test_an_avatar_is_uploaded_worked_on_and_served(http):
    _, headers = await signed_in()
    noisy = a_picture("PNG", (900, 600)) + b"secret trailer"
    sent = await http.post("/api/v1/users/avatar/", headers=headers, files={"avatar": ("me.png", noisy, "image/png")})
    assert sent.status_code in (200, 201, 202), sent.text

    async def addresses() -> list[str]:
        profile = (await http.get("/api/v1/users/me/", headers=headers)).json()["data"]
        return [address for address in find(profile) if address.startswith("/media/public/")]

    async def is_there() -> bool:
        return bool(await addresses())

    await eventually(is_there)
    sides = set()
    for address in await addresses():
        answer = await http.get(address)
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "content-encoding" not in answer.headers and b"secret" not in answer.content
        sides.add(opened(answer.content).size)
    assert sides <= {(100, 100), (300, 300), (500, 500)} and sides
    part = await http.get((await addresses())[0], headers={"range": "bytes=0-3"})
    assert part.status_code == 206 and part.content == b"RIFF"
    head = await http.head((await addresses())[0])
    assert head.status_code == 200 and head.content == b"" and int(head.headers["content-length"]) > 4


def find(value):
    """Every text in an answer, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from find(item)


@pytest.mark.parametrize(
    ("content", "status"),
    [(a_png_that_claims(20_000, 20_000), 413), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
     (b"\xff\xd8\xff" + b"\0" * 11_000_000, 413), (b"\0" * 40_000_000, 413)],
)  # fmt: skip
async def test_hostile_bodies_are_refused_at_the_door_or_behind_it(http, content, status):
    _, headers = await signed_in()
    answer = await http.post(
        "/api/v1/users/avatar/", headers=headers, files={"avatar": ("a.png", content, "image/png")}
    )
    assert answer.status_code == status and answer.json()["success"] is False
