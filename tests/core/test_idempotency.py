import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, ClassVar

import asyncpg
import httpx
import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from litestar.params import JSONBody
from msgspec import Struct

from marketplace.accounts.viewer import Authentication, Viewer, provide_viewer
from marketplace.core import db, idempotency, problems, timers
from marketplace.core.bodies import StrictRequest
from marketplace.core.errors import Conflict
from tests.core.stepwise import a_client
from tests.factories import signed_in

pytestmark = pytest.mark.usefixtures("tables")


class Pay(Struct, forbid_unknown_fields=True):
    amount: int


class NoMoney(Conflict):
    code = "no_money"


class Trouble:
    times: ClassVar[int] = 0
    gate: ClassVar[asyncio.Event | None] = None


async def effect() -> None:
    await db.execute(
        "INSERT INTO live_messages (room, seq, body, created_at) SELECT 'paid', count(*) + 1, '', now() FROM live_messages"
    )


async def effects() -> int:
    return int(await db.fetch_val("SELECT count(*) FROM live_messages"))


@post("/pay", opt={"idempotent": True})
async def pay(data: JSONBody[Pay], viewer: NamedDependency[Viewer]) -> dict[str, int]:
    async with db.transaction():
        await effect()
        if Trouble.gate is not None:
            await Trouble.gate.wait()
        if data.amount == 1:
            raise NoMoney
        if data.amount == 2:
            raise RuntimeError("bug")
        if data.amount == 3 and Trouble.times:
            Trouble.times -= 1
            raise asyncpg.DeadlockDetectedError("deadlock")
    return {"paid": data.amount}


@post("/plain")
async def plain(viewer: NamedDependency[Viewer]) -> dict[str, int]:
    async with db.transaction():
        await effect()
    return {}


@pytest.fixture
async def http(tables: None) -> AsyncIterator[httpx.AsyncClient]:
    Trouble.times, Trouble.gate = 0, None
    app = Litestar(
        [pay, plain], request_class=StrictRequest, dependencies={"viewer": Provide(provide_viewer)},
        middleware=[DefineMiddleware(Authentication), idempotency.IdempotencyKeys], exception_handlers=problems.HANDLERS,
    )  # fmt: skip
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def send(
    http: httpx.AsyncClient, headers: dict[str, str], amount: Any = 5, key: str | None = "k"
) -> httpx.Response:
    more = {"idempotency-key": key} if key is not None else {}
    return await http.post("/pay", json={"amount": amount}, headers=headers | more)


async def test_the_same_request_again_is_answered_from_the_first(http):
    _, headers = await signed_in()
    first, again = await send(http, headers), await send(http, headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"paid": 5})
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await effects() == 1


async def test_without_a_key_each_request_counts(http):
    _, headers = await signed_in()
    await send(http, headers, key=None)
    await send(http, headers, key=None)
    assert await effects() == 2


async def test_another_body_under_the_same_key_is_refused(http):
    _, headers = await signed_in()
    await send(http, headers)
    other = await send(http, headers, amount=6)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await effects() == 1


@pytest.mark.parametrize("stepwise", [False, True])
async def test_a_body_that_did_not_arrive_whole_is_not_what_the_key_stands_for(http, stepwise):
    _, headers = await signed_in()
    asked = headers | {"idempotency-key": "k", "content-type": "application/json"}
    async with a_client() if stepwise else contextlib.nullcontext(http) as client:
        for arrived in ([], [b'{"amo']):
            assert await cut_short(client._transport.app, "/pay", asked, arrived) == 400
        assert await db.fetch_val("SELECT count(*) FROM idempotency_keys") == 0
        assert (await send(client, headers)).status_code == 201


async def test_a_client_that_leaves_is_no_error_of_ours(http):
    _, headers = await signed_in()
    asked = headers | {"content-type": "application/json"}
    assert await cut_short(http._transport.app, "/pay", asked, [b'{"amo']) == 400


async def cut_short(app: Any, path: str, headers: dict[str, str], arrived: list[bytes]) -> int:
    """The status that somebody is answered with who leaves after so much of the body."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": True} for body in arrived]
    messages.append({"type": "http.disconnect"})
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if len(messages) > 1 else messages[0]

    async def send_back(message: Any) -> None:
        said.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()], "http_version": "1.1",
        "scheme": "http", "server": ("test", 80), "client": ("127.0.0.1", 1), "extensions": {}, "state": {}, "app": app,
    }  # fmt: skip
    await app(scope, receive, send_back)
    return next(message["status"] for message in said if message["type"] == "http.response.start")


async def test_keys_belong_to_the_caller(http):
    (_, alice), (_, bob) = await signed_in(), await signed_in()
    await send(http, alice)
    assert "idempotent-replayed" not in (await send(http, bob)).headers
    assert await effects() == 2


async def test_a_refusal_undoes_its_effects_and_is_kept(http):
    _, headers = await signed_in()
    first, again = await send(http, headers, amount=1), await send(http, headers, amount=1)
    assert (first.status_code, first.json()["code"]) == (409, "no_money")
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    assert await effects() == 0


async def test_an_error_on_our_side_is_not_kept(http):
    _, headers = await signed_in()
    for _ in range(2):
        answer = await send(http, headers, amount=2)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        assert "idempotent-replayed" not in answer.headers
    assert await effects() == 0
    assert await db.fetch_val("SELECT count(*) FROM idempotency_keys") == 0


async def test_a_deadlock_is_tried_again_as_a_whole(http):
    _, headers = await signed_in()
    Trouble.times = 2
    answer = await send(http, headers, amount=3)
    assert answer.status_code == 201 and await effects() == 1
    Trouble.times = 99
    answer = await send(http, headers, amount=3, key="k2")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await effects() == 1


async def test_a_duplicate_in_flight_is_refused_and_later_replayed(http):
    _, headers = await signed_in()
    Trouble.gate = asyncio.Event()
    first = asyncio.create_task(send(http, headers))
    held = (
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database "
        "WHERE d.datname = current_database() AND l.locktype = 'advisory' AND l.granted"
    )
    while not await db.fetch_val(held):
        await asyncio.sleep(0.01)
    duplicate = await send(http, headers)
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "request_in_flight")
    Trouble.gate.set()
    assert (await first).status_code == 201
    assert (await send(http, headers)).headers["idempotent-replayed"] == "true"
    assert await effects() == 1


async def test_many_at_once_have_one_effect(http):
    _, headers = await signed_in()
    answers = await asyncio.gather(*(send(http, headers) for _ in range(30)))
    codes = {answer.status_code for answer in answers}
    assert codes <= {201, 409} and 201 in codes
    assert await effects() == 1
    assert len({a.text for a in answers if a.status_code == 201}) == 1


async def test_an_answer_is_kept_for_a_day(http):
    _, headers = await signed_in()
    await send(http, headers)
    await db.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    again = await send(http, headers, amount=7)
    assert again.status_code == 201 and "idempotent-replayed" not in again.headers
    assert await effects() == 2
    await db.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    await idempotency.forget_old_keys()
    assert await db.fetch_val("SELECT count(*) FROM idempotency_keys") == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9"])
async def test_a_key_that_cannot_be_kept_is_refused(http, key):
    _, headers = await signed_in()
    answer = await http.post(
        "/pay", json={"amount": 5}, headers=[*headers.items(), ("idempotency-key", key.encode("latin-1"))]
    )
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json()["errors"]
    assert await effects() == 0


async def test_routes_that_do_not_ask_for_it_ignore_the_key(http):
    _, headers = await signed_in()
    for _ in range(2):
        assert (await http.post("/plain", headers=headers | {"idempotency-key": "k"})).status_code == 201
    assert await effects() == 2


async def test_an_anonymous_caller_is_refused_as_ever(http):
    assert (await send(http, {})).status_code == 401
    assert await db.fetch_val("SELECT count(*) FROM idempotency_keys") == 0


async def test_what_recurs_is_planted_once_and_comes_again(tables):
    await timers.plant()
    await timers.plant()
    [row] = await db.fetch("SELECT kind, due_at FROM timers WHERE kind LIKE 'every:core.idempotency.%'")
    assert await timers.run_due() >= 1
    again = await db.fetch_row("SELECT due_at FROM timers WHERE kind = $1", row["kind"])
    assert again is not None and again["due_at"] - row["due_at"] > timedelta(minutes=59)
