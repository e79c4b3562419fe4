"""How requests name a product, and who asks."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.shop.policies import Actor

ProductName: TypeAlias = Annotated[str, Meta(max_length=220, description="A product's slug or id.")]


def actor_of(viewer: Viewer) -> Actor:
    return Actor(viewer.id, is_staff=viewer.is_staff)
