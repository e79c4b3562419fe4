"""Thin controllers; who may do what stands in `tests/permissions.py`."""

from marketplace.reviews.controllers.products import ProductReviewController
from marketplace.reviews.controllers.reviews import ReviewController

CONTROLLERS = [ProductReviewController, ReviewController]
