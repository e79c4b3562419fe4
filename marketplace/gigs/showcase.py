"""What shows the work of a gig: pictures, videos and papers."""

from collections.abc import Mapping
from typing import Final

from marketplace.gigs.states import GigMediaKind
from marketplace.media.purposes import SHOWCASE, Purpose, declare
from marketplace.media.states import MediaKind

GIG_MEDIA: Final = declare(Purpose("gig_media", sizes=(200, 600, 1600), accepts=SHOWCASE, max_bytes=50 * 1024 * 1024))
MOST: Final[Mapping[GigMediaKind, int]] = {GigMediaKind.IMAGE: 12, GigMediaKind.VIDEO: 3, GigMediaKind.PDF: 3}
"""How many of each kind a gig may have."""
KINDS: Final[Mapping[MediaKind, GigMediaKind]] = {
    MediaKind.IMAGE: GigMediaKind.IMAGE, MediaKind.VIDEO: GigMediaKind.VIDEO, MediaKind.DOCUMENT: GigMediaKind.PDF,
}  # fmt: skip
"""What the accepted files are to a gig."""
