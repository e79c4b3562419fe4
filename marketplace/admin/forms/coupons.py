"""Coupons of the house, and anybody's that must stop."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin import coupon_service as service
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.core import db
from marketplace.shop.queries.coupons import get_coupon
from marketplace.shop.schemas.coupons import CouponChange, NewHouseCoupon
from marketplace.shop.service.coupons import code_of
from marketplace.shop.states import CouponKind

KINDS = ", ".join(CouponKind)


class CouponForm(BaseModel):
    title: str = Field(title="Title, as buyers see it", min_length=1, max_length=120)
    code: str = Field("", title="Code; empty: a promotion that applies by itself", max_length=40)
    kind: str = Field("percent", title=f"Kind ({KINDS})")
    percent: str = Field("", title="Percent, for percent: 12.5")
    amount: str = Field("", title="Amount, for fixed: 5.00")
    currency: str = Field("", title="Currency; needed with amounts: USD", max_length=3)
    min_spend: str = Field("", title="From this amount on")
    max_discount: str = Field("", title="At most this much")
    ends_at: str = Field("", title="Until, in UTC: 2026-12-31 23:59")
    max_uses: int | None = Field(None, title="Uses in total")
    max_uses_per_customer: int | None = Field(None, title="Uses by one customer")


class StopForm(BaseModel):
    coupon: str = Field(title="Coupon's code or id")
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


@as_staff(Role.MANAGER)
async def make_coupon(request: Request, data: CouponForm) -> str:
    said: dict[str, Any] = {name: value for name, value in data.model_dump().items() if value not in ("", None)}
    if data.ends_at:
        try:
            said["ends_at"] = datetime.fromisoformat(data.ends_at.strip()).replace(tzinfo=UTC)
        except ValueError:
            raise ValueError("Write the end like 2026-12-31 23:59.") from None
    try:
        new = msgspec.convert(said, NewHouseCoupon)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    made = await get_coupon(await service.create_coupon(actor_id(request), new))
    return f"It is {made.state.value}: {made.code or made.title}."


@as_staff(Role.MANAGER)
async def stop_coupon(request: Request, data: StopForm) -> str:
    coupon_id = await coupon_meant(data.coupon)
    await service.change_coupon(actor_id(request), coupon_id, CouponChange(is_active=False), data.reason)
    return "Nobody uses it from now on; orders that were placed with it stay as they are."


async def coupon_meant(text: str) -> UUID:
    """By its code or its id."""
    try:
        return UUID(text.strip())
    except ValueError:
        found: UUID | None = await db.fetch_val(
            "SELECT id FROM coupons WHERE code = $1 AND deleted_at IS NULL", code_of(text)
        )
    if found is None:
        raise ValueError(f"There is no coupon {text!r}.")
    return found


FORMS = [
    FormConfig("Make a coupon", CouponForm, make_coupon, "One of the house: for what every seller sells.", "Shop"),
    FormConfig("Stop a coupon", StopForm, stop_coupon, "The house's or a seller's.", "Shop"),
]
