"""Sending things back: asked for by the buyer, answered and received by the seller, and paid back. Everything under the order's lock.

What a return is worth is settled when it is received, from what was received before it: partial returns sum exactly to what
was paid, whichever of those that were asked for came to nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct, structs

from marketplace.core import clock, db, timers
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from marketplace.orders.errors import OnlyTheBuyer, OnlyTheSeller, OrderNotFound
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order, lock_order_of
from marketplace.orders.service import closing, pausing, refunding
from marketplace.orders.service.releasing import check_not_frozen
from marketplace.orders.states import Goods
from marketplace.shop import rules
from marketplace.shop.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnReceived,
    ReturnRefunded,
    ReturnRejected,
    ReturnRequested,
)
from marketplace.shop.pricing.drafts import KIND
from marketplace.shop.queries.locking import lock_variants
from marketplace.shop.queries.returns import BoughtLine, bought_lines
from marketplace.shop.return_errors import (
    NotReturnable,
    ReturnExceedsBought,
    ReturnNotFound,
    ReturnTooLate,
    TooManyReturns,
)
from marketplace.shop.returning import worth
from marketplace.shop.schemas.returns import WantedLine
from marketplace.shop.service import stock, telling_returns
from marketplace.shop.states import RETURN, ReturnStatus

ANSWER_TIMER: Final = "shop.return_answer"
MOST_OPEN: Final = 50
"""Open returns of one order."""


class LockedReturn(Struct, frozen=True, kw_only=True):
    """A return, with its order under lock."""

    id: UUID
    buyer: UUID
    seller: UUID
    status: ReturnStatus
    reason: str
    answer_by: datetime
    order: LockedOrder


async def request(order_id: UUID, buyer: UUID, wanted: Sequence[WantedLine], reason: str) -> UUID:
    """Ask to send so many of these lines back. Returns the return's id.

    Raises OrderNotFound, OnlyTheBuyer, NotReturnable, ReturnTooLate, ReturnExceedsBought, TooManyReturns, ValidationFailed for a line that is
    not the order's, or named twice.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, buyer)
        if order.buyer != buyer:
            raise OnlyTheBuyer
        lines = await bought_lines(order_id)
        await _check_in_time(order, lines)
        if order.open_returns >= MOST_OPEN:
            raise TooManyReturns(most=MOST_OPEN)
        _check_lines(wanted, lines)
        return_id, now = uuid7(), clock.now()
        answer_by = now + timedelta(days=await rules.RETURN_ANSWER_DAYS.value())
        values = [(line := lines[one.line_id], one.quantity, _estimate(line, one.quantity)) for one in wanted]
        await db.execute(
            'INSERT INTO order_returns (id, "order", buyer, seller, status, reason, answer, amount_minor, shipping_minor, '
            "refunded_minor, restocked, answer_by, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, 'requested', $5, '', $6, 0, 0, false, $7, $8, $8)",
            return_id, order_id, order.buyer, order.seller, reason, sum(minor for _, _, minor in values), answer_by, now,
        )  # fmt: skip
        await db.execute(
            "INSERT INTO order_return_lines (order_return, line, variant, quantity, amount_minor) "
            "SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[])",
            return_id, [line.id for line, _, _ in values], [line.variant for line, _, _ in values],
            [quantity for _, quantity, _ in values], [minor for _, _, minor in values],
        )  # fmt: skip
        await _write_history(return_id, "", ReturnStatus.REQUESTED, buyer, reason)
        await timers.schedule(ANSWER_TIMER, return_id, answer_by)
        await pausing.pause(order)
        await telling_returns.tell(ReturnRequested, return_id, reason=reason)
        return return_id


def _estimate(line: BoughtLine, quantity: int) -> int:
    return worth(line.total_minor, line.quantity, line.claimed + line.cancelled, quantity)


async def _check_in_time(order: LockedOrder, lines: Mapping[UUID, BoughtLine]) -> None:
    """The time to send something back begins when all of the order has arrived."""
    returnable = order.kind == KIND and order.status in (Goods.PROCESSING, Goods.SHIPPED, Goods.DELIVERED)
    if not returnable or not any(line.delivered for line in lines.values()):
        raise NotReturnable(status=order.status)
    if order.delivered_at is None:
        return
    until = order.delivered_at + timedelta(days=await rules.RETURN_DAYS.value())
    if clock.now() > until:
        raise ReturnTooLate(until=until.isoformat())


def _check_lines(wanted: Sequence[WantedLine], lines: dict[UUID, BoughtLine]) -> None:
    if len({one.line_id for one in wanted}) < len(wanted):
        raise ValidationFailed.of("lines", "Name each line once.")
    for one in wanted:
        line = lines.get(one.line_id)
        if line is None:
            raise ValidationFailed.of("lines", "That is no line of this order.")
        if line.claimed + one.quantity > line.delivered:
            raise ReturnExceedsBought(line_id=str(line.id), returnable=max(0, line.delivered - line.claimed))


async def approve(return_id: UUID, seller: UUID, note: str = "") -> None:
    """Raises ReturnNotFound, OnlyTheSeller, IllegalTransition."""
    async with db.transaction():
        found = await _lock_sold(return_id, seller)
        await _move(found, ReturnStatus.APPROVED, seller, note, answer=note)
        await timers.cancel(ANSWER_TIMER, return_id)
        await telling_returns.tell(ReturnApproved, return_id, reason=note, by_silence=False)


async def approve_by_silence(return_id: UUID) -> None:
    """The seller's time to answer has passed. Safe to repeat."""
    async with db.transaction():
        found = await _lock(return_id)
        if found.status is not ReturnStatus.REQUESTED:
            return
        if found.answer_by > clock.now():
            await timers.schedule(ANSWER_TIMER, return_id, found.answer_by)
            return
        await _move(found, ReturnStatus.APPROVED, None, "No answer in time")
        await telling_returns.tell(ReturnApproved, return_id, reason="", by_silence=True)


async def reject(return_id: UUID, seller: UUID, reason: str) -> None:
    """Raises ReturnNotFound, OnlyTheSeller, IllegalTransition."""
    async with db.transaction():
        found = await _lock_sold(return_id, seller)
        await _move(found, ReturnStatus.REJECTED, seller, reason, answer=reason)
        await timers.cancel(ANSWER_TIMER, return_id)
        await pausing.resume(found.order)
        await telling_returns.tell(ReturnRejected, return_id, reason=reason)


async def cancel(return_id: UUID, buyer: UUID, reason: str = "") -> None:
    """By its buyer, until it is received. Raises ReturnNotFound, OnlyTheBuyer, IllegalTransition."""
    async with db.transaction():
        found = await _lock(return_id, buyer)
        if found.buyer != buyer:
            raise OnlyTheBuyer
        await _move(found, ReturnStatus.CANCELLED, buyer, reason)
        await timers.cancel(ANSWER_TIMER, return_id)
        await pausing.resume(found.order)
        await telling_returns.tell(ReturnCancelled, return_id, reason=reason)


async def receive(return_id: UUID, seller: UUID, *, restock: bool, note: str = "") -> None:
    """It has come back: it is paid back, as far as the order has not been refunded before, and can be sold again if `restock`.

    Raises ReturnNotFound, OnlyTheSeller, IllegalTransition, OrderFrozen.
    """
    async with db.transaction():
        found = await _lock_sold(return_id, seller, with_variants=True)
        order = found.order
        RETURN.check(found.status, ReturnStatus.RECEIVED)
        check_not_frozen(order)
        amount, shipping, everything = await _settle(found)
        await _move(
            found, ReturnStatus.RECEIVED, seller, note,
            amount_minor=amount + shipping, shipping_minor=shipping, restocked=restock, received_at=clock.now(),
        )  # fmt: skip
        if restock:
            await stock.catch_up(order.id, actor=seller)  # that it was sent may not have been written down yet
            await stock.take_back(order.id, await _counted(return_id), actor=seller, reason="sent back")
        await telling_returns.tell(ReturnReceived, return_id, reason=note, restocked=restock)
        refunded = min(amount + shipping, order.refundable_minor)
        if refunded:
            await refunding.refund(
                order.id, Money(refunded, order.currency), seller, _said(found), request_id=return_id
            )  # fmt: skip
        received = await _lock(return_id)
        if everything:
            received = structs.replace(received, order=await closing.sent_back(received.order, seller, _said(found)))
        await _move(
            received, ReturnStatus.REFUNDED, seller, "" if refunded else "Nothing was left to refund",
            refunded_minor=refunded, refund_id=return_id if refunded else None,
        )  # fmt: skip
        await pausing.resume(received.order)
        await telling_returns.tell(ReturnRefunded, return_id, reason=found.reason, refunded=refunded)


def _said(found: LockedReturn) -> str:
    return f"Sent back: {found.reason}"[:500]


async def _settle(found: LockedReturn) -> tuple[int, int, bool]:
    """What its lines are worth now, written down, and the shipping that goes with the last of them, in minor units; and whether
    with it everything has come back that was not called off.
    """
    lines, amount = await bought_lines(found.order.id), 0
    coming: Counter[UUID] = Counter()
    for row in await db.fetch("SELECT id, line, quantity FROM order_return_lines WHERE order_return = $1", found.id):
        line = lines[row["line"]]
        minor = worth(line.total_minor, line.quantity, line.settled, row["quantity"])
        await db.execute("UPDATE order_return_lines SET amount_minor = $2 WHERE id = $1", row["id"], minor)
        coming[line.id] += row["quantity"]
        amount += minor
    everything = all(line.settled + coming[line.id] == line.quantity for line in lines.values())
    if not everything or not await rules.REFUND_SHIPPING.value():
        return amount, 0, everything
    return amount, found.order.total_minor - sum(line.total_minor for line in lines.values()), everything


async def _counted(return_id: UUID) -> dict[UUID, int]:
    rows = await db.fetch(
        "SELECT variant, sum(quantity)::int AS n FROM order_return_lines WHERE order_return = $1 GROUP BY variant",
        return_id,
    )
    return {row["variant"]: row["n"] for row in rows}


async def _lock_sold(return_id: UUID, seller: UUID, *, with_variants: bool = False) -> LockedReturn:
    found = await _lock(return_id, seller, with_variants=with_variants)
    if found.seller != seller:
        raise OnlyTheSeller
    return found


async def _lock(return_id: UUID, viewer: UUID | None = None, *, with_variants: bool = False) -> LockedReturn:
    """Locks its order, and before it the variants of all the order's lines, where stock is to move."""
    row = await db.fetch_row('SELECT "order", buyer, seller FROM order_returns WHERE id = $1', return_id)
    if row is None or (viewer is not None and viewer not in (row["buyer"], row["seller"])):
        raise ReturnNotFound
    if with_variants:
        await lock_variants([line.variant for line in (await bought_lines(row["order"])).values()])
    order = await lock_order(row["order"])
    row = await db.fetch_row(
        "SELECT id, buyer, seller, status, reason, answer_by FROM order_returns WHERE id = $1", return_id
    )
    if row is None:
        raise OrderNotFound
    return LockedReturn(**{**row, "status": ReturnStatus(row["status"])}, order=order)


async def _move(found: LockedReturn, to: ReturnStatus, actor: UUID | None, reason: str, /, **columns: Any) -> None:
    """The one function that writes a return's status. Raises IllegalTransition."""
    RETURN.check(found.status, to)
    places = "".join(f", {name} = ${n}" for n, name in enumerate(columns, 4))
    await db.execute(
        f"UPDATE order_returns SET status = $2, updated_at = $3{places} WHERE id = $1",
        found.id, to, clock.now(), *columns.values(),
    )  # fmt: skip
    await _write_history(found.id, found.status, to, actor, reason)


async def _write_history(return_id: UUID, before: str, to: str, actor: UUID | None, reason: str) -> None:
    await db.execute(
        "INSERT INTO order_return_history (order_return, from_status, to_status, actor, reason, at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        return_id, before, to, actor, reason, clock.now(),
    )  # fmt: skip
