"""Uploads over HTTP: a form with a file, as every domain takes one; each wrong body has one clear refusal."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, post
from litestar.datastructures import UploadFile
from litestar.params import MultipartBody
from msgspec import Meta, Struct

from marketplace.core import problems
from marketplace.core.bodies import StrictRequest
from marketplace.media.purposes import Purpose, declare
from marketplace.media.schemas import MediaOut, media_out
from marketplace.media.service import uploads
from marketplace.media.tables import Media
from tests.factories import a_user
from tests.factories.pictures import a_picture, a_png_that_claims

PHOTO = declare(Purpose("test_photo", sizes=(100,)))
owner: list[UUID] = []


class PhotoForm(Struct, forbid_unknown_fields=True):
    image: UploadFile
    alt_text: Annotated[str, Meta(max_length=20)] = ""


@post("/photos/", request_max_body_size=uploads.body_limit())
async def add_photo(data: MultipartBody[PhotoForm]) -> MediaOut:
    return media_out(await uploads.accept(data.image, PHOTO, owner_id=owner[0], field="image"))


@pytest.fixture
async def form(tables, configure, tmp_path) -> AsyncIterator[httpx.AsyncClient]:
    configure(home=tmp_path)
    owner[:] = [(await a_user()).id]
    app = Litestar([add_photo], request_class=StrictRequest, exception_handlers=problems.HANDLERS)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def test_a_picture_is_taken_whatever_its_name_and_type_say(form):
    for name, kind in (("x.png", "image/png"), ("../../x.exe", "text/html"), ("x", "application/octet-stream")):
        answer = await form.post("/photos/", files={"image": (name, a_picture(), kind)}, data={"alt_text": "A clock"})
        assert answer.status_code == 201 and answer.json()["state"] == "pending"
    assert await Media.count() == 3


@pytest.mark.parametrize(
    ("name", "kind", "content", "status", "code"),
    [
        ("a.jpg", "image/jpeg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", 415, "unsupported_file_type"),
        ("a.jpg", "image/jpeg", b"<html><script>alert(1)</script>", 415, "unsupported_file_type"),
        ("a.svg", "image/svg+xml", b"<?xml version='1.0'?><svg/>", 415, "unsupported_file_type"),
        ("a.gif", "image/gif", a_picture("GIF", (9, 9)) + b"<script>alert(1)</script>", 415, "unsupported_file_type"),
        ("a.jpg", "image/jpeg", b"MZ\x90\0", 415, "unsupported_file_type"),
        ("a.png", "image/png", a_png_that_claims(20_000, 20_000), 413, "image_too_large"),
        ("a.png", "image/png", a_picture("PNG")[:-20], 400, "image_truncated"),
        ("a.jpg", "image/jpeg", b"\xff\xd8\xff\xd9", 400, "image_broken"),
        ("a.jpg", "image/jpeg", b"", 400, "file_empty"),
    ],
)  # fmt: skip
async def test_a_hostile_file_is_refused_and_leaves_nothing(form, tmp_path, name, kind, content, status, code):
    answer = await form.post("/photos/", files={"image": (name, content, kind)})
    assert answer.status_code == status
    body = answer.json()
    assert body["success"] is False and body["code"] == code and list(body["errors"]) == ["image"]
    assert await Media.count() == 0
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_a_body_that_is_too_large_is_413(form, configure):
    configure(max_file_bytes=2000)
    answer = await form.post("/photos/", files={"image": ("a.jpg", a_picture() + b"\0" * 3000)})
    assert answer.status_code == 413 and answer.json()["code"] == "file_too_large"
    huge = await form.post("/photos/", files={"image": ("a.jpg", b"\0" * (uploads.body_limit() + 12_000_000))})
    assert huge.status_code == 413 and huge.json()["code"] == "payload_too_large"


@pytest.mark.parametrize(
    ("files", "data", "errors"),
    [
        ({"other": b"x"}, {}, {"other": ["Unknown field."]}),
        ({"image": b"x"}, {"zzz": "1"}, {"zzz": ["Unknown field."]}),
        ({"alt_text": (None, "x")}, {}, {"image": ["This field is required."]}),
        ({"image": (None, "text")}, {}, {"image": ["Send a file here."]}),
        ([("image", ("a", b"a")), ("image", ("b", b"b"))], {}, {"image": ["Send this field once."]}),
        ({"image": b"x"}, {"alt_text": "x" * 21}, {"alt_text": ["Expected `str` of length <= 20"]}),
    ],
)
async def test_a_wrong_form_is_named_by_its_field(form, files, data, errors):
    answer = await form.post("/photos/", files=files, data=data)
    assert answer.status_code == 400 and answer.json()["errors"] == errors


@pytest.mark.parametrize(
    "headers",
    [{"content-type": "application/json"}, {"content-type": "image/jpeg"}, {"content-type": "multipart/form-data"},
     {"content-type": "application/x-www-form-urlencoded"}, {}],
)  # fmt: skip
async def test_anything_but_a_form_is_415(form, headers):
    answer = await form.post("/photos/", content=b'{"image": "x"}', headers=headers)
    assert answer.status_code == 415 and answer.json()["message"] == "Send the body as multipart/form-data."


@pytest.mark.parametrize(
    "part",
    [
        b'Content-Disposition: form-data; name="alt_text"\r\nContent-Type: text/plain; charset=klingon\r\n\r\nx',
        b'Content-Disposition: form-data; name="alt_text"\r\n\r\n\xff\xfe',
        b'Content-Disposition: form-data\r\n\r\nx',
        b'Content-Disposition: form-data; name="image"; filename="a\r\n\r\nx',
        b"garbage",
        b"",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\r\n--x--\r\n", b""])
async def test_a_broken_form_is_400(form, part, end):
    answer = await form.post(
        "/photos/", content=b"--x\r\n" + part + end, headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert answer.status_code == 400 and answer.json()["code"] == "validation_error"


def test_the_docs_show_the_form():
    schema = Litestar([add_photo]).openapi_schema.to_schema()
    body = schema["paths"]["/photos"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    shown = schema["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert shown["required"] == ["image"] and shown["properties"]["image"]["format"] == "binary"
    assert shown["properties"]["alt_text"]["maxLength"] == 20


async def test_words_of_a_form_are_not_read_without_end(form):
    answer = await form.post("/photos/", files={"image": ("a.jpg", a_picture())}, data={"alt_text": "x" * 300_000})
    assert answer.status_code == 413 and await Media.count() == 0
    answer = await form.post("/photos/", files={"image": ("a.jpg", a_picture() + bytes(300_000))})
    assert answer.status_code == 201, "a file may be long"
