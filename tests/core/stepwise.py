"""A small application with a route that calls out in steps, for this process and for others. Deeds take and return JSON."""

import asyncio
from typing import Any, ClassVar
from uuid import UUID

import httpx
from litestar import Litestar, post
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from litestar.params import JSONBody
from msgspec import Struct

from marketplace.accounts.viewer import Authentication, Viewer, provide_viewer
from marketplace.core import db, idempotency, ids, problems
from marketplace.core.bodies import StrictRequest
from marketplace.core.errors import Conflict, NotSignedIn, RateLimited, Unavailable


class Pay(Struct, forbid_unknown_fields=True):
    amount: int


class NoMoney(Conflict):
    code = "no_money"


class Provider:
    """What comes of the call outside: `gate` holds it, `error` is raised after it."""

    gate: ClassVar[asyncio.Event | None] = None
    called: ClassVar[asyncio.Event] = asyncio.Event()
    error: ClassVar[Exception | None] = None
    calls: ClassVar[int] = 0

    @classmethod
    def reset(cls) -> None:
        cls.gate, cls.called, cls.error, cls.calls = None, asyncio.Event(), None, 0

    @classmethod
    async def call(cls) -> None:
        assert not db.in_transaction()
        cls.calls += 1
        cls.called.set()
        if cls.gate is not None:
            await cls.gate.wait()
        if cls.error is not None:
            raise cls.error


REFUSALS = {409: NoMoney, 401: NotSignedIn, 429: RateLimited, 503: Unavailable, 500: RuntimeError}


@post("/pay", opt={"idempotent": "stepwise"})
async def pay(data: JSONBody[Pay], viewer: NamedDependency[Viewer]) -> dict[str, Any]:
    """Record the intent (once), call, answer with the intent."""
    payment_id = idempotency.request_key() or ids.uuid7()
    async with db.transaction():
        await db.execute(
            "INSERT INTO live_rooms (room, seq) VALUES ($1, 1) ON CONFLICT (room) DO UPDATE SET seq = live_rooms.seq + 1",
            str(payment_id),
        )
    await Provider.call()
    named = idempotency.request_key("fee")
    return {"paid": data.amount, "payment": payment_id, "fee": named}


@post("/free", opt={"idempotent": "stepwise"})
async def free(data: JSONBody[Pay], viewer: NamedDependency[Viewer]) -> dict[str, Any]:
    return {"key": idempotency.request_key()}


def make_app() -> Litestar:
    return Litestar(
        [pay, free], request_class=StrictRequest, dependencies={"viewer": Provide(provide_viewer)},
        middleware=[DefineMiddleware(Authentication), idempotency.IdempotencyKeys], exception_handlers=problems.HANDLERS,
    )  # fmt: skip


def a_client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(make_app(), raise_app_exceptions=False)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def intents() -> dict[UUID, int]:
    """The payments that were begun, and how many runs have seen each."""
    return {UUID(row["room"]): row["seq"] for row in await db.fetch("SELECT room, seq FROM live_rooms")}


async def pay_often(job: dict[str, Any]) -> list[Any]:
    """Send the same request ten times at once: [status, payment, replayed]."""
    async with a_client() as http:
        answers = await asyncio.gather(
            *(http.post("/pay", json={"amount": 5}, headers=job["headers"]) for _ in range(10))
        )
    return [
        [answer.status_code, answer.json().get("payment"), answer.headers.get("idempotent-replayed")]
        for answer in answers
    ]


async def pay_and_hang(job: dict[str, Any]) -> None:
    """Begin a payment and wait for a provider that never answers; say so."""
    Provider.gate = asyncio.Event()

    async def tell() -> None:
        await Provider.called.wait()
        print("called", flush=True)

    async with a_client() as http:
        await asyncio.gather(tell(), http.post("/pay", json={"amount": 5}, headers=job["headers"]))
