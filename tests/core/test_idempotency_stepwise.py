import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from litestar.routes import HTTPRoute

from marketplace.core import db, idempotency
from marketplace.core.config import settings
from tests.core.stepwise import REFUSALS, Provider, a_client, intents
from tests.eventually import eventually
from tests.factories import signed_in
from tests.races.crew import Member, run_together

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
async def http(tables: None) -> AsyncIterator[httpx.AsyncClient]:
    Provider.reset()
    async with a_client() as client:
        yield client


async def send(
    http: httpx.AsyncClient, headers: dict[str, str], amount: Any = 5, key: str | None = "k", path: str = "/pay"
) -> httpx.Response:
    more = {"idempotency-key": key} if key is not None else {}
    return await http.post(path, json={"amount": amount}, headers=headers | more)


async def claims_run_out() -> None:
    assert await db.execute("UPDATE idempotency_keys SET claimed_at = claimed_at - interval '61 seconds'")


async def kept() -> int:
    return int(await db.fetch_val("SELECT count(*) FROM idempotency_keys WHERE status_code IS NOT NULL"))


async def test_the_same_request_again_is_answered_from_the_first(http):
    _, headers = await signed_in()
    first, again = await send(http, headers), await send(http, headers)
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 201 and "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert Provider.calls == 1
    assert [str(intent) for intent in await intents()] == [first.json()["payment"]]
    assert first.json()["fee"] not in (None, first.json()["payment"])


async def test_without_a_key_each_request_counts_and_has_no_name(http):
    _, headers = await signed_in()
    first, again = await send(http, headers, key=None), await send(http, headers, key=None)
    assert first.json()["payment"] != again.json()["payment"] and Provider.calls == 2
    assert (await send(http, headers, key=None, path="/free")).json() == {"key": None}
    assert first.json()["fee"] is None
    assert await db.fetch_val("SELECT count(*) FROM idempotency_keys") == 0


async def test_another_body_under_the_same_key_is_refused(http):
    _, headers = await signed_in()
    await send(http, headers)
    for other in (await send(http, headers, amount=6), await send(http, headers, path="/free")):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Provider.calls == 1


async def test_intents_belong_to_caller_and_key(http):
    (_, alice), (_, bob) = await signed_in(), await signed_in()
    answers = [await send(http, alice), await send(http, bob), await send(http, alice, key="l")]
    assert len({answer.json()["payment"] for answer in answers}) == 3
    assert idempotency.request_key() is None


@pytest.mark.parametrize("amount", [5, 6])
async def test_a_duplicate_in_flight_is_refused_and_later_replayed(http, amount):
    _, headers = await signed_in()
    Provider.gate = asyncio.Event()
    first = asyncio.create_task(send(http, headers))
    await Provider.called.wait()
    duplicate = await send(http, headers, amount=amount)
    expected = (409, "request_in_flight") if amount == 5 else (422, "idempotency_key_reused")
    assert (duplicate.status_code, duplicate.json()["code"]) == expected
    Provider.gate.set()
    assert (await first).status_code == 201
    assert (await send(http, headers)).headers["idempotent-replayed"] == "true"
    assert Provider.calls == 1


async def test_a_refusal_is_kept(http):
    _, headers = await signed_in()
    Provider.error = REFUSALS[409]()
    first = await send(http, headers)
    Provider.error = None
    again = await send(http, headers)
    assert (first.status_code, first.json()["code"]) == (409, "no_money")
    assert again.json() == first.json() and again.headers["idempotent-replayed"] == "true"
    assert Provider.calls == 1


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_what_says_nothing_of_the_request_is_not_kept_but_its_intent_is(http, status):
    _, headers = await signed_in()
    Provider.error = REFUSALS[status]()
    failed = await send(http, headers)
    assert failed.status_code == status and await kept() == 0
    Provider.error = None
    answer = await send(http, headers)
    assert answer.status_code == 201 and "idempotent-replayed" not in answer.headers
    assert list((await intents()).values()) == [2], "both runs were about the same payment"


async def test_after_an_error_of_ours_the_key_may_be_used_for_another_request(http):
    _, headers = await signed_in()
    Provider.error = REFUSALS[503]()
    await send(http, headers)
    Provider.error = None
    answer = await send(http, headers, amount=6)
    assert (answer.status_code, answer.json()["paid"]) == (201, 6)
    assert list((await intents()).values()) == [1, 1], "another request, another payment"


async def test_a_request_that_is_cancelled_gives_its_key_back(http):
    _, headers = await signed_in()
    Provider.gate = asyncio.Event()
    first = asyncio.create_task(send(http, headers))
    await Provider.called.wait()
    first.cancel()
    await asyncio.wait([first])
    Provider.gate = None
    assert (await send(http, headers)).status_code == 201
    assert list((await intents()).values()) == [2]


async def test_two_processes_at_once_begin_one_payment(http):
    _, headers = await signed_in()
    job = {"headers": headers | {"idempotency-key": "k"}}
    said = [answer for mine in await run_together("tests.core.stepwise:pay_often", job, job) for answer in mine]
    assert {status for status, _, _ in said} <= {201, 409}
    assert [replayed for status, _, replayed in said if status == 201].count(None) == 1
    [(intent, runs)] = (await intents()).items()
    assert {payment for status, payment, _ in said if status == 201} == {str(intent)} and runs == 1


async def test_a_killed_process_leaves_a_claim_that_runs_out(http):
    _, headers = await signed_in()
    member = await Member.start("tests.core.stepwise:pay_and_hang", {"headers": headers | {"idempotency-key": "k"}})
    try:
        await member.ready()
        member.go()
        assert await member.line() == b"called\n"
        member.kill()
    finally:
        await member.end()
    assert (await send(http, headers)).json()["code"] == "request_in_flight"
    assert Provider.calls == 0
    await claims_run_out()
    assert (await send(http, headers, amount=6)).json()["code"] == "idempotency_key_reused"
    answer = await send(http, headers)
    assert answer.status_code == 201 and "idempotent-replayed" not in answer.headers
    [(intent, runs)] = (await intents()).items()
    assert (answer.json()["payment"], runs) == (str(intent), 2), "it found what the dead process had begun"
    assert (await send(http, headers)).headers["idempotent-replayed"] == "true"


async def test_one_that_was_only_slow_does_not_overwrite_the_answer_of_who_took_over(http):
    _, headers = await signed_in()
    Provider.gate = gate = asyncio.Event()
    slow = asyncio.create_task(send(http, headers))
    await Provider.called.wait()
    await claims_run_out()
    Provider.gate = None
    second = await send(http, headers)
    assert second.status_code == 201
    Provider.error = REFUSALS[409]()
    gate.set()
    assert (await slow).status_code == 409
    again = await send(http, headers)
    assert again.json() == second.json() and again.headers["idempotent-replayed"] == "true"


async def test_an_answer_is_kept_for_a_day_and_a_claim_while_it_stands(http):
    _, headers = await signed_in()
    first = await send(http, headers)
    await db.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    again = await send(http, headers)
    assert again.status_code == 201 and again.json()["payment"] != first.json()["payment"]
    Provider.gate, Provider.called = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(send(http, headers, key="l"))
    await Provider.called.wait()
    await db.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
    await idempotency.forget_old_keys()
    assert await db.fetch_val("SELECT array_agg(key) FROM idempotency_keys") == ["l"]
    assert (await send(http, headers, key="l")).json()["code"] == "request_in_flight"
    Provider.gate.set()
    await running
    assert (await send(http, headers, key="l")).headers["idempotent-replayed"] == "true"


def test_every_route_says_one_of_the_two_ways(app):
    ways = {
        handler.opt["idempotent"]
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "idempotent" in handler.opt
    }
    assert ways and ways <= {True, idempotency.STEPWISE}


async def test_an_answer_that_cannot_be_kept_is_not_given(http):
    """The database goes away after the deed: the caller hears so, as anywhere, and asks again."""
    _, headers = await signed_in()
    Provider.gate = asyncio.Event()
    first = asyncio.create_task(send(http, headers))
    await Provider.called.wait()
    holding = await asyncpg.connect(settings().database_url)
    try:
        async with holding.transaction():
            await holding.execute("SELECT FROM idempotency_keys FOR UPDATE")
            Provider.gate.set()
            await eventually(who_waits_is_cut_off)
            answer = await first
    finally:
        await holding.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await send(http, headers)).json()["code"] == "request_in_flight"
    await claims_run_out()
    assert (await send(http, headers)).status_code == 201
    assert (Provider.calls, list((await intents()).values())) == (2, [2])


async def who_waits_is_cut_off() -> bool:
    cut = await db.fetch_val(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(cut == 1)
