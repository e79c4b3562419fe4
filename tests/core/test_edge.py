"""The door, around a small application of its own."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

import asyncpg
import brotli
import httpx
import pytest
from litestar import Router, get, post, put
from litestar.di import NamedDependency, Provide
from litestar.exceptions import WebSocketException
from litestar.middleware import DefineMiddleware
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from marketplace.accounts.viewer import Authentication, Viewer, provide_viewer, provide_visitor
from marketplace.core import cache, config, db, logs, problems, ratelimit
from marketplace.core.bodies import StrictRequest
from marketplace.core.edge import addresses, cors, door, headers, metrics
from marketplace.core.edge.application import Application
from marketplace.core.edge.health import HEALTH
from marketplace.core.edge.limits import count_request
from tests.factories import signed_in

pytestmark = pytest.mark.usefixtures("tables")


class Seen:
    times: ClassVar[int] = 0
    gate: ClassVar[asyncio.Event | None] = None
    status: ClassVar[int] = 200


class Note(Struct, forbid_unknown_fields=True):
    text: str
    number: int = 0


@get("/news", opt={"cache": ("news extra", 60)})
async def news(visitor: NamedDependency[Viewer | None]) -> dict[str, Any]:
    Seen.times += 1
    times = Seen.times
    if Seen.gate is not None:
        await Seen.gate.wait()
    if Seen.status != 200:
        raise asyncpg.ConnectionDoesNotExistError("gone")
    return {"times": times, "who": visitor.username if visitor else None, "long": "abc " * 1000}


@get("/hello/{name:str}")
async def hello(name: FromPath[str]) -> dict[str, str]:
    return {"name": name}


@post("/notes")
async def note(data: JSONBody[Note]) -> Note:
    await db.fetch_val("SELECT $1::text", data.text)
    await db.fetch_val("SELECT $1::bigint", data.number)
    return data


@put("/raise/{what:str}")
async def raising(what: FromPath[str]) -> None:
    raise {
        "gone": asyncpg.ConnectionDoesNotExistError("gone"),
        "slow": asyncpg.QueryCanceledError("slow"),
        "taken": asyncpg.UniqueViolationError("taken"),
        "long": asyncpg.StringDataRightTruncationError("long"),
        "bug": ZeroDivisionError("bug"),
        "ws": WebSocketException(detail="x"),
    }[what]


@pytest.fixture
def configured(monkeypatch) -> Callable[..., None]:
    def configure(**over: Any) -> None:
        changed = config.msgspec.structs.replace(config.settings(), **over)
        for module in (door, headers, cors, metrics, logs):
            monkeypatch.setattr(module, "settings", lambda: changed)

    return configure


@pytest.fixture
async def make(tables: None) -> AsyncIterator[Callable[..., httpx.AsyncClient]]:
    Seen.times, Seen.gate, Seen.status = 0, None, 200
    cache.clear()
    clients: list[httpx.AsyncClient] = []

    def make(**headers: str) -> httpx.AsyncClient:
        app = Application(
            route_handlers=[
                *HEALTH, metrics.metrics,
                Router("/api/v1", route_handlers=[news, hello, note, raising], guards=[count_request]),
            ],
            request_class=StrictRequest,
            dependencies={"viewer": Provide(provide_viewer), "visitor": Provide(provide_visitor)},
            middleware=[DefineMiddleware(Authentication)], exception_handlers=problems.HANDLERS,
            openapi_config=None, logging_config=None, request_max_body_size=None,
        )  # fmt: skip
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
def http(make: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    return make(**{"accept-encoding": "identity"})


@pytest.fixture
def caching(monkeypatch) -> None:
    monkeypatch.setattr(cache.shared, "enabled", True)


# Ids and headers


async def test_a_request_has_an_id_its_own_if_it_is_sane(http):
    made = (await http.get("/api/v1/hello/a")).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    given = await http.get("/api/v1/hello/a", headers={"x-request-id": "trace-12345678"})
    assert given.headers["x-request-id"] == "trace-12345678"
    for strange in ("short", "with space in it", "x" * 200, "evil\tid-123456"):
        answer = await http.get("/api/v1/hello/a", headers={"x-request-id": strange})
        assert answer.headers["x-request-id"] != strange


async def test_every_answer_carries_the_security_headers(http, configured, make):
    for path in ("/api/v1/hello/a", "/api/v1/nothing", "/health/live"):
        answer = await http.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] and answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers
    configured(env="production")
    assert "max-age" in (await make().get("/api/v1/hello/a")).headers["strict-transport-security"]


async def test_whole_answers_are_compressed_as_the_client_likes(make):
    http = make()
    plain = (await http.get("/api/v1/news", headers={"accept-encoding": "identity"})).content
    for accepted, name, undo in (
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("*", None, None), ("br;q=0", None, None), ("deflate", None, None),
    ):  # fmt: skip
        async with http.stream("GET", "/api/v1/news", headers={"accept-encoding": accepted}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        if name is None:
            assert "content-encoding" not in answer.headers or accepted == "*"
        else:
            assert answer.headers["content-encoding"] == name
            assert undo is not None and len(undo(raw)) == len(plain)
        assert "accept-encoding" in answer.headers["vary"]
        assert int(answer.headers["content-length"]) == len(raw)


async def test_head_is_get_without_the_body(http):
    answer = await http.head("/api/v1/hello/abc")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len((await http.get("/api/v1/hello/abc")).content))


async def test_the_server_still_knows_that_it_was_a_head(http, caching):
    """A server that is told it was a GET waits for the body, and calls the answer broken."""
    inner, scopes = http._transport.app, []

    async def served(scope, receive, send):
        scopes.append(scope)
        await inner(scope, receive, send)

    http._transport.app = served
    for _ in range(2):  # made, then from the cache
        assert (await http.head("/api/v1/news")).status_code == 200
    assert [scope["method"] for scope in scopes] == ["HEAD", "HEAD"]


async def test_pages_of_allowed_origins_may_call(configured, make):
    configured(allowed_origins="https://app.example, https://two.example")
    http = make()
    ask = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    preflight = await http.options("/api/v1/notes", headers={"origin": "https://app.example", **ask})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    answer = await http.get("/api/v1/hello/a", headers={"origin": "https://two.example"})
    assert answer.headers["access-control-allow-origin"] == "https://two.example"
    assert "origin" in answer.headers["vary"] and "access-control-allow-credentials" not in answer.headers
    for call in (http.options("/api/v1/notes", headers={"origin": "https://evil.example", **ask}),
                 http.get("/api/v1/hello/a", headers={"origin": "https://evil.example"})):  # fmt: skip
        assert "access-control-allow-origin" not in (await call).headers


async def test_only_known_hosts_are_answered(configured, make):
    configured(allowed_hosts="shop.example, *.cdn.example")
    http = make()
    for host, status in (
        ("shop.example", 200), ("SHOP.example:8000", 200), ("a.cdn.example", 200), ("evil.example", 400), ("cdn.example", 400),
    ):  # fmt: skip
        answer = await http.get("/api/v1/hello/a", headers={"host": host})
        assert answer.status_code == status, host
        if status == 400:
            assert answer.json()["code"] == "invalid_host"
    assert (await http.get("/health/live", headers={"host": "10.0.0.1"})).status_code == 200


# Refusals


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/nothing/at/all", 404, "not_found"),
        ("DELETE", "/api/v1/notes", 405, "method_not_allowed"),
        ("PUT", "/api/v1/raise/gone", 503, "unavailable"),
        ("PUT", "/api/v1/raise/slow", 503, "unavailable"),
        ("PUT", "/api/v1/raise/taken", 409, "conflict"),
        ("PUT", "/api/v1/raise/long", 400, "validation_error"),
        ("PUT", "/api/v1/raise/bug", 500, "internal_error"),
    ],
)
async def test_every_refusal_has_the_one_shape(http, method, path, status, code):
    answer = await http.request(method, path)
    assert answer.status_code == status
    body = answer.json()
    assert (body["success"], body["code"]) == (False, code)
    assert set(body) == {"success", "message", "code", "errors", "details"}
    assert answer.headers["x-request-id"] and answer.headers["x-content-type-options"]
    if status == 503:
        assert answer.headers["retry-after"]
    if status == 405:
        assert "POST" in answer.headers["allow"]
    assert "Traceback" not in answer.text and "ZeroDivision" not in answer.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "non_field_errors"), (b"", "non_field_errors"), (b"[]", "non_field_errors"), (b"null", "non_field_errors"),
        (b'{"text": 1}', "text"), (b'{"number": 1}', "text"), (b'{"text": "a", "more": 1}', "more"),
        (b'{"text": "a\\u0000b"}', "text"), (b'{"text": "\\ud800"}', "non_field_errors"), (b'{"text": "\xff"}', "non_field_errors"),
        (b'{"text": "a", "number": "1"}', "number"), (b'{"text": "a", "number": 1.0}', "number"),
        (b'{"text": "a", "number": true}', "number"), (b'{"text": "a", "number": 1e999}', None),
        (b'{"text": "a", "number": 99999999999999999999999}', None), (b"[" * 100_000, "non_field_errors"),
    ],
)  # fmt: skip
async def test_a_bad_body_is_named_and_never_our_error(http, body, field):
    answer = await http.post("/api/v1/notes", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "validation_error"
    if field:
        assert list(answer.json()["errors"]) == [field]


async def test_other_media_types_and_large_bodies_are_refused(http, configured, make):
    assert (
        await http.post("/api/v1/notes", content=b'{"text":"a"}', headers={"content-type": "text/plain"})
    ).status_code == 415
    assert (await http.post("/api/v1/notes", content=b'{"text":"a"}')).status_code == 415
    configured(max_body_bytes=1024)
    small = make()

    async def parts() -> AsyncIterator[bytes]:
        yield b'{"text": "'
        for _ in range(100):
            yield b"a" * 100
        yield b'"}'

    kind = {"content-type": "application/json"}
    for content in (b'{"text": "' + b"a" * 2000 + b'"}', parts()):
        answer = await small.post("/api/v1/notes", content=content, headers=kind)
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_a_text_with_an_escaped_backslash_before_u0000_is_fine(http):
    answer = await http.post("/api/v1/notes", json={"text": "\\u0000"})
    assert answer.status_code == 201 and answer.json()["text"] == "\\u0000"


async def test_nul_in_a_path_is_no_error_of_ours(http):
    assert (await http.get("/api/v1/hello/a%00b")).status_code < 500


# Limits


async def test_the_api_counts_accounts_and_addresses(http):
    _, alice = await signed_in()
    _, bob = await signed_in()
    with ratelimit.using("anonymous=2/m,api=3/m"):
        statuses = [(await http.get("/api/v1/hello/a")).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        for headers_ in (alice, bob):
            answers = [await http.get("/api/v1/hello/a", headers=headers_) for _ in range(4)]
            assert [a.status_code for a in answers] == [200, 200, 200, 429]
            assert [a.headers["ratelimit-remaining"] for a in answers] == ["2", "1", "0", "0"]
        assert answers[-1].json()["code"] == "rate_limited" and int(answers[-1].headers["retry-after"]) > 0
        assert (await http.get("/health/live")).status_code == 200


@pytest.fixture(autouse=True)
async def _fresh_address(monkeypatch) -> None:
    from uuid import uuid4

    from marketplace.core.edge import limits

    address = str(uuid4())
    monkeypatch.setattr(limits, "caller", lambda scope: address)
    assert addresses.caller({"type": "http", "client": ("1.1.1.1", 1)}) == "1.1.1.1"  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("client", "address"),
    [(("203.0.113.9", 1), "203.0.113.9"), (("2001:db8::5%eth0", 1), "2001:db8::5"), (("::ffff:203.0.113.9", 1), "203.0.113.9"),
     (("unknown", 0), ""), (None, "")],
)  # fmt: skip
def test_the_exact_address_is_one_or_nothing(client, address):
    assert addresses.exact({"type": "http", "client": client}) == address  # type: ignore[typeddict-item]


# Cached answers


async def test_an_anonymous_answer_is_made_once_and_revalidated(http, caching):
    first, second = await http.get("/api/v1/news"), await http.get("/api/v1/news")
    assert first.json() == second.json() and Seen.times == 1
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert second.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert second.headers["x-content-type-options"] == "nosniff"
    fresh = await http.get("/api/v1/news", headers={"if-none-match": first.headers["etag"]})
    assert (fresh.status_code, fresh.content, fresh.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await http.get("/api/v1/news", headers={"if-none-match": 'W/"other"'})).status_code == 200
    assert (await http.get("/api/v1/news/")).json()["times"] == 2


async def test_a_drop_makes_it_anew(http, caching):
    await http.get("/api/v1/news")
    cache.drop("extra")
    assert (await http.get("/api/v1/news")).json()["times"] == 2


async def test_the_signed_in_are_answered_for_themselves(http, caching):
    await http.get("/api/v1/news")
    user, headers_ = await signed_in()
    answer = await http.get("/api/v1/news", headers=headers_)
    assert answer.json()["who"] == user.username and answer.headers["cache-control"] == "no-store"
    assert (await http.get("/api/v1/news")).json()["who"] is None
    assert (await http.get("/api/v1/news", headers={"authorization": "Bearer wrong"})).status_code == 401


async def test_many_at_once_ask_the_handler_once(http, caching):
    Seen.gate = asyncio.Event()
    asking = [asyncio.create_task(http.get("/api/v1/news")) for _ in range(20)]
    while not Seen.times:
        await asyncio.sleep(0.005)
    Seen.gate.set()
    assert {answer.json()["times"] for answer in await asyncio.gather(*asking)} == {1}


async def test_a_refusal_is_not_kept(http, caching):
    Seen.status = 503
    assert (await http.get("/api/v1/news")).status_code == 503
    Seen.status = 200
    assert (await http.get("/api/v1/news")).status_code == 200


async def test_hosts_and_query_strings_have_answers_of_their_own(http, caching):
    for path, host in (("/api/v1/news", "a.example"), ("/api/v1/news", "b.example"), ("/api/v1/news?x=1", "a.example")):
        await http.get(path, headers={"host": host})
    assert Seen.times == 3


async def test_cached_answers_do_not_count_against_limits(http, caching):
    with ratelimit.using("anonymous=1/m"):
        assert {(await http.get("/api/v1/news")).status_code for _ in range(5)} == {200}
        assert (await http.get("/api/v1/hello/a")).status_code == 429


async def test_cached_answers_are_compressed_once(make, caching):
    http = make()
    for _ in range(2):
        answer = await http.get("/api/v1/news", headers={"accept-encoding": "br"})
        assert answer.headers["content-encoding"] == "br" and answer.json()["times"] == 1
    assert (await http.head("/api/v1/news")).content == b""


# Health and metrics


async def test_health(http, monkeypatch):
    assert (await http.get("/health/live")).json() == {"status": "ok"}
    ready = await http.get("/health/ready")
    assert ready.json() == {"status": "ok", "database": "ok", "migrations": "ok", "redis": "ok"}

    async def gone(*_: Any) -> None:
        raise asyncpg.CannotConnectNowError("starting")

    monkeypatch.setattr(db, "fetch_val", gone)
    away = await http.get("/health/ready")
    assert (away.status_code, away.json()["status"], away.json()["database"]) == (503, "unavailable", "away")
    assert (await http.get("/health/live")).status_code == 200


async def test_metrics_tell_routes_not_paths(http, configured):
    await http.get("/api/v1/hello/somebody")
    await http.get("/api/v1/secret-path")
    text = (await http.get("/metrics")).text
    assert 'marketplace_request_seconds_count{method="GET",route="/api/v1/hello/{name}",status="200"}' in text
    assert 'route="unmatched"' in text and "somebody" not in text and "secret-path" not in text
    configured(env="production")
    assert (await http.get("/metrics")).status_code == 404
    configured(env="production", metrics_token="t0ken")
    assert (await http.get("/metrics")).status_code == 401
    assert (await http.get("/metrics", headers={"authorization": "Bearer t0ken"})).status_code == 200


async def test_the_back_office_may_style_itself_and_nothing_else_may(client):
    """A mount strips its own path: the policy is that of the path as it was asked for."""
    for path in ("/admin/", "/admin/api/user/"):
        policy = (await client.get(path)).headers["content-security-policy"]
        assert "style-src 'self' 'unsafe-inline'" in policy, path
    assert "unsafe-inline" not in (await client.get("/")).headers["content-security-policy"]
    assert (await client.get("/api/v1/none")).headers["content-security-policy"].startswith("default-src 'none'")
