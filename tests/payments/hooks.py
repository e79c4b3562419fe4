"""The sandbox's webhooks, as they would come over the wire."""

import random
from typing import Any

import httpx
import msgspec

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.payments.providers.base import Outcome
from marketplace.payments.providers.sandbox.webhooks import SIGNATURE, Event, signature

PATH = "/api/v1/payments/webhook/sandbox/"


async def bodies() -> list[bytes]:
    """Every event of the sandbox so far, in its order."""
    return [row["body"].encode() for row in await db.fetch("SELECT body FROM sandbox_events ORDER BY id")]


def an_event(outcome: Outcome) -> bytes:
    """An event as the sandbox would word it, of something that it did not do."""
    event = Event(
        id=f"sbx_evt_{uuid7().hex}", type=f"{outcome.subject}.{outcome.state}", created_at=clock.now(), data=outcome
    )
    return msgspec.json.encode(event)


def signed(body: bytes) -> dict[str, str]:
    return {"content-type": "application/json", SIGNATURE: signature(body, clock.now())}


async def post(client: httpx.AsyncClient, body: bytes, **headers: str) -> httpx.Response:
    return await client.post(PATH, content=body, headers=signed(body) | headers)


async def deliver(client: httpx.AsyncClient, *, times: int = 1, dice: random.Random | None = None) -> int:
    """Every event so far, so often, shuffled where there are dice. How many came."""
    waiting = [body for body in await bodies() for _ in range(times)]
    if dice is not None:
        dice.shuffle(waiting)
    for body in waiting:
        answer = await post(client, body)
        assert (answer.status_code, answer.json()) == (200, {"status": "success"}), answer.text
    return len(waiting)


async def stored() -> list[Any]:
    return await db.fetch("SELECT id, status, attempts, error FROM webhook_events ORDER BY id")
