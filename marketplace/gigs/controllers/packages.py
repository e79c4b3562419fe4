from uuid import UUID

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from marketplace.accounts.viewer import Viewer
from marketplace.core.envelope import Envelope, ok
from marketplace.gigs.controllers.naming import GigName, actor_of
from marketplace.gigs.drafts import currency_of, currency_of_package, package_of, package_patch_of
from marketplace.gigs.freshness import CACHED
from marketplace.gigs.queries import gigs as queries
from marketplace.gigs.schemas.common import PackageOut
from marketplace.gigs.schemas.packages import PackageIn, UpdatePackage
from marketplace.gigs.service import packages

OF_GIG = "/{gig:str}/packages"
ONE = "/packages/{package_id:uuid}"
UPDATES = {"limit": "gig_update"}


class GigPackageController(Controller):
    path = "/gigs"
    tags = ("Gigs",)

    @get(OF_GIG, operation_id="listGigPackages", opt={"public": True, "cache": CACHED})
    async def list_all(
        self, gig: FromPath[GigName], visitor: NamedDependency[Viewer | None]
    ) -> Envelope[list[PackageOut]]:
        """What each price of a gig buys, from basic to premium."""
        return ok(await queries.get_packages(gig, visitor))

    @post(OF_GIG, operation_id="createGigPackage", opt={"idempotent": True, **UPDATES})
    async def create(
        self, gig: FromPath[GigName], data: JSONBody[PackageIn], viewer: NamedDependency[Viewer]
    ) -> Envelope[PackageOut]:
        """Add a package to your gig, one of each tier. The first is the main one."""
        gig_id = await queries.find_gig(gig, viewer)
        draft = package_of(data, await currency_of(gig_id))
        package_id = await packages.add_package(gig_id, actor_of(viewer), draft)
        return ok(await _one(gig_id, package_id, viewer), "The package has been added.")

    @put(ONE, operation_id="putGigPackage", opt=UPDATES)
    async def replace(
        self, package_id: FromPath[UUID], data: JSONBody[UpdatePackage], viewer: NamedDependency[Viewer]
    ) -> Envelope[PackageOut]:
        """Change a package of yours for orders from now on; what is left out stays."""
        return await _changed(package_id, data, viewer)

    @patch(ONE, operation_id="updateGigPackage", opt=UPDATES)
    async def change(
        self, package_id: FromPath[UUID], data: JSONBody[UpdatePackage], viewer: NamedDependency[Viewer]
    ) -> Envelope[PackageOut]:
        """Change a package of yours for orders from now on; what is left out stays."""
        return await _changed(package_id, data, viewer)

    @delete(ONE, operation_id="deleteGigPackage", opt=UPDATES)
    async def remove(self, package_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> None:
        """Offer a package no more. Where it was the main one, the cheapest of the others is."""
        await packages.remove_package(package_id, actor_of(viewer))

    @post(ONE + "/set-main", operation_id="setMainGigPackage", status_code=HTTP_200_OK, opt=UPDATES)
    async def set_main(self, package_id: FromPath[UUID], viewer: NamedDependency[Viewer]) -> Envelope[PackageOut]:
        """Have lists show this package's price and days."""
        gig_id = await packages.set_main(package_id, actor_of(viewer))
        return ok(await _one(gig_id, package_id, viewer), "It is the main package.")


async def _changed(package_id: UUID, data: UpdatePackage, viewer: Viewer) -> Envelope[PackageOut]:
    patch_ = package_patch_of(data, await currency_of_package(package_id))
    gig_id = await packages.update_package(package_id, actor_of(viewer), patch_)
    return ok(await _one(gig_id, package_id, viewer), "The package has been changed.")


async def _one(gig_id: UUID, package_id: UUID, viewer: Viewer) -> PackageOut:
    return next(one for one in await queries.get_packages(str(gig_id), viewer) if one.id == package_id)
