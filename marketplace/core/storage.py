"""Files: in a folder, or in any S3-compatible store.

Keys are made here, never from what users send: `public/<purpose>/<xx>/<id>/<name>.<ext>` or `private/...`. What lies under
`public/` has a lasting address; what lies under `private/` is reached by a link that is signed for one user and short-lived.
Nothing here is called inside a transaction: a store is a network away.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import obstore
from msgspec import Struct
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from marketplace.core import clock, db
from marketplace.core.config import Settings, settings
from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.filetypes import FILE_TYPES
from marketplace.core.seal import derived_key

LINK_SECONDS: Final = 300
CHUNK: Final = 64 * 1024
ROUTE: Final = "/media/"
TYPES: Final = {one.extension: one.media_type for one in FILE_TYPES.values()} | {
    "json": "application/json",
    "ics": "text/calendar",
    "csv": "text/csv",
}
"""The extensions a key may have, and how each is served. Nothing a browser would run is among them."""

_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY = re.compile(r"(public|private)/[a-z][a-z0-9_]{0,39}/[0-9a-f]{2}/[0-9a-f]{32}/[a-z0-9_]{1,40}(\.[a-z0-9]{1,5})?")


class LinkExpired(NotFound):
    code = "link_expired"
    default_message = "This link has expired. Ask for a new one."


class Stored(Struct, frozen=True, kw_only=True):
    """What the store knows of a file. `etag` is quoted, as in the header."""

    key: str
    size: int
    etag: str
    modified_at: datetime

    @property
    def content_type(self) -> str:
        return TYPES.get(self.key.rpartition(".")[2], "application/octet-stream")


def new_key(purpose: str, file_id: UUID, name: str, extension: str, *, public: bool) -> str:
    """A key; `extension` may be empty. All parts are our own words: ValueError if one could be somebody else's."""
    if not _PURPOSE.fullmatch(purpose) or (extension and extension not in TYPES):
        raise ValueError(f"{purpose!r} .{extension} cannot be stored")
    # The last two digits of a version 7 UUID are random: folders fill evenly.
    hexed = file_id.hex
    return check_key(
        f"{'public' if public else 'private'}/{purpose}/{hexed[-2:]}/{hexed}/{name}{'.' if extension else ''}{extension}"
    )


def check_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no storage key")
    return key


def is_public(key: str) -> bool:
    return key.startswith("public/")


@lru_cache(maxsize=4)
def _open(config: Settings, retries: int = 2) -> LocalStore | S3Store:
    if not config.s3_bucket:
        return LocalStore(Path(config.home) / "media", mkdir=True)
    access: dict[str, Any] = {}
    if config.s3_access_key:
        access = {"access_key_id": config.s3_access_key, "secret_access_key": config.s3_secret_key}
    if config.s3_endpoint:
        access["endpoint"] = config.s3_endpoint
    return S3Store(
        config.s3_bucket,
        region=config.s3_region,
        virtual_hosted_style_request=not config.s3_path_style,
        client_options={
            "allow_http": config.s3_endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=3),
            "timeout": timedelta(seconds=30),
        },
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=10)},
        **access,
    )


@contextmanager
def _reaching() -> Iterator[None]:
    """A store that is away is a 503, a file that is not there a 404; a file missing is never mistaken for the other."""
    assert not db.in_transaction(), "files are stored outside transactions"
    try:
        yield
    except FileNotFoundError:
        raise NotFound from None
    except BaseError as error:
        raise Unavailable("The file store is away for a moment. Try again.") from error


async def put(key: str, data: bytes | Path | AsyncIterator[bytes]) -> None:
    """Store a file whole or not at all; what was under the key is replaced. Large data, and a file's, is sent in parts."""
    check_key(key)
    config = settings()
    attributes = {"Content-Type": Stored(key=key, size=0, etag="", modified_at=clock.now()).content_type}
    with _reaching():
        await obstore.put_async(_open(config), key, data, attributes=attributes if config.s3_bucket else None)


async def get(key: str) -> bytes:
    """The whole file. Raises NotFound. For what fits into memory; `stream` is for the rest."""
    with _reaching():
        result = await obstore.get_async(_open(settings()), check_key(key))
        return bytes(await result.bytes_async())


async def head(key: str) -> Stored:
    """Size and etag. Raises NotFound."""
    with _reaching():
        meta = await obstore.head_async(_open(settings()), check_key(key))
    etag = meta["e_tag"] or f'"{hashlib.sha256(key.encode()).hexdigest()[:16]}"'
    return Stored(key=key, size=meta["size"], etag=etag, modified_at=meta["last_modified"])


async def stream(key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
    """The bytes from `start` up to, not including, `end`. Raises NotFound before the first chunk."""
    with _reaching():
        where: Any = {"range": (start, end)} if end is not None else {"range": {"offset": start}}
        result = await obstore.get_async(_open(settings()), check_key(key), options=where)
        async for chunk in result.stream(CHUNK):
            yield bytes(chunk)


async def fetch_to(key: str, path: Path) -> None:
    """Write a stored file to a local one, in parts. Raises NotFound."""
    with path.open("wb") as file:
        async for chunk in stream(key):
            await asyncio.to_thread(file.write, chunk)


async def delete(*keys: str) -> None:
    """Remove files; one that is not there is already removed."""
    for key in keys:
        with _reaching():
            try:
                await obstore.delete_async(_open(settings()), check_key(key))
            except FileNotFoundError:
                continue


async def ready(config: Settings | None = None) -> bool:
    """Does the store answer, with our bucket in it? Lists, because a missing file and a missing bucket look alike.

    In a thread of ours, and once: the library's own threads may still hand over an answer while a command that asked
    nothing else is ending, and Python aborts then.
    """
    try:
        await asyncio.to_thread(obstore.list_with_delimiter, _open(config or settings(), retries=0), "ready")
    except (BaseError, FileNotFoundError):
        return False
    return True


def url(key: str, *, viewer_id: UUID | None = None, filename: str = "", seconds: int = LINK_SECONDS) -> str:
    """Where the file is fetched. A private one needs the viewer the link is for; it works for `seconds`.

    `filename` is what a browser saves it as. ValueError for a private key without a viewer.
    """
    check_key(key)
    if is_public(key):
        return f"{settings().media_url.rstrip('/') or ROUTE.rstrip('/')}/{key}"
    if viewer_id is None:
        raise ValueError("a private file has no address without a viewer")
    expires = int(clock.now().timestamp()) + seconds
    query = {"user": viewer_id.hex, "expires": str(expires)} | ({"name": filename} if filename else {})
    return f"{ROUTE}{key}?{urlencode(query | {'signature': _signature(key, viewer_id.hex, expires, filename)})}"


def check_link(key: str, user: str, expires: str, filename: str, signature: str) -> UUID:
    """The user a link was signed for. Raises NotFound: a link that is wrong, altered or late leads nowhere."""
    digits = expires.isascii() and expires.isdigit() and len(expires) <= 12
    if not digits or not hmac.compare_digest(
        _signature(key, user, int(expires), filename).encode(), signature.encode("utf-8", "replace")
    ):
        raise NotFound
    if int(expires) <= clock.now().timestamp():
        raise LinkExpired
    return UUID(user)


def _signature(key: str, user: str, expires: int, filename: str) -> str:
    said = "\n".join((key, user, str(expires), filename.encode("utf-8", "replace").hex()))
    return hmac.new(derived_key("media link"), said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
