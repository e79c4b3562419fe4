from marketplace.catalog.controllers.files import serve_media
from marketplace.catalog.controllers.media import MediaController

CONTROLLERS = [MediaController]
FILES = [serve_media]
"""Served at their own paths."""
