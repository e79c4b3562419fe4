"""What every event of a dispute says of it."""

from typing import Any

from marketplace.disputes.queries.locking import LockedDispute


def of(dispute: LockedDispute) -> dict[str, Any]:
    order = dispute.order
    return {
        "dispute_id": dispute.id, "order_id": order.id, "number": order.number, "title": order.title,
        "buyer_id": order.buyer, "seller_id": order.seller, "currency": order.currency,
    }  # fmt: skip
