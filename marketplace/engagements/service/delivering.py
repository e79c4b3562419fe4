"""Handing work over: numbered deliveries, of which the latest alone waits for the buyer. RULES: Orders, "Gig"."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from marketplace.core import clock, db, outbox, timers
from marketplace.core.ids import uuid7
from marketplace.engagements import rules
from marketplace.engagements.errors import DeliverySeen
from marketplace.engagements.events import WorkDelivered
from marketplace.engagements.files import DELIVERY as FILES
from marketplace.engagements.queries.locking import latest_delivery, lock_sold, order_of_delivery
from marketplace.engagements.schemas.work import LockedDelivery
from marketplace.engagements.service import asking, milestone_moves
from marketplace.engagements.service.clockwork import mark, set_clock
from marketplace.engagements.states import DELIVERY, DeliveryStatus, Gig
from marketplace.media.schemas import MediaRecord
from marketplace.media.service.attachments import attach
from marketplace.orders import history, telling
from marketplace.orders.service.moving import check, move
from marketplace.orders.service.releasing import check_not_frozen

AUTO_COMPLETE: Final = "orders.auto_complete"


async def submit(order_id: UUID, seller: UUID, message: str, file_ids: Sequence[UUID]) -> UUID:
    """Deliver as the seller. The buyer's silence accepts it in some days. Returns the delivery's id.

    Raises EngagementNotFound, OnlyTheSeller, IllegalTransition, OrderFrozen, and what `attach` raises, naming `file_ids`.
    """
    async with db.transaction():
        order, work = await lock_sold(order_id, seller)
        check(order, Gig.DELIVERED)
        check_not_frozen(order)
        await milestone_moves.handed_over(order, message)
        work = await mark(order, work)
        before, delivery_id, now = await latest_delivery(order_id), uuid7(), clock.now()
        version = before.version + 1 if before else 1
        files = await attach(file_ids, FILES, delivery_id, owner_id=seller, field="file_ids")
        await db.execute(
            "INSERT INTO deliveries (id, engagement, version, message, status, answer, files, created_at, updated_at) "
            "VALUES ($1, $2, $3, $4, 'submitted', '', $5::jsonb, $6, $6)",
            delivery_id, order_id, version, message, _as_they_are(files), now,
        )  # fmt: skip
        accepted_at = now + timedelta(days=await rules.REVIEW_DAYS.value())
        delivered = await move(
            order, Gig.DELIVERED, seller, f"Delivery {version}", auto_complete_at=accepted_at, delivered_at=now
        )
        await timers.schedule(AUTO_COMPLETE, order_id, accepted_at)
        await set_clock(delivered, work)
        await asking.went_on(delivered, seller)
        await outbox.emit(
            WorkDelivered(**telling.of(order), delivery_id=delivery_id, version=version, accepted_at=accepted_at)
        )
        return delivery_id


def _as_they_are(files: Sequence[MediaRecord]) -> str:
    """What was handed over, whatever becomes of the files."""
    return msgspec.json.encode(
        [{"id": one.id, "name": one.filename, "bytes": one.byte_size, "sha256": one.sha256} for one in files]
    ).decode()


async def change_message(delivery_id: UUID, seller: UUID, message: str) -> None:
    """Other words for a delivery, as long as the buyer has not seen it. Raises DeliveryNotFound, OnlyTheSeller, DeliverySeen."""
    async with db.transaction():
        order, _ = await lock_sold(await order_of_delivery(delivery_id, seller), seller)
        # The buyer's look takes no lock: it, or this, is first.
        version = await db.fetch_val(
            "UPDATE deliveries SET message = $2, updated_at = $3 WHERE id = $1 AND seen_at IS NULL AND status = 'submitted' "
            "RETURNING version",
            delivery_id, message, clock.now(),
        )  # fmt: skip
        if version is None:
            row = await db.fetch_row("SELECT status, seen_at FROM deliveries WHERE id = $1", delivery_id)
            assert row is not None, "deliveries are never deleted"
            seen_at = row["seen_at"].isoformat() if row["seen_at"] else None
            raise DeliverySeen(seen_at=seen_at, status=row["status"])
        await history.noted(order.id, order.status, seller, f"Delivery {version}: message changed")


async def see(delivery_id: UUID, viewer_id: UUID) -> None:
    """Its buyer has it before them: from now on its message stays. For others, and again, nothing happens."""
    await db.execute(
        "UPDATE deliveries d SET seen_at = $3 FROM orders o "
        "WHERE d.id = $1 AND d.seen_at IS NULL AND o.id = d.engagement AND o.buyer = $2",
        delivery_id, viewer_id, clock.now(),
    )  # fmt: skip


async def answer(delivery: LockedDelivery, to: DeliveryStatus, text: str = "") -> None:
    """The one function that writes a delivery's status. Raises IllegalTransition."""
    now, columns = clock.now(), {"status": DELIVERY.check(delivery.status, to), "answer": text}
    values: list[Any] = [*columns.values(), now]
    await db.execute(
        "UPDATE deliveries SET status = $2, answer = $3, answered_at = $4, updated_at = $4, seen_at = coalesce(seen_at, $5) WHERE id = $1",
        delivery.id, *values, now if to is not DeliveryStatus.CLOSED else None,
    )  # fmt: skip
