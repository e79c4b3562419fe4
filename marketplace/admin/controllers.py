"""The staff's REST API."""

from typing import Any
from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts.queries.users import USERS, UserFilters, get_user_row, list_users
from marketplace.accounts.schemas.profiles import UserRow
from marketplace.accounts.service import governance
from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.admin import (
    coupon_controllers,
    gig_controllers,
    money_controllers,
    queries,
    review_controllers,
    service,
)
from marketplace.admin.queries import AUCTIONS, AuctionFilters
from marketplace.admin.schemas import BanUser, ChangeUser, Dashboard, Noted, SettingOut, StaffAuctionRow
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery


class StaffController(Controller):
    path = "/admin"
    tags = ("Admin",)
    guards = [requires(Role.MODERATOR)]  # noqa: RUF012 - Litestar wants a list

    @get("/dashboard", operation_id="adminDashboard")
    async def dashboard(self) -> Envelope[Dashboard]:
        """How the house stands."""
        return ok(await queries.get_dashboard())

    @get("/users", operation_id="adminListUsers", opt={"listing": USERS})
    async def users(self, listing: NamedDependency[ListQuery[UserFilters]]) -> Envelope[Page[UserRow]]:
        """All accounts."""
        return await list_users(listing)

    @get("/users/{user_id:uuid}", operation_id="adminShowUser")
    async def user(self, user_id: FromPath[UUID]) -> Envelope[UserRow]:
        """One account."""
        return ok(await get_user_row(user_id))

    @patch("/users/{user_id:uuid}", operation_id="adminPatchUser")
    async def patch_user(
        self, user_id: FromPath[UUID], data: JSONBody[ChangeUser], viewer: NamedDependency[Viewer]
    ) -> Envelope[UserRow]:
        """Change role, status or verification; what is left out stays."""
        await service.change_user(viewer.id, user_id, data)
        return ok(await get_user_row(user_id), "Changed.")

    @put("/users/{user_id:uuid}", operation_id="adminPutUser")
    async def put_user(
        self, user_id: FromPath[UUID], data: JSONBody[ChangeUser], viewer: NamedDependency[Viewer]
    ) -> Envelope[UserRow]:
        """The same as PATCH."""
        await service.change_user(viewer.id, user_id, data)
        return ok(await get_user_row(user_id), "Changed.")

    @post("/users/{user_id:uuid}/ban", operation_id="adminBanUser", status_code=200)
    async def ban(
        self, user_id: FromPath[UUID], data: JSONBody[BanUser], viewer: NamedDependency[Viewer]
    ) -> Envelope[UserRow]:
        """Shut an account out at once: its tokens end, its sockets close. The reason is kept and mailed to nobody."""
        await governance.ban_user(viewer.id, user_id, data.reason)
        return ok(await get_user_row(user_id), "Banned.")

    @post("/users/{user_id:uuid}/unban", operation_id="adminUnbanUser", status_code=200)
    async def unban(
        self, user_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> Envelope[UserRow]:
        """Let a banned account in again."""
        await governance.unban_user(viewer.id, user_id, data.reason if data else "")
        return ok(await get_user_row(user_id), "The ban is lifted.")

    @post("/users/{user_id:uuid}/verify", operation_id="adminVerifyUser", status_code=200)
    async def verify(
        self, user_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> Envelope[UserRow]:
        """Vouch for an account: its address counts as proven, and identity documents that wait are approved."""
        await service.verify_user(viewer.id, user_id, data.reason if data else "")
        return ok(await get_user_row(user_id), "Verified.")

    @get("/auctions", operation_id="adminListAuctions", opt={"listing": AUCTIONS})
    async def auctions(self, listing: NamedDependency[ListQuery[AuctionFilters]]) -> Envelope[Page[StaffAuctionRow]]:
        """All auctions, also the removed ones."""
        return await queries.list_auctions(listing)

    @delete("/auctions/{auction_id:uuid}", operation_id="adminRemoveAuction")
    async def remove_auction(
        self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> None:
        """Take an auction down: its bids come to nothing, nobody owes anything for it."""
        await service.remove_auction(viewer.id, auction_id, (data.reason if data else "") or "removed by staff")

    @post("/auctions/{auction_id:uuid}/end", operation_id="adminEndAuction", status_code=204)
    async def end_auction(
        self, auction_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Noted | None] = None
    ) -> None:
        """End a running auction now; who leads has won it."""
        await service.end_auction(viewer.id, auction_id, (data.reason if data else "") or "ended by staff")


class SettingsController(Controller):
    path = "/admin/settings"
    tags = ("Admin",)

    @get("/", operation_id="adminListSettings", guards=[requires(Role.MANAGER)])
    async def show(self) -> Envelope[list[SettingOut]]:
        """Every setting of the platform: what it is, what it is by default, and what it does."""
        return ok(await queries.list_settings())

    @put("/", operation_id="adminChangeSettings", guards=[requires(Role.ADMIN)])
    async def change(
        self, data: JSONBody[dict[str, Any]], viewer: NamedDependency[Viewer]
    ) -> Envelope[list[SettingOut]]:
        """Change settings by key: all of them, or with a refusal none. Every change is audited."""
        await service.change_settings(viewer.id, data)
        return ok(await queries.list_settings(), "Changed.")


CONTROLLERS = [
    StaffController,
    SettingsController,
    *money_controllers.CONTROLLERS,
    *coupon_controllers.CONTROLLERS,
    *review_controllers.CONTROLLERS,
    *gig_controllers.CONTROLLERS,
]
