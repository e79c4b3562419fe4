from typing import Final

from marketplace.media.purposes import Purpose, declare

AUCTION_IMAGE: Final = declare(Purpose("auction_image", sizes=(200, 600, 1600)))
MOST: Final = 12
"""Pictures an auction may have."""
