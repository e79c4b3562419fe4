"""The schema at /api/schema, Swagger UI at /api/docs and Redoc at /api/redoc: all served from here, nothing from elsewhere."""

import asyncio
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from marketplace.core import ids, openapi
from marketplace.core.edge import compress
from marketplace.core.errors import NotFound

STATIC: Final = Path(__file__).parents[1] / "static"
FILES: Final = {
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", "text/css"),
    "boot.js": ("swagger-ui/boot.js", "text/javascript"),
    "icon.png": ("swagger-ui/favicon-32x32.png", "image/png"),
    "redoc.js": ("redoc/redoc.standalone.js", "text/javascript"),
}
PUBLIC: Final = {"public": True, "exclude_from_auth": True}
Asked: TypeAlias = Request[Any, Any, Any]

DOCS_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Marketplace API</title>
<link rel="icon" href="/api/docs/files/icon.png"><link rel="stylesheet" href="/api/docs/files/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/api/docs/files/swagger-ui-bundle.js"></script><script src="/api/docs/files/boot.js"></script>
</body>
</html>
"""
REDOC_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Marketplace API</title>
<link rel="icon" href="/api/docs/files/icon.png"><style>body { margin: 0 }</style>
</head>
<body>
<redoc spec-url="/api/schema" hide-download-button="false"></redoc>
<script src="/api/docs/files/redoc.js"></script>
</body>
</html>
"""


class Document(Struct, frozen=True):
    """Bytes to serve, as they are and compressed; made once."""

    body: bytes
    media_type: str
    etag: str
    packed: dict[bytes, bytes]

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Document":
        return cls(body, media_type, f'"{ids.digest(body)}"', {})


@cache
def _file(name: str) -> Document:
    where, media_type = FILES[name]
    return Document.of((STATIC / where).read_bytes(), media_type)


_schemas: dict[str, Document] = {}


def _schema(request: Asked, kind: str) -> Document:
    if kind not in _schemas:
        document = openapi.schema(request.app)
        encoded = msgspec.yaml.encode(document) if kind == "yaml" else msgspec.json.encode(document)
        _schemas[kind] = Document.of(encoded, f"application/{kind}")
    return _schemas[kind]


async def _serve(request: Asked, document: Document) -> Response[bytes]:
    headers = {"etag": document.etag, "cache-control": "no-cache", "vary": "accept-encoding, accept"}
    if document.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=document.media_type)
    body = document.body
    encoding = compress.choose(request.headers.get("accept-encoding", "").encode())
    if encoding and compress.worth_it(document.media_type.encode(), len(body)):
        if encoding not in document.packed:
            document.packed[encoding] = await asyncio.to_thread(compress.compress, body, encoding)
        body = document.packed[encoding]
        headers["content-encoding"] = encoding.decode()
    return Response(body, headers=headers, media_type=document.media_type)


@get("/api/schema", include_in_schema=False, opt=PUBLIC)
async def api_schema(request: Asked) -> Response[bytes]:
    """OpenAPI 3.1 as JSON, or as YAML for `Accept: application/yaml` and `?format=yaml`."""
    accepted = request.headers.get("accept", "")
    as_yaml = request.query_params.get("format") == "yaml" or ("yaml" in accepted and "json" not in accepted)
    return await _serve(request, _schema(request, "yaml" if as_yaml else "json"))


@get("/api/docs", include_in_schema=False, opt=PUBLIC)
async def docs_page(request: Asked) -> Response[bytes]:
    return await _serve(request, Document.of(DOCS_PAGE.encode(), "text/html"))


@get("/api/redoc", include_in_schema=False, opt=PUBLIC)
async def redoc_page(request: Asked) -> Response[bytes]:
    return await _serve(request, Document.of(REDOC_PAGE.encode(), "text/html"))


@get("/api/docs/files/{name:str}", include_in_schema=False, opt=PUBLIC)
async def docs_file(request: Asked, name: FromPath[str]) -> Response[bytes]:
    if name not in FILES:
        raise NotFound
    return await _serve(request, _file(name))


DOCS: list[ControllerRouterHandler] = [api_schema, docs_page, redoc_page, docs_file]
