"""What every event of an order says of it."""

from typing import Any

from marketplace.orders.fulfilment import LockedOrder


def of(order: LockedOrder) -> dict[str, Any]:
    return {
        "order_id": order.id, "number": order.number, "kind": order.kind, "title": order.title, "buyer_id": order.buyer,
        "seller_id": order.seller, "currency": order.currency, "total": order.total_minor,
    }  # fmt: skip
