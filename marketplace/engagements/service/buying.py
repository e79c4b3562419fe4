"""Ordering a package of a gig, with extras."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.core import db
from marketplace.core.money import MAX_MINOR, Money
from marketplace.engagements.schemas.work import Question
from marketplace.engagements.service.opening import Terms, open_work
from marketplace.engagements.states import QuestionKind
from marketplace.gigs.errors import UnknownPackage
from marketplace.gigs.service.ordering import Offer, Requirement, lock_offer
from marketplace.orders.errors import TotalTooLarge
from marketplace.orders.fulfilment import Line


async def order_package(
    buyer: UUID, package_id: UUID, extras: Sequence[UUID] = (), quantity: int = 1, note: str = ""
) -> UUID:
    """Place the order of a package at today's terms. The order's id.

    A quantity multiplies the package; days and revisions are for all of it. Raises UnknownPackage, UnknownExtra, GigNotFound,
    GigPaused, GigArchived, OwnGig, TotalTooLarge.
    """
    async with db.transaction():
        gig_id = await db.fetch_val("SELECT gig FROM gig_packages WHERE id = $1", package_id)
        if gig_id is None:
            said = "There is no such package."
            raise UnknownPackage(said, fields={"package_id": [said]})
        offer = await lock_offer(gig_id, buyer, package_id, extras)
        lines = _lines(offer, quantity)
        if sum(line.total.minor for line in lines) > MAX_MINOR:
            raise TotalTooLarge
        terms = Terms(
            seller=offer.seller, gig=offer.gig, package=offer.package.id, lines=lines,
            delivery_days=offer.delivery_days, revisions=offer.revisions, questions=as_asked(offer.requirements), note=note,
        )  # fmt: skip
        return await open_work(buyer, terms)


def _lines(offer: Offer, quantity: int) -> list[Line]:
    package = offer.package
    bought = Line(
        subject=package.id, title=f"{offer.title}: {package.title}", quantity=quantity, category=offer.category,
        total=Money(package.price_minor * quantity, offer.currency),
        snapshot={
            "gig_id": str(offer.gig), "tier": package.tier, "description": package.description, "features": package.features,
            "delivery_days": package.delivery_days, "revisions": package.revisions,
        },
    )  # fmt: skip
    on_top = [
        Line(
            subject=extra.id, title=extra.title, category=offer.category, total=Money(extra.price_minor, offer.currency),
            snapshot={"gig_id": str(offer.gig), "extra_days": extra.extra_days},
        )
        for extra in offer.extras
    ]  # fmt: skip
    return [bought, *on_top]


def as_asked(requirements: Sequence[Requirement]) -> list[Question]:
    return [
        Question(
            question=one.question, kind=QuestionKind(one.kind), choices=one.choices, is_required=one.is_required
        )
        for one in requirements
    ]  # fmt: skip
