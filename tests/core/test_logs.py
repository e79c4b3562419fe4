"""What is written to standard error, and what the room of a socket is told when it cannot be entered."""

import json
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from litestar import get, websocket
from litestar.connection import WebSocket
from litestar.params import FromPath
from litestar.testing import TestClient

from marketplace.core import config, logs
from marketplace.core.edge import tracing
from marketplace.core.edge.application import Application
from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.problems import HANDLERS


@get("/work/{n:int}")
async def work(n: FromPath[int]) -> dict[str, int]:
    structlog.get_logger("test").info("worked", n=n)
    logging.getLogger("library").warning("careful with %s", n)
    return {"n": n}


@websocket("/room/{what:str}")
async def room(socket: WebSocket, what: FromPath[str]) -> None:  # type: ignore[type-arg]
    raise {"gone": NotFound(), "away": Unavailable(), "bug": ZeroDivisionError()}[what]


@pytest.fixture
def small(tables: None) -> Application:
    return Application(
        route_handlers=[work, room], exception_handlers=HANDLERS, openapi_config=None, logging_config=None
    )


@pytest.fixture
def as_json(monkeypatch) -> Iterator[None]:
    changed = config.msgspec.structs.replace(config.settings(), log_format="json")
    with monkeypatch.context() as patch:
        patch.setattr(logs, "settings", lambda: changed)
        logs.configure()
    yield
    logs.configure()


async def test_each_line_is_json_with_the_request_it_belongs_to(small, as_json, capsys):
    transport = httpx.ASGITransport(small)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        await http.get("/work/7?token=secret", headers={"x-request-id": "trace-12345678"})
    written = capsys.readouterr()
    assert written.out == ""
    lines = [json.loads(line) for line in written.err.splitlines()]
    assert [line["event"] for line in lines] == ["worked", "careful with 7", "request"]
    assert {line["request_id"] for line in lines} == {"trace-12345678"}
    request = lines[-1]
    assert (request["method"], request["path"], request["status"], request["level"]) == ("GET", "/work/7", 200, "info")
    assert request["ms"] >= 0 and request["bytes"] == len('{"n":7}')
    assert "secret" not in written.err


async def test_a_crash_is_logged_whole_and_told_in_few_words(small, as_json, capsys, monkeypatch):
    monkeypatch.setattr(work.fn.__globals__["structlog"], "get_logger", lambda *_: 1 / 0)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(small), base_url="http://test") as http:
        answer = await http.get("/work/7")
    assert answer.status_code == 500 and "ZeroDivision" not in answer.text
    crashed = next(json.loads(line) for line in capsys.readouterr().err.splitlines() if "request.crashed" in line)
    assert "ZeroDivisionError" in crashed["exception"] and crashed["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(("what", "code"), [("gone", 4404), ("away", 1013), ("bug", 1013)])
def test_a_socket_that_is_refused_is_told_by_its_close_code(small, what, code):
    from litestar.exceptions import WebSocketDisconnect

    with TestClient(small) as client, pytest.raises(WebSocketDisconnect) as closed:
        with client.websocket_connect(f"/room/{what}") as socket:
            socket.receive()
    assert closed.value.code == code


def test_tracing_is_off_until_its_variables_are_set(monkeypatch):
    for name in tracing.SWITCHES:
        monkeypatch.delenv(name, raising=False)
    assert not tracing.wanted()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert tracing.wanted()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not tracing.wanted()


async def test_a_traced_request_is_answered_as_ever(monkeypatch, capsys):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    app = Application(route_handlers=[work], exception_handlers=HANDLERS, openapi_config=None, logging_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        assert (await http.get("/work/7")).json() == {"n": 7}
    from opentelemetry import trace

    trace.get_tracer_provider().force_flush()  # type: ignore[attr-defined]
    assert "/work/7" in capsys.readouterr().out
