"""Returns: bodies and answers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import AmountText, Currency
from marketplace.orders.schemas.orders import OrderRole
from marketplace.shop.states import ReturnStatus

Reason: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2000)]
Note: TypeAlias = Annotated[str, Meta(max_length=2000)]


class WantedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`line_id` is the `id` of one of the order's `items`."""

    line_id: UUID
    quantity: Annotated[int, Meta(ge=1, le=10_000_000)] = 1


class RequestReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lines: Annotated[list[WantedLine], Meta(min_length=1, max_length=200)]
    reason: Reason


class CancelItems(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lines: Annotated[list[WantedLine], Meta(min_length=1, max_length=200)]
    reason: Note = ""


class ApproveReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`note`: where to send it, say."""

    note: Note = ""


class RejectReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Reason


class ReceiveReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`restock`: it can be sold again."""

    restock: bool
    note: Note = ""


class CancelReturn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Note = ""


class ReturnBy(StrEnum):
    """Who moved a return. SYSTEM: the house itself, by its rules."""

    BUYER = "buyer"
    SELLER = "seller"
    SYSTEM = "system"


class ReturnLineOut(Struct, frozen=True, kw_only=True):
    line_id: UUID
    variant_id: UUID
    product_name: str
    variant_name: str
    quantity: int
    amount: AmountText


class ReturnStep(Struct, frozen=True, kw_only=True):
    status: ReturnStatus
    by: ReturnBy
    reason: str
    created_at: datetime


class ReturnParty(Struct, frozen=True, kw_only=True):
    id: UUID
    username: str


class ReturnOut(Struct, frozen=True, kw_only=True):
    """`amount`, of which `shipping_amount`, is an estimate until the goods have been received. `refund_id` names the refund then:
    `refunded_amount` is less than `amount` where the order had been refunded before. `answer` is what the seller said."""

    id: UUID
    order_id: UUID
    order_number: str
    role: OrderRole
    status: ReturnStatus
    reason: str
    answer: str | None
    lines: list[ReturnLineOut]
    amount: AmountText
    shipping_amount: AmountText
    refunded_amount: AmountText
    currency: Currency
    refund_id: UUID | None
    restocked: bool
    buyer: ReturnParty
    seller: ReturnParty
    status_history: list[ReturnStep]
    answer_by: datetime
    received_at: datetime | None
    created_at: datetime
    updated_at: datetime
