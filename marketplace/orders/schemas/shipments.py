"""Shipments: bodies and answers."""

from datetime import datetime
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

Carrier: TypeAlias = Annotated[str, Meta(min_length=1, max_length=60, examples=["DHL"])]
Tracking: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80, examples=["00340434161094042557"])]


class ShippedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`line_id` is the `id` of one of the order's `items`."""

    line_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=10_000_000)] = 1


class CreateShipment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without lines: all that is still to be sent. Without a tracking number it cannot be followed."""

    carrier: Carrier
    tracking_number: Tracking | None = None
    lines: Annotated[list[ShippedLine], Meta(min_length=1, max_length=200)] | None = None


class UpdateShipment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    carrier: Carrier | UnsetType = UNSET
    tracking_number: Tracking | UnsetType = UNSET


class ShipmentLineOut(Struct, frozen=True, kw_only=True):
    line_id: UUID
    product_name: str
    variant_name: str
    quantity: int


class ShipmentOut(Struct, frozen=True, kw_only=True):
    """`number`: the order's first, second... shipment. `delivered_at` is when it is said to have arrived, `confirmed_at` when its
    buyer said so. `tracking_url` is there where the carrier is known."""

    id: UUID
    number: int
    carrier: Annotated[str | None, Meta(description="None: handed over in person.")]
    tracking_number: str | None
    tracking_url: str | None
    lines: list[ShipmentLineOut]
    shipped_at: datetime
    delivered_at: datetime | None
    confirmed_at: datetime | None
