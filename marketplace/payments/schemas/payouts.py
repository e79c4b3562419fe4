"""Payouts and where they go."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from marketplace.core.money import Amount, AmountText, Currency
from marketplace.payments.states import PayoutSource, PayoutStatus


class RequestPayout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`amount` left out is all that has cleared, `payout_method_id` the default method."""

    currency: Currency
    amount: Amount | None = None
    payout_method_id: UUID | None = None


class MethodShown(Struct, frozen=True, kw_only=True):
    """`destination` is masked."""

    id: UUID
    label: str
    destination: str


class PayoutOut(Struct, frozen=True, kw_only=True):
    """Money on its way to you. `failure_code` says why one failed or came back."""

    id: UUID
    source: PayoutSource
    status: PayoutStatus
    amount: AmountText
    currency: Currency
    provider: str
    method: MethodShown
    needs_approval: bool
    can_be_cancelled: bool
    failure_code: str
    failure_message: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    paid_at: datetime | None


class PayoutStep(Struct, frozen=True, kw_only=True):
    from_status: str
    to_status: PayoutStatus
    by: Literal["you", "staff", "service"]
    reason: str
    at: datetime


class PayoutDetail(PayoutOut, frozen=True, kw_only=True):
    """`client_secret` and `action_kind` are there while you have to agree to receive it: `wechat_transfer` shows it in your WeChat."""

    client_secret: str
    action_kind: str
    history: list[PayoutStep]


class NewPayoutMethod(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`destination` is the provider's name for where the money goes: an account id, a token, an e-mail address there.
    `provider` left out is the one of the house."""

    provider: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    destination: Annotated[str, Meta(min_length=1, max_length=255)]
    label: Annotated[str, Meta(max_length=100)] = ""
    recipient_name: Annotated[str, Meta(max_length=200)] = ""
    is_default: bool = False


class PayoutMethodOut(Struct, frozen=True, kw_only=True):
    """`destination` is masked."""

    id: UUID
    provider: str
    label: str
    destination: str
    recipient_name: str
    is_default: bool
    created_at: datetime
