"""What the processes of the races of work do. Each takes and returns JSON."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import tests.factories.orders  # noqa: F401 - registers a kind that is in the database's orders
from marketplace.core import db
from marketplace.core.errors import DomainError
from marketplace.engagements.queries.deliveries import get_delivery
from marketplace.engagements.service import accepting, asking, deciding, delivering, offering
from marketplace.engagements.service.offering import TermsChange
from marketplace.engagements.states import RequestKind
from marketplace.orders.service import cancelling, completing, freezing
from marketplace.orders.service.stepping import step


def _deed(verb: str, thing: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
    ids = {name: UUID(value) for name, value in thing.items()}
    buyer, seller = ids.get("buyer"), ids.get("seller")
    deeds: dict[str, Callable[[], Awaitable[Any]]] = {
        "accept_delivery": lambda: deciding.accept(ids["delivery"], buyer),
        "complete": lambda: completing.complete_bought(ids["order"], buyer),
        "request_revision": lambda: deciding.request_revision(ids["delivery"], buyer, "Bluer, please."),
        "reject": lambda: deciding.reject(ids["delivery"], buyer, "An empty file."),
        "look": lambda: _look(ids["delivery"], buyer),
        "reword": lambda: delivering.change_message(ids["delivery"], seller, "Other words."),
        "silence": lambda: completing.auto_complete(ids["order"]),
        "freeze": lambda: freezing.freeze(ids["order"], "staff", None, "?"),
        "deliver": lambda: delivering.submit(ids["order"], seller, "Here it is.", []),
        "ask_to_cancel": lambda: asking.ask_cancellation(ids["order"], buyer, "I move house."),
        "ask_days": lambda: asking.ask_extension(ids["order"], seller, 2, "Slow paint."),
        "agree_to_cancel": lambda: asking.accept(ids["request"], RequestKind.CANCELLATION, seller),
        "decline_to_cancel": lambda: asking.decline(ids["request"], RequestKind.CANCELLATION, seller),
        "take_order": lambda: step(ids["order"], seller, "accept"),
        "call_off": lambda: cancelling.cancel_own(ids["order"], buyer, "Sorry"),
        "decline_order": lambda: accepting.decline(ids["order"], seller, "Sorry"),
        "give_up": lambda: _in_one(lambda: accepting.give_up(ids["order"])),
        "accept_offer": lambda: offering.accept(ids["offer"], buyer),
        "decline_offer": lambda: offering.decline(ids["offer"], buyer),
        "counter_offer": lambda: offering.counter(ids["offer"], buyer, TermsChange(price="60.00")),
        "withdraw_offer": lambda: offering.withdraw(ids["offer"], seller),
    }
    return deeds[verb]


async def _look(delivery_id: UUID, buyer: Any) -> None:
    await delivering.see(delivery_id, buyer)
    seen = await get_delivery(delivery_id, buyer)
    await db.execute("UPDATE deliveries SET answer = $2 WHERE id = $1 AND answer = ''", delivery_id, seen.message)


async def _in_one(deed: Callable[[], Awaitable[Any]]) -> None:
    """As a timer does it."""
    async with db.transaction():
        await deed()


async def do(job: dict[str, Any]) -> list[list[str]]:
    """To each thing, in their order, do what `verbs` says, `times` times each, all at once: `done`, or the refusal."""

    async def one(thing: dict[str, Any]) -> list[str]:
        deeds = [_deed(verb, thing) for _ in range(job["times"]) for verb in job["verbs"]]
        return list(await asyncio.gather(*(_said(deed) for deed in deeds)))

    return [await one(thing) for thing in job["things"]]


async def _said(deed: Callable[[], Awaitable[Any]]) -> str:
    try:
        await db.retrying(deed)
    except DomainError as refusal:
        return refusal.code
    return "done"
