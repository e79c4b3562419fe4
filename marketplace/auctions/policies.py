from uuid import UUID

from msgspec import Struct

from marketplace.auctions.errors import OwnInterest
from marketplace.core.errors import Forbidden


class Actor(Struct, frozen=True):
    """Who acts: an account, and whether it acts for the house."""

    id: UUID
    is_staff: bool = False


def owns(actor: Actor, seller_id: UUID) -> bool:
    return actor.id == seller_id


def check_owns(actor: Actor, seller_id: UUID) -> None:
    """Raises Forbidden unless the listing is the actor's own."""
    if not owns(actor, seller_id):
        raise Forbidden("Only its seller may do that.")


def check_owns_or_staff(actor: Actor, seller_id: UUID) -> None:
    if not actor.is_staff:
        check_owns(actor, seller_id)


def check_not_self(actor: Actor, *parties: UUID) -> None:
    """Staff are people who sell and bid, too. Raises OwnInterest."""
    if actor.id in parties:
        raise OwnInterest


def check_staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise Forbidden
