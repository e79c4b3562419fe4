"""Having an order paid in parts, one after the other. The first starts it; each further one is due when its way to sell says so."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct, structs

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.orders.errors import NotInParts, NotYetPaid, PartsNotExact
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.parts import Part, due_part, parts_of
from marketplace.orders.service.moving import change
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Phase
from marketplace.payments.service.paying import due_changed

ADD: Final = """
INSERT INTO order_parts (id, "order", position, title, amount_minor, refunded_minor, checkout, due_at, paid_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
CHECKOUT: Final = "INSERT INTO checkouts (id, buyer, currency, created_at) VALUES ($1, $2, $3, $4)"
MOST_TITLE: Final = 200


class Planned(Struct, frozen=True):
    """What is to be paid at once, in minor units of the order's currency."""

    title: str
    minor: int


async def divide(order: LockedOrder, plan: Sequence[Planned]) -> LockedOrder:
    """Have what has not been paid of a locked order paid in these parts, one after the other, in place of those there were.

    They sum to it. Of an unpaid order the first is due at once; without any it is paid whole again. Raises NotInParts for
    what was paid whole, OrderFrozen, PartsNotExact.
    """
    check_not_frozen(order)
    if order.phase is not Phase.UNPAID and not (order.in_parts and order.phase is Phase.OPEN):
        raise NotInParts
    _check_sum(order, plan)
    parts = await parts_of(order)
    known = [part for part in parts if part.paid_at is None]
    await _close_what_changes(order, known, plan)
    for part, one in zip(known, plan, strict=False):
        await _change(part, one)
    for position, one in enumerate(plan[len(known) :], len(parts) + 1):
        await _add(order, position, one)
    for part in known[len(plan) :]:
        await db.execute("DELETE FROM order_parts WHERE id = $1", part.id)
    return await change(order, in_parts=bool(plan) or len(parts) > len(known))


def _check_sum(order: LockedOrder, plan: Sequence[Planned]) -> None:
    unpaid = order.total_minor - order.captured_minor
    is_whole = not plan and order.phase is Phase.UNPAID
    if any(one.minor <= 0 for one in plan) or (sum(one.minor for one in plan) != unpaid and not is_whole):
        due = Money(unpaid, order.currency)
        raise PartsNotExact(due=due.text, currency=due.currency)


async def _close_what_changes(order: LockedOrder, known: Sequence[Part], plan: Sequence[Planned]) -> None:
    """A payment that is open for another amount should not be made any more."""
    before = next((part.amount_minor for part in known if part.is_due), order.total_minor)
    after = plan[0].minor if plan else order.total_minor
    if before != after:
        await due_changed("checkout", known[0].checkout if known else order.checkout)


async def _change(part: Part, wanted: Planned) -> None:
    await db.execute(
        "UPDATE order_parts SET title = $2, amount_minor = $3 WHERE id = $1", part.id, wanted.title[:MOST_TITLE], wanted.minor
    )  # fmt: skip


async def _add(order: LockedOrder, position: int, wanted: Planned) -> None:
    now, checkout = clock.now(), order.checkout
    if position > 1:
        checkout = uuid7()
        await db.execute(CHECKOUT, checkout, order.buyer, order.currency, now)
    await db.execute(
        ADD, uuid7(), order.id, position, wanted.title[:MOST_TITLE], wanted.minor, 0, checkout, now if position == 1 else None,
        None,
    )  # fmt: skip


async def release_in_parts(order: LockedOrder) -> LockedOrder:
    """A locked order that was paid whole is released part by part from here on: what it was paid with counts as its one part.

    Nothing happens to one that is in parts already. Raises NotYetPaid unless it is open.
    """
    if order.phase is not Phase.OPEN:
        raise NotYetPaid
    if order.in_parts:
        return order
    paid_at = await db.fetch_val("SELECT paid_at FROM orders WHERE id = $1", order.id)
    await change(order, in_parts=True)
    await db.execute(
        ADD, uuid7(), order.id, 1, order.title[:MOST_TITLE], order.total_minor, order.refunded_minor, order.checkout, paid_at,
        paid_at,
    )  # fmt: skip
    return structs.replace(order, in_parts=True)


async def have_next_due(order: LockedOrder) -> Part | None:
    """The part after the last paid one is due from now on. None where nothing is left to pay, or it is due already."""
    waiting = next((part for part in await parts_of(order) if part.paid_at is None), None)
    if waiting is None or waiting.is_due:
        return None
    now = clock.now()
    await db.execute("UPDATE order_parts SET due_at = $2 WHERE id = $1", waiting.id, now)
    return structs.replace(waiting, due_at=now)


async def nothing_due(order: LockedOrder) -> None:
    """Nobody should pay for it still: it is over, or frozen. What comes in nevertheless goes back by itself."""
    part = await due_part(order)
    checkout: UUID | None = part.checkout if part else order.checkout if order.phase is Phase.UNPAID else None
    if checkout is not None:
        await due_changed("checkout", checkout)
