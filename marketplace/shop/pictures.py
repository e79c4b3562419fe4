from typing import Final

from marketplace.media.purposes import Purpose, declare

PRODUCT_IMAGE: Final = declare(Purpose("product_image", sizes=(200, 600, 1600)))
MOST: Final = 12
"""Pictures a product may have."""
