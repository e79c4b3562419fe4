from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import Forbidden


class Actor(Struct, frozen=True):
    """Who acts: an account, and whether it acts for the house."""

    id: UUID
    is_staff: bool = False


def check_owns(actor: Actor, seller_id: UUID) -> None:
    """Raises Forbidden unless the product is the actor's own."""
    if actor.id != seller_id:
        raise Forbidden("Only its seller may do that.")
