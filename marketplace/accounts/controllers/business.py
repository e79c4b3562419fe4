from litestar import Controller, get, patch, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from marketplace.accounts.errors import NoBusinessAccount
from marketplace.accounts.queries.business import find_business
from marketplace.accounts.schemas.business import Business, BusinessChange
from marketplace.accounts.service.business import set_business
from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok


class BusinessController(Controller):
    path = "/users/business"
    tags = ("Business account",)

    @get(operation_id="getBusiness", opt={"refuses": (404,)})
    async def show(self, viewer: NamedDependency[Viewer]) -> Envelope[Business]:
        """Your business account. Refuses with `no_business_account` when there is none."""
        business = await find_business(viewer.id)
        if business is None:
            raise NoBusinessAccount
        return ok(business)

    @put(operation_id="putBusiness")
    async def put(self, data: JSONBody[BusinessChange], viewer: NamedDependency[Viewer]) -> Envelope[Business]:
        """Make your business account, or change it. What is left out stays; tax numbers are checked by the country's rules."""
        return ok(await set_business(viewer.id, data), "Business account saved")

    @patch(operation_id="changeBusiness")
    async def change(self, data: JSONBody[BusinessChange], viewer: NamedDependency[Viewer]) -> Envelope[Business]:
        """Make your business account, or change it. What is left out stays as it is."""
        return ok(await set_business(viewer.id, data), "Business account saved")
