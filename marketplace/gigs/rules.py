"""What staff may tune, and what a gig may have at most."""

from typing import Annotated, Final

from msgspec import Meta

from marketplace.core import platform
from marketplace.gigs.states import Approval

APPROVAL = platform.define(
    "gigs.approval", Approval, Approval.NONE,
    "What staff look at before others see it: none; the first publication of each gig; or every change of its words and media, too.",
)  # fmt: skip
VERIFIED_ONLY = platform.define("gigs.verified_sellers_only", bool, True, "Only verified accounts may publish gigs.")
MIN_DESCRIPTION = platform.define(
    "gigs.min_description", Annotated[int, Meta(ge=0, le=2000)], 40, "So many characters a published gig's description has at least."
)  # fmt: skip
MEDIA_REQUIRED = platform.define(
    "gigs.media_required", bool, False, "A gig is published only with a picture or a video."
)

MOST_EXTRAS: Final = 10
MOST_FAQS: Final = 20
MOST_REQUIREMENTS: Final = 20
MOST_LANGUAGES: Final = 10
MOST_FEATURES: Final = 20
