from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.queries import portfolio as queries
from marketplace.accounts.queries.portfolio import SKILLS, WORKS, WorkFilters
from marketplace.accounts.schemas.portfolio import Feature, NewSkill, NewWork, Skill, Work, WorkChange, WorkImageForm
from marketplace.accounts.service import portfolio as service
from marketplace.accounts.viewer import Viewer
from marketplace.core import ratelimit
from marketplace.core.envelope import Envelope, Page, ok
from marketplace.core.filters import NoFilters
from marketplace.core.pagination import ListQuery
from marketplace.media.service import uploads

ONE = "/{item_id:uuid}"


class SkillController(Controller):
    path = "/users/skills"
    tags = ("Skills and portfolio",)

    @get(operation_id="listSkills", opt={"listing": SKILLS})
    async def list_own(
        self, listing: NamedDependency[ListQuery[NoFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[Skill]]:
        """Your own skills."""
        return await queries.list_skills(viewer.id, listing)

    @post(operation_id="addSkill")
    async def add(self, data: JSONBody[NewSkill], viewer: NamedDependency[Viewer]) -> Envelope[Skill]:
        """Add a skill. Refuses with `skill_exists` if you have it, in whatever case, or `too_many` beyond 50."""
        return ok(await service.add_skill(viewer.id, data), "Skill added")

    @delete("/{skill_id:uuid}", operation_id="removeSkill")
    async def remove(self, skill_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Remove a skill."""
        await service.remove_skill(viewer.id, skill_id)


class PortfolioController(Controller):
    path = "/users/portfolio"
    tags = ("Skills and portfolio",)

    @get(operation_id="listPortfolio", opt={"listing": WORKS})
    async def list_own(
        self, listing: NamedDependency[ListQuery[WorkFilters]], viewer: NamedDependency[Viewer]
    ) -> Envelope[Page[Work]]:
        """Your own portfolio, featured items first."""
        return await queries.list_works(viewer.id, listing)

    @post(operation_id="addPortfolioItem")
    async def add(self, data: JSONBody[NewWork], viewer: NamedDependency[Viewer]) -> Envelope[Work]:
        """Add a work. Refuses with `too_many` beyond 100."""
        return ok(await service.add_work(viewer.id, data), "Portfolio item added")

    @get(ONE, operation_id="getPortfolioItem")
    async def show(self, item_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[Work]:
        """One of your own works."""
        return ok(await queries.get_work(viewer.id, item_id))

    @put(ONE, operation_id="putPortfolioItem")
    async def replace(
        self, item_id: FromPath[UUID], data: JSONBody[WorkChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[Work]:
        """Change a work. What is left out stays as it is."""
        return ok(await service.change_work(viewer.id, item_id, data), "Portfolio item updated")

    @patch(ONE, operation_id="changePortfolioItem")
    async def change(
        self, item_id: FromPath[UUID], data: JSONBody[WorkChange], viewer: NamedDependency[Viewer]
    ) -> Envelope[Work]:
        """Change a work. What is left out stays as it is."""
        return ok(await service.change_work(viewer.id, item_id, data), "Portfolio item updated")

    @post(f"{ONE}/feature", operation_id="featurePortfolioItem", status_code=HTTP_200_OK)
    async def feature(
        self, item_id: FromPath[UUID], viewer: NamedDependency[Viewer], data: JSONBody[Feature | None] = None
    ) -> Envelope[Work]:
        """Show a work first; `{"is_featured": false}` takes it back. Refuses with `too_many` beyond 6."""
        wanted = data or Feature()
        return ok(await service.feature_work(viewer.id, item_id, wanted.is_featured))

    @post(f"{ONE}/image", operation_id="setPortfolioImage", request_max_body_size=uploads.body_limit())
    async def set_image(
        self, item_id: FromPath[UUID], data: MultipartBody[WorkImageForm], viewer: NamedDependency[Viewer]
    ) -> Envelope[Work]:
        """Show a picture with a work: JPEG, PNG, GIF or WebP. It is there once its `state` is `ready`."""
        await ratelimit.hit("uploads", str(viewer.id))
        return ok(await service.set_work_image(viewer.id, item_id, data.image))

    @delete(ONE, operation_id="removePortfolioItem")
    async def remove(self, item_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Remove a work."""
        await service.remove_work(viewer.id, item_id)
