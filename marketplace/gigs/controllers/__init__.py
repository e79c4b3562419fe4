"""The HTTP side of gigs, by subject."""

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from marketplace.gigs.controllers.finding import FindingGigsController
from marketplace.gigs.controllers.gigs import GigController
from marketplace.gigs.controllers.media import GigMediaController
from marketplace.gigs.controllers.packages import GigPackageController

CONTROLLERS: Sequence[ControllerRouterHandler] = [
    GigController,
    GigPackageController,
    GigMediaController,
    FindingGigsController,
]
