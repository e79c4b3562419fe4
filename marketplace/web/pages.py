"""Serves the page and its files: read once, answered from memory with an ETag."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from marketplace.core import db
from marketplace.core.config import settings
from marketplace.core.errors import NotFound
from marketplace.demo.things import BIDDERS, PASSWORD

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


class Asset(Struct, frozen=True):
    content: bytes
    media_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Every file below `static/` by its path there. Nothing else can be asked for."""
    found = {}
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            media_type = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[file.relative_to(STATIC).as_posix()] = Asset(content, media_type, etag)
    return found


def answer(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    asset = assets().get(name)
    if asset is None:
        raise NotFound
    # `no-cache`: a browser asks each time, and is told 304 unless a new version has been deployed.
    headers = {"etag": asset.etag, "cache-control": "no-cache"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


@get(["/", "/social-login"], include_in_schema=False, opt={"public": True}, name="front_page")
async def front_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    return answer(request, "index.html")


@get("/web/{name:path}", include_in_schema=False, opt={"public": True})
async def web_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    return answer(request, str(name).lstrip("/"))


class DemoBidder(Struct, frozen=True):
    username: str
    email: str
    password: str


class DemoBidders(Struct, frozen=True):
    bidders: list[DemoBidder]


@get("/web/demo.json", include_in_schema=False, opt={"public": True})
async def demo_bidders() -> DemoBidders:
    """Whom anybody may sign in as to try things out; nobody in production or without demo data."""
    if settings().env == "production":
        return DemoBidders([])
    rows = await db.fetch(
        "SELECT username, email FROM users WHERE username = ANY($1::text[]) AND email LIKE '%@demo.example' "
        "AND status = 'active' ORDER BY username",
        BIDDERS,
    )
    return DemoBidders([DemoBidder(row["username"], row["email"], PASSWORD) for row in rows])


PAGES: list[ControllerRouterHandler] = [demo_bidders, front_page, web_file]
