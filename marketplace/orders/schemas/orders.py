"""Orders as their buyer and their seller see them. Amounts are decimal text in the order's currency."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from marketplace.core.money import AmountText, Currency
from marketplace.orders.schemas.shipments import Carrier, ShipmentOut, Tracking
from marketplace.orders.states import EscrowStatus, Phase, Sending

Reason = Annotated[str, Meta(max_length=1000, description="Shown to the other side.")]


class OrderRole(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


class OrderActor(StrEnum):
    """Who did something to an order. SYSTEM: the house itself, by its rules."""

    BUYER = "buyer"
    SELLER = "seller"
    STAFF = "staff"
    SYSTEM = "system"


class OrderParty(Struct, frozen=True, kw_only=True):
    """A side of an order."""

    id: UUID
    username: str


class OrderCard(Struct, frozen=True, kw_only=True):
    """`title` is that of the first item. `role` is the viewer's in it."""

    id: UUID
    order_number: str
    checkout_id: UUID
    kind: str
    role: OrderRole
    title: str
    item_count: int
    status: str
    phase: Phase
    escrow: EscrowStatus
    total_amount: AmountText
    refunded_amount: AmountText
    currency: Currency
    buyer: OrderParty
    seller: OrderParty
    expires_at: datetime | None
    paid_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OrderItem(Struct, frozen=True, kw_only=True):
    """As it was when it was ordered. `subtotal` is the truth, `price` is it divided by the quantity. The commission shows to the seller."""

    id: UUID
    subject_id: Annotated[UUID, Meta(description="What was bought, as its way to sell calls it: a lot, a variant.")]
    product_name: str
    product_sku: str
    variant_name: str
    quantity: int
    shipped_quantity: int
    cancelled_quantity: Annotated[int, Meta(description="Called off before they were sent.")]
    price: AmountText
    subtotal: AmountText
    discount: AmountText
    tax: AmountText
    commission: AmountText | None


class OrderAddress(Struct, frozen=True, kw_only=True):
    """As it was when it was given."""

    full_name: str = ""
    phone_number: str = ""
    street_address: str = ""
    apartment: str | None = None
    city: str = ""
    state: str = ""
    country: str = ""
    country_code: str = ""
    zip_code: str = ""


class OrderHistoryLine(Struct, frozen=True, kw_only=True):
    """What happened to it, oldest first, and the status it had then."""

    status: str
    note: str
    by: OrderActor
    created_at: datetime


class CheckoutOrder(Struct, frozen=True, kw_only=True):
    id: UUID
    order_number: str
    status: str
    total_amount: AmountText


class CheckoutOut(Struct, frozen=True, kw_only=True):
    """What is paid with one payment: an order for each seller, or a part of one. `amount_due` is what is to be paid with it now."""

    id: UUID
    amount_due: AmountText
    orders: list[CheckoutOrder]


class OrderOut(Struct, frozen=True, kw_only=True):
    """One order, whole. Carrier and tracking number are those of its last shipment. Commission, net and clearing show to its seller only, its checkout to its buyer only."""

    id: UUID
    order_number: str
    kind: str
    role: OrderRole
    status: str
    phase: Phase
    escrow: EscrowStatus
    currency: Currency
    subtotal: AmountText
    discount: AmountText
    tax: AmountText
    shipping_cost: AmountText
    total_amount: AmountText
    held_amount: Annotated[AmountText, Meta(description="In escrow now.")]
    paid_amount: AmountText
    refunded_amount: AmountText
    in_parts: Annotated[
        bool, Meta(description="It is paid, or released, part by part: `GET /orders/{id}/money` shows them.")
    ]
    commission: AmountText | None
    net_amount: Annotated[AmountText | None, Meta(description="The seller's: total less commission and tax.")]
    items: list[OrderItem]
    buyer: OrderParty
    seller: OrderParty
    checkout: CheckoutOut | None
    shipping_address: OrderAddress | None
    billing_address: OrderAddress | None
    note: str
    carrier: str | None
    tracking_number: str | None
    shipping_status: Sending
    shipments: list[ShipmentOut]
    status_history: Annotated[list[OrderHistoryLine], Meta(description="Every change of its status.")]
    activity: Annotated[
        list[OrderHistoryLine], Meta(description="All that happened to it, whether it changed its status or not.")
    ]
    is_frozen: bool
    cancel_reason: str | None
    expires_at: Annotated[datetime | None, Meta(description="When it is given up unpaid.")]
    auto_complete_at: Annotated[datetime | None, Meta(description="When the buyer's silence counts as receipt.")]
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    clears_at: datetime | None
    cleared_at: datetime | None
    created_at: datetime
    updated_at: datetime


class UpdateOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """The buyer's fields until it is paid; the seller's once it has been shipped."""

    shipping_address_id: UUID | UnsetType = UNSET
    billing_address_id: UUID | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=2000)] | UnsetType = UNSET
    carrier: Carrier | UnsetType = UNSET
    tracking_number: Tracking | UnsetType = UNSET


class CancelOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    reason: Reason = ""


class ShipOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    carrier: Carrier
    tracking_number: Tracking


class RefundOrder(Struct, kw_only=True, forbid_unknown_fields=True):
    """Without an amount, all that is left."""

    amount: Annotated[AmountText | None, Meta(description="In the order's currency.")] = None
    reason: Reason = ""


class RefundOut(Struct, frozen=True, kw_only=True):
    """A refund on its way, and the order after it."""

    refund_id: UUID
    amount: AmountText
    currency: Currency
    order: OrderOut
