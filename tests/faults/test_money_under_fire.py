"""People pay, receive, give back and are paid out while app, worker, Redis and database connections are killed under them:
whatever was acknowledged is there, nothing happened twice, and what was under way arrives.
"""

import asyncio
import os
import random
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from marketplace.core import db
from marketplace.core.ids import uuid7
from marketplace.payments.reconciliation import providers as reconciliation
from marketplace.payments.reconciliation.running import reconcile
from tests import instances
from tests.eventually import eventually
from tests.factories import a_user, bearer
from tests.factories.ledger import hold_invariants
from tests.factories.orders import an_order, read
from tests.factories.payouts import an_earner
from tests.faults.test_postgres_away import CUT
from tests.faults.unfinished import unfinished
from tests.faults.valkey import Valkey
from tests.instances import Instance

SEED = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
API = "/api/v1"
METHODS = ("pm_card_ok", "pm_card_3ds", "pm_card_slow", "pm_card_lost_reply")
BUYERS = 8
PATIENCE = 300.0
"""Seconds for what takes the service several starts on a machine that is busy."""


class Service:
    """An app and a worker of their own, which are killed and started again at the same address."""

    def __init__(self, database_url: str, valkey: Valkey) -> None:
        self.valkey = valkey
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "DATABASE_URL": database_url, "REDIS_URL": valkey.url, "MARKETPLACE_PUBLIC_URL": self.url,
            "MARKETPLACE_WORKER_IN_PROCESS": "false",
        }  # fmt: skip
        self.all: list[Instance] = []
        self.app, self.worker = self.new_app(), self.new_worker()

    def new_app(self) -> Instance:
        return self._start("tests.faults.service", "serve", "--port", str(self.port), "--no-demo")

    def new_worker(self) -> Instance:
        return self._start("tests.faults.worker")

    def _start(self, module: str, *args: str) -> Instance:
        instance = instances.launch(*args, environ=self.environ, command=(sys.executable, "-m", module))
        self.all.append(instance)
        return instance

    async def kill_app(self) -> None:
        await asyncio.to_thread(self.app.kill)
        self.app = self.new_app()
        await eventually(self._answers, PATIENCE)  # a process wants its servers when it starts

    async def kill_worker(self) -> None:
        await asyncio.to_thread(self.worker.kill)
        self.worker = self.new_worker()
        await eventually(lambda: "worker.started" in self.worker.said, PATIENCE)

    async def _answers(self) -> bool:
        async with httpx.AsyncClient(base_url=self.url) as http:
            try:
                return (await http.get("/health/live")).status_code == 200
            except httpx.TransportError:
                return False

    async def lose_redis(self) -> None:
        await asyncio.to_thread(self.valkey.kill)

    async def bring_redis_back(self) -> None:
        await asyncio.to_thread(self.valkey.start)

    async def cut_connections(self) -> None:
        await db.fetch_val(CUT)


@pytest.fixture
async def service(database: str, valkey: Valkey) -> AsyncIterator[Service]:
    service = Service(database, valkey)
    yield service
    print(await unfinished(valkey))  # pytest shows it when the test failed
    for instance in service.all:
        instance.kill()
        print(instance.said)


class Person:
    """Asks until there is an answer, each time with the same key; counts what is done."""

    done = 0

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self.http, self.headers = http, headers

    async def does(self, path: str, body: Any = None, *, form: dict[str, str] | None = None) -> Any:
        key = str(uuid7())
        how: dict[str, Any] = {"data": form} if form else {"json": body or {}}
        while True:
            try:
                answer = await self.http.post(path, headers=self.headers | {"idempotency-key": key}, **how)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code < 400:
                Person.done += 1
                return answer.json()["data"] if answer.content.startswith(b"{") else None
            code = answer.json()["code"]
            assert answer.status_code == 503 or code == "request_in_flight", answer.text
            if answer.status_code == 409:
                # Nobody answers to this claim any more: the one request that was sent with the key has ended or died.
                await self._forget(key)
            await asyncio.sleep(0.1)

    @staticmethod
    async def _forget(key: str) -> None:
        await db.execute(
            "UPDATE idempotency_keys SET claimed_at = claimed_at - interval '2 minutes' WHERE key = $1", key
        )

    async def has_paid(self, payment: dict[str, str]) -> None:
        """The payment has succeeded, whoever brings the news."""

        async def seen() -> bool:
            await asyncio.sleep(0.2)
            try:
                answer = await self.http.get(f"{API}/payments/{payment['id']}/", headers=self.headers)
            except httpx.TransportError:
                return False
            return answer.status_code == 200 and answer.json()["data"]["status"] == "succeeded"

        await eventually(seen, PATIENCE)


@asynccontextmanager
async def time_flies() -> AsyncIterator[None]:
    """While inside, what waits for its time has its time within a second."""

    async def fly() -> None:
        while True:
            for statement in LATER:
                await db.retrying(partial(db.execute, statement))
            await asyncio.sleep(0.5)

    flying = asyncio.create_task(fly())
    try:
        yield
        assert not flying.done(), flying.exception()
    finally:
        flying.cancel()


LATER = (
    # Not the payers' time to approve: the service may keep them waiting, too.
    "UPDATE timers SET due_at = now() WHERE kind LIKE 'payments.%' AND due_at > now() "
    "AND payload->>'failure_code' IS DISTINCT FROM 'expired'",
    "UPDATE payouts SET check_at = now() WHERE check_at > now()",
    "UPDATE outbox SET due_at = now() WHERE due_at > now() AND handler LIKE 'job:%'",
)


OPEN = """
SELECT (SELECT count(*) FROM payments WHERE status IN ('created', 'requires_action', 'processing'))
  + (SELECT count(*) FROM refunds WHERE status = 'pending') + (SELECT count(*) FROM webhook_events WHERE status = 'received')
  + (SELECT count(*) FROM payouts WHERE status IN ('requested', 'processing')) + (SELECT count(*) FROM outbox)
"""


async def test_money_arrives_whatever_is_killed(service, monkeypatch):
    print(f"FAULT_SEED={SEED}")
    dice = random.Random(SEED)
    Person.done = 0
    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http, time_flies():

        async def buys(method: str, shared: int) -> tuple[Any, Any, Any]:
            """(order, payment, what of it was given back) as they were acknowledged."""
            buyer, seller = await a_user(), await a_user()
            order_id = await an_order(10_000, buyer=buyer.id, seller=seller.id, tax=1_000)
            payer, merchant = Person(http, await bearer(buyer.id)), Person(http, await bearer(seller.id))
            body = {"order_id": str(order_id), "payment_method": "sandbox", "payment_method_id": method}
            payment = await payer.does(f"{API}/payments/create/", body)
            if payment["status"] == "requires_action":
                page = payment["action_url"].removeprefix(service.url)
                await payer.does(page, form={"key": payment["client_secret"], "do": "approve"})
                await payer.does(f"{API}/payments/{payment['id']}/confirm/")
            await payer.has_paid(payment)
            await merchant.does(f"{API}/orders/{order_id}/ship/", {"carrier": "DHL", "tracking_number": "1"})
            await payer.does(f"{API}/orders/{order_id}/complete/")
            refund = None
            if shared:
                refund = await merchant.does(f"{API}/orders/{order_id}/refund/", {"amount": f"{shared}.00"})
            return order_id, payment, refund

        async def withdraws(destination: str) -> Any:
            user = await an_earner(10_000, destination)
            body = {"amount": "40.00", "currency": "USD"}
            return await Person(http, await bearer(user)).does(f"{API}/payouts/request/", body)

        async def deposits() -> Any:
            person = Person(http, await bearer((await a_user()).id))
            body = {
                "amount": "20.00",
                "currency": "USD",
                "payment_method": "sandbox",
                "payment_method_id": "pm_card_slow",
            }
            payment = await person.does(f"{API}/wallet/deposit/", body)
            await person.has_paid(payment)
            return payment

        people = [
            *(asyncio.create_task(buys(METHODS[n % len(METHODS)], dice.choice([0, 10, 30]))) for n in range(BUYERS)),
        ]  # fmt: skip
        paid_out = [asyncio.create_task(withdraws(where)) for where in ("acct_ok", "acct_slow", "acct_lost_reply")]
        paid_in = [asyncio.create_task(deposits()) for _ in range(3)]
        events = [service.kill_app, service.kill_worker, service.cut_connections]
        dice.shuffle(events)
        away = dice.randrange(
            len(events) + 1
        )  # a process wants its Redis when it starts, and not for what it has begun
        events[away:away] = [service.lose_redis, service.cut_connections, service.bring_redis_back]
        whole = BUYERS * 3
        for event, after in zip(events, sorted(dice.sample(range(2, whole - 4), len(events))), strict=True):
            await eventually(lambda after=after: Person.done >= after, PATIENCE)
            print(f"after {after} deeds: {event.__name__}")
            await event()
        bought = await asyncio.gather(*people)
        payouts, payments = await asyncio.gather(*paid_out), await asyncio.gather(*paid_in)
        await service.lose_redis()  # with whatever was queued, also what was begun by the dead
        await service.bring_redis_back()
        await eventually(everything_is_done, PATIENCE)
    await hold_invariants()
    monkeypatch.setattr(reconciliation, "SETTLING", timedelta(0))
    assert (await reconcile()).found == []
    for order_id, payment, refund in bought:
        order = await read(order_id)
        assert (order.status, order.released_minor) == ("delivered", 11_000)
        assert await succeeded("payments", "subject = $1", order.checkout) == [payment["id"]]
        assert await succeeded("refunds", "order_id = $1", order_id) == ([refund["refund_id"]] if refund else [])
    assert sorted(await succeeded("payments", "purpose = 'deposit'")) == sorted(one["id"] for one in payments)
    ids = [row["id"] for row in await db.fetch("SELECT id::text FROM payouts WHERE status = 'paid'")]
    assert sorted(ids) == sorted(one["id"] for one in payouts)
    assert await db.fetch_val("SELECT count(*) FROM sandbox_payouts WHERE state = 'succeeded'") == len(payouts)


async def everything_is_done() -> bool:
    await asyncio.sleep(0.2)
    return bool(await db.fetch_val(OPEN) == 0)


async def succeeded(table: str, where: str, *args: object) -> list[str]:
    rows = await db.fetch(f"SELECT id::text FROM {table} WHERE status = 'succeeded' AND {where}", *args)
    return [row["id"] for row in rows]
