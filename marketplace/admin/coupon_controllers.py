"""The staff's REST API for coupons. Looking is for moderators, acting for managers."""

from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.admin import coupon_service as service
from marketplace.admin.schemas import Noted
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.shop.queries import coupons as queries
from marketplace.shop.queries.coupons import StaffCouponFilters
from marketplace.shop.schemas.coupons import CouponChange, CouponOut, NewHouseCoupon


class StaffCouponController(Controller):
    path = "/admin/coupons"
    tags = ("Admin",)

    @get(operation_id="adminListCoupons", guards=[requires(Role.MODERATOR)], opt={"listing": queries.STAFF_COUPONS})
    async def all(self, listing: NamedDependency[ListQuery[StaffCouponFilters]]) -> Envelope[Page[CouponOut]]:
        """The coupons and promotions of the house (`house=true`) and of every seller."""
        return await queries.list_all_coupons(listing)

    @post(operation_id="adminCreateCoupon", guards=[requires(Role.MANAGER)], opt={"idempotent": True})
    async def create(self, data: JSONBody[NewHouseCoupon], viewer: NamedDependency[Viewer]) -> Envelope[CouponOut]:
        """Make one of the house: good for what every seller sells, or some."""
        coupon_id = await service.create_coupon(viewer.id, data)
        return ok(await queries.get_coupon(coupon_id), "The coupon has been made.")

    @get("/{coupon_id:uuid}", operation_id="adminShowCoupon", guards=[requires(Role.MODERATOR)])
    async def show(self, coupon_id: FromPath[UUID]) -> Envelope[CouponOut]:
        """Anybody's coupon."""
        return ok(await queries.get_coupon(coupon_id))

    @patch("/{coupon_id:uuid}", operation_id="adminChangeCoupon", guards=[requires(Role.MANAGER)])
    async def change(
        self, coupon_id: FromPath[UUID], data: JSONBody[CouponChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[CouponOut]:
        """Change anybody's coupon for orders from now on, or switch it off."""
        await service.change_coupon(viewer.id, coupon_id, data)
        return ok(await queries.get_coupon(coupon_id), "Changed.")

    @delete("/{coupon_id:uuid}", operation_id="adminDeleteCoupon", guards=[requires(Role.MANAGER)])
    async def remove(
        self, coupon_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> None:
        """Take anybody's coupon away; orders that were placed with it stay as they are."""
        await service.delete_coupon(viewer.id, coupon_id, data.reason if data else "")


CONTROLLERS = [StaffCouponController]
