"""Oneself, and other people."""

from uuid import UUID

from litestar import Controller, get, patch, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.accounts import presence
from marketplace.accounts.queries import profiles as queries
from marketplace.accounts.queries.users import USERS, UserFilters, list_users
from marketplace.accounts.schemas.profiles import OwnProfile, ProfileChange, PublicProfile, UserRow
from marketplace.accounts.schemas.reputation import Reputation
from marketplace.accounts.service import profiles as service
from marketplace.accounts.states import Role
from marketplace.accounts.viewer import Viewer, requires
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.pagination import ListQuery

OWN = ["/auth/me", "/users/me", "/users/profile"]


class ProfileController(Controller):
    tags = ("Profiles",)

    @get(OWN, operation_id="getOwnProfile")
    async def show_own(self, viewer: NamedDependency[Viewer]) -> Envelope[OwnProfile]:
        """Your own profile."""
        return ok(await queries.get_own_profile(viewer.id))

    @put(OWN, operation_id="putOwnProfile")
    async def put_own(self, data: JSONBody[ProfileChange], viewer: NamedDependency[Viewer]) -> Envelope[OwnProfile]:
        """Change your own profile. What is left out stays as it is."""
        return ok(await service.change_profile(viewer.id, data), "Profile updated")

    @patch(OWN, operation_id="changeOwnProfile")
    async def change_own(self, data: JSONBody[ProfileChange], viewer: NamedDependency[Viewer]) -> Envelope[OwnProfile]:
        """Change your own profile. What is left out stays as it is."""
        return ok(await service.change_profile(viewer.id, data), "Profile updated")

    @get("/users", operation_id="listUsers", guards=[requires(Role.MODERATOR)], opt={"listing": USERS})
    async def list_all(self, listing: NamedDependency[ListQuery[UserFilters]]) -> Envelope[Page[UserRow]]:
        """All accounts. For staff."""
        return await list_users(listing)

    @get("/users/{user_id:str}", operation_id="getUser", opt={"public": True})
    async def show(self, user_id: FromPath[str]) -> Envelope[PublicProfile]:
        """What anybody may see of a person, by id or username. A banned or erased account is not found."""
        return ok(await presence.seen(*await queries.get_public_profile(who(user_id))))

    @get("/users/{user_id:str}/reputation", operation_id="getReputation", opt={"public": True})
    async def reputation(self, user_id: FromPath[str]) -> Envelope[Reputation]:
        """What the record shows of a person, by id or username."""
        return ok(await queries.get_reputation(who(user_id)))


def who(text: str) -> UUID | str:
    """An id, or else a username; neither holds a NUL, which Postgres would refuse."""
    try:
        return UUID(text)
    except ValueError:
        return text.replace("\x00", "")
