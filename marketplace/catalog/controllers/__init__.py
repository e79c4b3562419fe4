from marketplace.catalog.controllers.catalog import CategoryController, TagController
from marketplace.catalog.controllers.files import serve_media
from marketplace.catalog.controllers.media import MediaController

CONTROLLERS = [CategoryController, MediaController, TagController]
FILES = [serve_media]
"""Served at their own paths."""
