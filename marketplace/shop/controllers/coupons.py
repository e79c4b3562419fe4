from uuid import UUID

from litestar import Controller, HttpMethod, delete, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery
from marketplace.shop.queries import coupons as queries
from marketplace.shop.queries.coupons import CouponFilters
from marketplace.shop.schemas.coupons import CouponChange, CouponOut, NewCoupon
from marketplace.shop.service import coupons


class CouponController(Controller):
    path = "/shop/coupons"
    tags = ("Coupons",)

    @get(operation_id="listMyCoupons", opt={"listing": queries.COUPONS})
    async def mine(
        self, viewer: NamedDependency[Viewer], listing: NamedDependency[ListQuery[CouponFilters]]
    ) -> Envelope[Page[CouponOut]]:
        """The coupons and promotions for what you sell."""
        return await queries.list_coupons(viewer.id, listing)

    @post(operation_id="createCoupon", opt={"idempotent": True})
    async def create(self, data: JSONBody[NewCoupon], viewer: NamedDependency[Viewer]) -> Envelope[CouponOut]:
        """Make what you sell cheaper for who has the code; without a code, for everybody."""
        coupon_id = await coupons.create_coupon(data, viewer.id, viewer.id)
        return ok(await queries.get_own_coupon(viewer.id, coupon_id), "The coupon has been made.")

    @get("/{coupon_id:uuid}", operation_id="showMyCoupon")
    async def show(self, coupon_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[CouponOut]:
        """One of your coupons, with how often it has been used."""
        return ok(await queries.get_own_coupon(viewer.id, coupon_id))

    @route("/{coupon_id:uuid}", http_method=[HttpMethod.PUT, HttpMethod.PATCH], operation_id="changeCoupon")
    async def change(
        self, coupon_id: FromPath[UUID], data: JSONBody[CouponChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[CouponOut]:
        """Change its terms for orders from now on, or switch it off."""
        await coupons.change_coupon(coupon_id, data, viewer.id)
        return ok(await queries.get_own_coupon(viewer.id, coupon_id), "Changed.")

    @delete("/{coupon_id:uuid}", operation_id="deleteCoupon")
    async def remove(self, coupon_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Nobody uses it any more; orders that were placed with it stay as they are."""
        await coupons.delete_coupon(coupon_id, viewer.id)
