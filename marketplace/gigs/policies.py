from uuid import UUID

from msgspec import Struct

from marketplace.core.errors import Forbidden
from marketplace.gigs.states import Approval


class Actor(Struct, frozen=True):
    """Who acts: an account, and whether it acts for the house."""

    id: UUID
    is_staff: bool = False


def check_owns(actor: Actor, seller_id: UUID) -> None:
    """Raises Forbidden unless the gig is the actor's own."""
    if actor.id != seller_id:
        raise Forbidden("Only its seller may do that.")


def waits_for_staff(policy: Approval, *, approved: bool, must_be_approved: bool) -> bool:
    """Whether a gig that its seller publishes is looked at first. One that was rejected always is."""
    return must_be_approved or (policy is not Approval.NONE and not approved)
