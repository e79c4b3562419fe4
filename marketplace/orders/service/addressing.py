"""Addresses of an order are snapshots: changing one's own later changes nothing that was agreed."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from marketplace.accounts.queries.addresses import get_address
from marketplace.core import db
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.states import IllegalTransition
from marketplace.orders.errors import NotUnpaid, OnlyTheBuyer, OnlyTheSeller
from marketplace.orders.fulfilment import LockedOrder
from marketplace.orders.locking import lock_order_of
from marketplace.orders.service.moving import change
from marketplace.orders.service.shipping import correct_shipment
from marketplace.orders.states import Goods, Phase

KEPT: Final = (
    "full_name", "phone_number", "street_address", "apartment", "city", "state", "country", "country_code", "zip_code",
)  # fmt: skip


class Change(Struct, frozen=True, kw_only=True):
    """What to change of an order; UNSET stays as it is."""

    shipping_address_id: UUID | UnsetType = UNSET
    billing_address_id: UUID | UnsetType = UNSET
    note: str | UnsetType = UNSET
    carrier: str | UnsetType = UNSET
    tracking_number: str | UnsetType = UNSET

    def given(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names if getattr(self, name) is not UNSET}


async def snapshot(user_id: UUID, address_id: UUID, field: str) -> dict[str, Any]:
    """The user's own address as it is now, for a `Draft`. Raises ValidationFailed naming the field."""
    try:
        address = await get_address(user_id, address_id)
    except NotFound:
        raise ValidationFailed.of(field, "None of your addresses has this id.") from None
    return {name: getattr(address, name) for name in KEPT}


async def usual(user_id: UUID) -> dict[str, Any] | None:
    """Where the user has things sent unless they say otherwise, for a `Draft`; None if they have not said."""
    address_id = await db.fetch_val(
        "SELECT id FROM addresses WHERE \"user\" = $1 AND address_type = 'shipping' AND is_default LIMIT 1", user_id
    )
    return None if address_id is None else await snapshot(user_id, address_id, "shipping_address_id")


async def update(order_id: UUID, viewer_id: UUID, wanted: Change) -> LockedOrder:
    """Change what may still be changed: addresses and note by the buyer until it is paid, an address that is missing until
    it is sent (a win can be paid before its buyer has said where to send it), carrier and tracking number by the seller after.

    Raises OrderNotFound, OnlyTheBuyer, OnlyTheSeller, NotUnpaid, IllegalTransition, ValidationFailed.
    """
    async with db.transaction():
        order = await lock_order_of(order_id, viewer_id)
        bought = wanted.given("shipping_address_id", "billing_address_id", "note")
        sold = wanted.given("carrier", "tracking_number")
        if bought:
            if viewer_id != order.buyer:
                raise OnlyTheBuyer(fields={name: [OnlyTheBuyer.default_message] for name in bought})
            late = set() if order.phase is Phase.UNPAID else bought.keys() - await _missing(order)
            if late:
                raise NotUnpaid(fields={name: [NotUnpaid.default_message] for name in sorted(late)})
            order = await _change_bought(order, viewer_id, bought)
        if sold:
            if viewer_id != order.seller:
                raise OnlyTheSeller(fields={name: [OnlyTheSeller.default_message] for name in sold})
            if order.shipped_at is None:
                raise IllegalTransition("It has not been shipped.", current=order.status, target=Goods.SHIPPED.value)
            order = await correct_shipment(order, viewer_id, sold.get("carrier"), sold.get("tracking_number"))
        return order


async def _missing(order: LockedOrder) -> set[str]:
    """The addresses that a paid order lacks, and may still be given."""
    if order.phase is not Phase.OPEN or order.shipped_at is not None:
        return set()
    row = await db.fetch_row("SELECT shipping_address, billing_address FROM orders WHERE id = $1", order.id)
    assert row is not None, "orders are never deleted"
    return {f"{name}_id" for name, address in row.items() if address is None}


async def _change_bought(order: LockedOrder, buyer: UUID, wanted: dict[str, Any]) -> LockedOrder:
    columns: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "note":
            columns["note"] = value
        else:
            address = await snapshot(buyer, value, name)
            columns[name.removesuffix("_id")] = msgspec.json.encode(address).decode()
    return await change(order, buyer, "Changed: " + ", ".join(sorted(columns)).replace("_", " "), **columns)
