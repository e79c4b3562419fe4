"""What shipments and returns tell: each side of what the other did."""

from uuid import UUID

from marketplace.core.money import to_text
from marketplace.core.outbox import on
from marketplace.notifications.details import Details
from marketplace.notifications.kinds import Kind
from marketplace.notifications.service import notify
from marketplace.orders.events import ShipmentDelivered, ShipmentSent
from marketplace.shop.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnEvent,
    ReturnReceived,
    ReturnRejected,
    ReturnRequested,
    UnitsCancelled,
)


@on(ShipmentSent)
async def tell_of_shipment(event: ShipmentSent) -> None:
    """The buyer of every part; who carries it is the reason's words."""
    details = Details(
        order_id=event.order_id, shipment_id=event.shipment_id, number=event.number, title=event.title, count=event.part,
        reason=f"{event.carrier} {event.tracking_number} {event.tracking_url}".strip() or None,
    )  # fmt: skip
    await notify(Kind.ORDER_SHIPPED if event.whole else Kind.SHIPMENT_SENT, details, [event.buyer_id])


@on(ShipmentDelivered)
async def tell_of_arrival(event: ShipmentDelivered) -> None:
    """Of the last part one hears that the order was delivered, or received."""
    if event.last:
        return
    details = Details(
        order_id=event.order_id, shipment_id=event.shipment_id, number=event.number, title=event.title, count=event.part
    )
    await notify(Kind.SHIPMENT_DELIVERED, details, [event.seller_id if event.confirmed else event.buyer_id])


@on(UnitsCancelled)
async def tell_of_cancelled_units(event: UnitsCancelled) -> None:
    details = Details(
        order_id=event.order_id, number=event.number, title=event.title, count=event.count, currency=event.currency,
        amount=to_text(event.amount, event.currency), reason=event.reason or None,
    )  # fmt: skip
    await notify(Kind.UNITS_CANCELLED, details, [event.seller_id if event.by == "buyer" else event.buyer_id])


@on(ReturnRequested)
async def tell_of_request(event: ReturnRequested) -> None:
    await _tell(Kind.RETURN_REQUESTED, event, event.seller_id)


@on(ReturnApproved)
async def tell_of_approval(event: ReturnApproved) -> None:
    """Its seller, too, where their silence was the answer."""
    await _tell(Kind.RETURN_APPROVED, event, event.buyer_id, *([event.seller_id] if event.by_silence else []))


@on(ReturnRejected)
async def tell_of_rejection(event: ReturnRejected) -> None:
    await _tell(Kind.RETURN_REJECTED, event, event.buyer_id)


@on(ReturnReceived)
async def tell_of_receipt(event: ReturnReceived) -> None:
    """That it is paid back is told as every refund is."""
    await _tell(Kind.RETURN_RECEIVED, event, event.buyer_id)


@on(ReturnCancelled)
async def tell_of_change_of_mind(event: ReturnCancelled) -> None:
    await _tell(Kind.RETURN_CANCELLED, event, event.seller_id)


async def _tell(kind: Kind, event: ReturnEvent, *readers: UUID) -> None:
    details = Details(
        order_id=event.order_id, return_id=event.return_id, number=event.number, title=event.title, currency=event.currency,
        amount=to_text(event.amount, event.currency), reason=event.reason or None,
    )  # fmt: skip
    await notify(kind, details, list(readers))
