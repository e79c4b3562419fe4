"""Sending what was bought, in one shipment or several, or handing it over. Once everything has been sent, the buyer's silence
counts as receipt. RULES: Orders.

The order's own status is derived: processing until nothing is left to send, shipped then, delivered when its buyer has it.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import structs

from marketplace.core import clock, db, outbox, timers
from marketplace.core.errors import ValidationFailed
from marketplace.orders import progress, rules, telling
from marketplace.orders.errors import OnlyTheBuyer, OnlyTheSeller, SendsTooMany, ShipmentNotFound, TooManyShipments
from marketplace.orders.events import OrderDelivered, OrderShipped, SentItem, ShipmentDelivered, ShipmentSent
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order_of
from marketplace.orders.progress import Progress, progress_of
from marketplace.orders.service import completing, dispatching
from marketplace.orders.service.dispatching import Carriage, Sent
from marketplace.orders.service.moving import change, check, move
from marketplace.orders.states import Goods

MOST_PARTS: Final = 200
"""Shipments of one order."""

STANDING: Final = """
SELECT count(*) FILTER (WHERE delivered_at IS NULL) AS travelling, count(*) FILTER (WHERE confirmed_at IS NULL) AS unconfirmed
FROM shipments WHERE "order" = $1
"""
CORRECT: Final = """
UPDATE shipments SET carrier = $3, tracking_number = $4, tracking_url = $5
WHERE "order" = $1 AND number = $2
"""


async def ship(order_id: UUID, seller_id: UUID, carrier: str, tracking_number: str) -> LockedOrder:
    """By its seller: everything that is still to be sent. Raises OrderNotFound, OnlyTheSeller, IllegalTransition."""
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        return (await _send(order, seller_id, None, Carriage(carrier, tracking_number)))[0]


async def ship_part(order_id: UUID, seller_id: UUID, how: Carriage, wanted: Sequence[tuple[UUID, int]] | None) -> UUID:
    """By its seller: so many of each of these lines travel together, or (None) all that is left. The shipment's id.

    Raises OrderNotFound, OnlyTheSeller, IllegalTransition, SendsTooMany, TooManyShipments, ValidationFailed for a line that is not the order's,
    or named twice.
    """
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        return (await _send(order, seller_id, wanted, how))[1].id


async def deliver(order_id: UUID, seller_id: UUID) -> LockedOrder:
    """Its seller has handed it over, or knows that all of it has arrived; it is for the buyer to confirm, or to be silent.

    Raises OrderNotFound, OnlyTheSeller, IllegalTransition, NotAllSent.
    """
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        await completing.check_all_sent(order)
        if order.status != Goods.SHIPPED:
            order, _ = await _send(order, seller_id, None, Carriage())
        return await _arrived(order, seller_id, None, confirmed=False)


async def deliver_part(order_id: UUID, shipment_id: UUID, seller_id: UUID) -> LockedOrder:
    """One of its shipments has arrived, its seller says. Raises OrderNotFound, OnlyTheSeller, ShipmentNotFound."""
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        await _check_there(order, shipment_id)
        return await _arrived(order, seller_id, shipment_id, confirmed=False)


async def confirm_part(order_id: UUID, shipment_id: UUID, buyer_id: UUID) -> LockedOrder:
    """Its buyer has one of its shipments. With the last of them the order is complete, and its escrow is released.

    Raises OrderNotFound, OnlyTheBuyer, ShipmentNotFound, OrderFrozen.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, buyer_id)
        if order.buyer != buyer_id:
            raise OnlyTheBuyer
        await _check_there(order, shipment_id)
        return await _arrived(order, buyer_id, shipment_id, confirmed=True)


async def correct_part(
    order_id: UUID, shipment_id: UUID, seller_id: UUID, carrier: str | None, tracking_number: str | None
) -> None:
    """Other words for how a shipment travels. Raises OrderNotFound, OnlyTheSeller, ShipmentNotFound."""
    async with db.transaction():
        order = await _lock_sold(order_id, seller_id)
        number = await _check_there(order, shipment_id)
        await _correct(order, number, seller_id, carrier, tracking_number)


async def correct_shipment(
    order: LockedOrder, seller_id: UUID, carrier: str | None, tracking_number: str | None
) -> LockedOrder:
    """The same for the last shipment of a locked order."""
    return await _correct(order, order.sent_parts, seller_id, carrier, tracking_number)


async def nothing_left(order: LockedOrder, actor: UUID, note: str) -> LockedOrder:
    """What was still to be sent of a locked order is called off: it is shipped, and what arrived before counts."""
    row = await db.fetch_row("SELECT carrier, tracking_number FROM orders WHERE id = $1", order.id)
    assert row is not None, "orders are never deleted"
    return await _settle_arrival(await _all_sent(order, actor, note, Carriage(*row.values())), actor)


async def _all_sent(order: LockedOrder, actor: UUID, note: str, how: Carriage) -> LockedOrder:
    now = clock.now()
    auto_complete_at = now + await rules.auto_complete()
    sent = await move(
        order, Goods.SHIPPED, actor, note, carrier=how.carrier, tracking_number=how.tracking_number, shipped_at=now,
        auto_complete_at=auto_complete_at, sent_parts=order.sent_parts,
    )  # fmt: skip
    await timers.schedule("orders.auto_complete", order.id, auto_complete_at)
    await outbox.emit(OrderShipped(**telling.of(sent), carrier=how.carrier, tracking_number=how.tracking_number))
    return sent


async def _settle_arrival(order: LockedOrder, actor: UUID) -> LockedOrder:
    """What follows for a locked order that is shipped, once all of it has arrived, or its buyer has said so of all of it."""
    standing = await db.fetch_row(STANDING, order.id)
    assert standing is not None, "counts are always there"
    if order.status != Goods.SHIPPED or standing["travelling"]:
        return order
    if not standing["unconfirmed"]:
        return await completing.complete_locked(order, actor, "Receipt confirmed")
    if order.delivered_at is None:
        order = await change(order, actor, "Delivered", delivered_at=clock.now())
        await outbox.emit(OrderDelivered(**telling.of(order)))
    return order


async def _lock_sold(order_id: UUID, seller_id: UUID) -> LockedOrder:
    order = await lock_order_of(order_id, seller_id)
    if order.seller != seller_id:
        raise OnlyTheSeller
    return order


async def _check_there(order: LockedOrder, shipment_id: UUID) -> int:
    """Which of the order's shipments it is."""
    number: int | None = await db.fetch_val(
        'SELECT number FROM shipments WHERE id = $1 AND "order" = $2', shipment_id, order.id
    )
    if number is None:
        raise ShipmentNotFound
    return number


async def _send(
    order: LockedOrder, seller_id: UUID, wanted: Sequence[tuple[UUID, int]] | None, how: Carriage
) -> tuple[LockedOrder, Sent]:
    check(order, Goods.SHIPPED)
    lines = await progress_of(order.id)
    left = progress.unsent(lines.values())
    parts = left if wanted is None else _parts(wanted, lines)
    if order.sent_parts + 1 >= MOST_PARTS and parts != left:
        raise TooManyShipments(most=MOST_PARTS)
    sent = await dispatching.dispatch(order, parts, how, clock.now())
    if parts == left:
        last = structs.replace(order, sent_parts=sent.number)
        order = await _all_sent(last, seller_id, f"Shipped {how}" if how.carrier else "Handed over", how)
    else:
        order = await change(
            order, seller_id, f"Shipped in part, {sum(parts.values())} of {sum(left.values())}, {how}",
            sent_parts=sent.number, carrier=how.carrier, tracking_number=how.tracking_number,
        )  # fmt: skip
    await outbox.emit(
        ShipmentSent(
            **telling.of(order), shipment_id=sent.id, part=sent.number, carrier=how.carrier,
            tracking_number=how.tracking_number, tracking_url=how.tracking_url,
            items=[SentItem(line_id=id_, subject_id=lines[id_].subject, title=lines[id_].title, quantity=n) for id_, n in parts.items()],
            whole=sent.number == 1 and parts == left,
        )
    )  # fmt: skip
    return order, sent


def _parts(wanted: Sequence[tuple[UUID, int]], lines: Mapping[UUID, Progress]) -> dict[UUID, int]:
    parts = dict(wanted)
    if len(parts) < len(wanted):
        raise ValidationFailed.of("lines", "Name each line once.")
    for line_id, quantity in parts.items():
        line = lines.get(line_id)
        if line is None:
            raise ValidationFailed.of("lines", "That is no line of this order.")
        if quantity > line.unsent:
            raise SendsTooMany(line_id=str(line_id), unsent=line.unsent)
    return parts


async def _arrived(order: LockedOrder, actor: UUID, shipment_id: UUID | None, *, confirmed: bool) -> LockedOrder:
    """Said again, it is no news."""
    news = await dispatching.arrived(order.id, clock.now(), confirmed=confirmed, shipment_id=shipment_id)
    if not news:
        return order
    after = await _settle_arrival(order, actor)
    last = (after.delivered_at, after.phase) != (order.delivered_at, order.phase)
    if not last:
        numbers = ", ".join(str(one.number) for one in sorted(news, key=lambda one: one.number))
        await change(after, actor, f"Shipment {numbers} " + ("received" if confirmed else "delivered"))
    await outbox.emit(
        *(
            ShipmentDelivered(**telling.of(after), shipment_id=one.id, part=one.number, confirmed=confirmed, last=last)
            for one in news
        )
    )
    return after


async def _correct(
    order: LockedOrder, number: int, seller_id: UUID, carrier: str | None, tracking_number: str | None
) -> LockedOrder:
    row = await db.fetch_row(
        'SELECT carrier, tracking_number FROM shipments WHERE "order" = $1 AND number = $2', order.id, number
    )
    assert row is not None, "it was counted"
    how = Carriage(
        row["carrier"] if carrier is None else carrier,
        row["tracking_number"] if tracking_number is None else tracking_number,
    )
    await db.execute(CORRECT, order.id, number, how.carrier, how.tracking_number, how.tracking_url)
    is_last = number == order.sent_parts
    columns = {"carrier": how.carrier, "tracking_number": how.tracking_number} if is_last else {}
    return await change(order, seller_id, "Shipment details changed", **columns)
