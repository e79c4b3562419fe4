"""What staff do with coupons: the house's they make and change, anybody's they switch off or delete. Each act leaves its audit row."""

from typing import Any
from uuid import UUID

import msgspec

from marketplace.accounts.states import Role
from marketplace.admin.service import check_staff
from marketplace.core import audit, db
from marketplace.shop.queries.coupons import get_coupon
from marketplace.shop.schemas.coupons import CouponChange, CouponOut, NewHouseCoupon
from marketplace.shop.service import coupons


async def create_coupon(actor_id: UUID, new: NewHouseCoupon) -> UUID:
    """One of the house. Raises Forbidden and what `coupons.create_coupon` does."""
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        coupon_id = await coupons.create_coupon(new, None, actor_id)
        await audit.record(
            actor=actor_id, action="coupon.created", object_type="coupon", object_id=coupon_id,
            after=_told(await get_coupon(coupon_id)),
        )  # fmt: skip
        return coupon_id


async def change_coupon(actor_id: UUID, coupon_id: UUID, change: CouponChange, reason: str = "") -> None:
    """One of the house, or a seller's that must stop. Raises Forbidden, CouponNotFound and what `coupons.change_coupon` does."""
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        before = _told(await get_coupon(coupon_id))
        await coupons.change_coupon(coupon_id, change, None, any_seller=True)
        after = _told(await get_coupon(coupon_id))
        changed = {name for name in after if after[name] != before[name]}
        await audit.record(
            actor=actor_id, action="coupon.changed", object_type="coupon", object_id=coupon_id, reason=reason,
            before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
        )  # fmt: skip


async def delete_coupon(actor_id: UUID, coupon_id: UUID, reason: str = "") -> None:
    """Raises Forbidden, CouponNotFound."""
    async with db.transaction():
        await check_staff(actor_id, Role.MANAGER)
        before = _told(await get_coupon(coupon_id))
        await coupons.delete_coupon(coupon_id, None, any_seller=True)
        await audit.record(
            actor=actor_id, action="coupon.deleted", object_type="coupon", object_id=coupon_id, reason=reason, before=before
        )  # fmt: skip


def _told(coupon: CouponOut) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(coupon)
    return {name: value for name, value in told.items() if name not in ("updated_at", "used_count", "state")}
