"""The HTTP edge against what no browser sends."""

import socket
import struct
import zlib

import pytest

from marketplace.core import images
from tests.factories import signed_in


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
async def test_an_instant_that_is_none_is_named(client, when):
    _, headers = await signed_in()
    listed = await client.get("/api/schema")
    names = [
        one["name"]
        for one in listed.json()["paths"]["/api/v1/auctions"]["get"]["parameters"]
        if "date-time" in str(one.get("schema"))
    ]
    assert names
    for name in names:
        answer = await client.get("/api/v1/auctions/", params={name: when}, headers=headers)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [name]) or name.startswith("date_")
        assert answer.status_code in (200, 400)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("kind", "before"), [(b"iCCP", b"x\0\0"), (b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0")], ids=lambda one: str(one)
)
async def test_a_bomb_beside_the_pixels_is_not_unpacked(kind, before):
    bomb = before + zlib.compress(bytes(64_000_000), 9)
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(8 * 25)))
    data = b"\x89PNG\r\n\x1a\n" + header + _chunk(kind, bomb) + pixels + _chunk(b"IEND", b"")
    try:
        [made] = await images.render(data, [8])
    except images.ImageBroken:
        return
    assert len(made.data) < 1000


async def test_more_pixels_than_declared_are_left_where_they_are():
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(64_000_000), 9))
    try:
        [made] = await images.render(b"\x89PNG\r\n\x1a\n" + header + pixels + _chunk(b"IEND", b""), [8])
    except images.ImageBroken:
        return
    assert (made.width, made.height) == (8, 8)


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /api/v1/auctions/ HTTP/1.1\r\nHost: \xff<script>\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/auctions/ HTTP/1.1\r\nHost: a b'\"\\\r\nConnection: close\r\n\r\n",
        b"GET /api/v1/auctions/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_a_request_that_can_be_read_in_two_ways_is_not_read(server, request_):
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(request_)
        assert wire.recv(4096).startswith(b"HTTP/1.1 400 ")


async def test_a_foreign_page_is_told_nothing(client):
    for origin in ("null", "http://evil.example", "http://test.evil.example"):
        for path in ("/api/v1/auctions/", "/api/v1/auth/me/"):
            answer = await client.get(path, headers={"origin": origin})
            assert "access-control-allow-origin" not in answer.headers
            preflight = await client.options(path, headers={"origin": origin, "access-control-request-method": "PUT"})
            assert "access-control-allow-origin" not in preflight.headers
