from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.shop.states import MovementKind


class AdjustStock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of `quantity` (what can be sold afterwards), `on_hand` (what was counted on the shelf) or `change` (so many more, or fewer)."""

    variant_id: Annotated[UUID, Meta(description="Not needed where the product has only one.")] | None = None
    quantity: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    on_hand: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    change: Annotated[int, Meta(ge=-10_000_000, le=10_000_000)] | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


class StockOut(Struct, frozen=True, kw_only=True):
    """`quantity` can be sold: what is `on_hand` without what is `reserved` for orders."""

    product_id: UUID
    variant_id: UUID
    variant: Annotated[str, Meta(description="Empty where there is nothing to choose.")]
    on_hand: int
    reserved: int
    quantity: int
    is_low: bool


class MovementOut(Struct, frozen=True, kw_only=True):
    """A row of the journal, which only grows."""

    id: int
    variant_id: UUID
    variant: str
    sku: str
    kind: MovementKind
    on_hand_change: int
    reserved_change: int
    on_hand: Annotated[int, Meta(description="Afterwards.")]
    reserved: Annotated[int, Meta(description="Afterwards.")]
    order_id: UUID | None
    actor_id: UUID | None
    reason: str
    at: datetime
