"""`/media/...`: the bytes themselves, with ranges and caching, and no way for a browser to run any of it."""

import re
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote

from litestar import HttpMethod, Request, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from marketplace.accounts.viewer import Viewer
from marketplace.catalog.queries import files as queries
from marketplace.core import storage
from marketplace.core.errors import DomainError, NotFound
from marketplace.core.storage import Stored

YEAR: Final = 365 * 24 * 3600
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RangeNotSatisfiable(DomainError):
    status_code = 416
    code = "range_not_satisfiable"
    default_message = "The file is shorter than that."


@route("/media/{key:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD], name="media", include_in_schema=False)
async def serve_media(
    request: Request[Any, Any, Any],
    key: FromPath[str],
    visitor: NamedDependency[Viewer | None],
    user: FromQuery[str] = "",
    expires: FromQuery[str] = "",
    signature: FromQuery[str] = "",
    name: FromQuery[str] = "",
) -> Response[Any]:
    """A public file by its path, a private one by its signed link."""
    key = key.removeprefix("/")
    try:
        storage.check_key(key)
    except ValueError:
        raise NotFound from None
    if not storage.is_public(key):
        owner = storage.check_link(key, user, expires, name, signature)
        if (visitor is not None and visitor.id != owner) or not await queries.may_fetch(owner):
            raise NotFound
    file = await storage.head(key)
    headers = _headers(file, name)
    if file.etag in _listed(request.headers.get("if-none-match", "")):
        return Response(None, status_code=304, headers=headers)
    start, end = _wanted(request, file)
    if (start, end) != (0, file.size):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers["Content-Length"] = str(end - start)
    return Stream(
        storage.stream(key, start, end) if end > start else iter(()),
        status_code=206 if "Content-Range" in headers else 200,
        headers=headers,
        media_type=file.content_type,
    )


def _headers(file: Stored, name: str) -> dict[str, str]:
    public = storage.is_public(file.key)
    shown = "inline" if file.content_type.startswith(("image/", "video/")) else "attachment"
    filename = f"; filename*=UTF-8''{quote(name, safe='')}" if name else ""
    return {
        "ETag": file.etag,
        "Last-Modified": format_datetime(file.modified_at, usegmt=True),
        "Accept-Ranges": "bytes",
        # A key is never written twice with other content, so what is public may be kept for good.
        "Cache-Control": f"public, max-age={YEAR}, immutable" if public else "private, no-store",
        "Content-Disposition": shown + filename,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin" if public else "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _listed(header: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in header.split(",")}


def _wanted(request: Request[Any, Any, Any], file: Stored) -> tuple[int, int]:
    """(start, end) of what is asked for: one range, else the whole. Raises RangeNotSatisfiable."""
    whole = (0, file.size)
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or found.groups() == ("", "") or request.headers.get("if-range", file.etag) != file.etag:
        return whole
    first, last = found.groups()
    if not first:
        start, end = max(0, file.size - int(last)), file.size
    else:
        start, end = int(first), min(int(last) + 1 if last else file.size, file.size)
    if last and first and int(last) < int(first):
        return whole
    if start >= end:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{file.size}"})
    return start, end
