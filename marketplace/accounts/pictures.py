"""What people upload about themselves, and how it is treated."""

from typing import Final

import msgspec

from marketplace.core import storage
from marketplace.media.purposes import PICTURES_AND_PDF, Purpose, declare
from marketplace.media.schemas import Rendition

AVATAR: Final = declare(Purpose("avatar", sizes=(100, 300, 500), square=True))
WORK: Final = declare(Purpose("portfolio_image", sizes=(300, 600, 1600)))
IDENTITY: Final = declare(Purpose("identity_document", sizes=(2000,), public=False, accepts=PICTURES_AND_PDF))

SHOWN: Final = "300"
"""The size that stands for the whole avatar where one address is wanted."""


def avatar_sizes(renditions: str | None) -> dict[str, str] | None:
    """The addresses by side in pixels of an avatar's `renditions`, as JSON text; None without an avatar."""
    if not renditions:
        return None
    made = msgspec.json.decode(renditions, type=list[Rendition])
    return {one.name: storage.url(one.key) for one in made} or None
