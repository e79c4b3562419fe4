"""Where Piccolo looks for the engine and the app registry."""

from piccolo.conf.apps import AppRegistry

from marketplace.core.db import DB as DB

APP_REGISTRY = AppRegistry(
    apps=[
        "marketplace.piccolo_app",
    ]
)
