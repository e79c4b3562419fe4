"""How requests name a gig, and who asks."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from marketplace.accounts.viewer import Viewer
from marketplace.gigs.policies import Actor

GigName: TypeAlias = Annotated[str, Meta(max_length=160, description="A gig's slug or id.")]


def actor_of(viewer: Viewer) -> Actor:
    return Actor(viewer.id, is_staff=viewer.is_staff)
