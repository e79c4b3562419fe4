"""What an order is placed on: a published gig, locked, with what was chosen of it and what that costs.

    async with db.transaction():
        offer = await lock_offer(gig_id, buyer.id, package_id, extra_ids)
        ...  # place the order on offer.price, offer.delivery_days, offer.revisions, offer.requirements

Whoever changes a gig holds the same lock, so that what is ordered is what is offered at that moment.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import clock, db
from marketplace.core.money import Money
from marketplace.gigs.errors import GigArchived, GigNotFound, GigPaused, OwnGig, UnknownExtra, UnknownPackage
from marketplace.gigs.queries.locking import LockedGig, lock_gig
from marketplace.gigs.states import GigStatus, RequirementKind, Tier


class OfferedPackage(Struct, frozen=True, kw_only=True):
    """No `revisions`: as many as are asked for."""

    id: UUID
    tier: Tier
    title: str
    description: str
    price_minor: int
    delivery_days: int
    revisions: int | None
    is_main: bool
    features: list[str]


class OfferedExtra(Struct, frozen=True, kw_only=True):
    id: UUID
    title: str
    price_minor: int
    extra_days: int


class Requirement(Struct, frozen=True, kw_only=True):
    """A question to the buyer; `choices` are for the kinds that have them."""

    id: UUID
    kind: RequirementKind
    question: str
    choices: list[str]
    is_required: bool


class Offer(Struct, frozen=True, kw_only=True):
    """A snapshot to place an order on. `price` is of the package with its extras; delivered within `delivery_days`, at least one."""

    gig: UUID
    seller: UUID
    title: str
    slug: str
    category: UUID | None
    currency: str
    package: OfferedPackage
    extras: list[OfferedExtra]
    requirements: list[Requirement]

    @property
    def price(self) -> Money:
        return Money(self.package.price_minor + sum(extra.price_minor for extra in self.extras), self.currency)

    @property
    def delivery_days(self) -> int:
        return max(1, self.package.delivery_days + sum(extra.extra_days for extra in self.extras))

    @property
    def revisions(self) -> int | None:
        return self.package.revisions


async def lock_offer(
    gig_id: UUID, buyer_id: UUID, package_id: UUID | None = None, extra_ids: Sequence[UUID] = ()
) -> Offer:
    """Lock a published gig and price what was chosen: without a package, the main one. Belongs into the caller's transaction.

    Raises GigNotFound (also for what the buyer may not see), GigPaused, GigArchived, OwnGig, UnknownPackage naming `package_id`,
    UnknownExtra naming `extras`.
    """
    gig = await lock_gig(gig_id)
    _check_orderable(gig, buyer_id)
    return Offer(
        gig=gig.id, seller=gig.seller, title=gig.title, slug=gig.slug, category=gig.category, currency=gig.currency,
        package=await _package(gig.id, package_id), extras=await _extras(gig.id, extra_ids),
        requirements=await requirements_of(gig.id),
    )  # fmt: skip


def _check_orderable(gig: LockedGig, buyer_id: UUID) -> None:
    if gig.seller == buyer_id:
        raise OwnGig
    if gig.hidden:
        raise GigNotFound
    if gig.status is GigStatus.PAUSED:
        raise GigPaused
    if gig.status is GigStatus.ARCHIVED and gig.was_published:
        raise GigArchived
    if gig.status is not GigStatus.PUBLISHED:
        raise GigNotFound


PACKAGES: Final = """SELECT json_build_object('id', id, 'tier', tier, 'title', title, 'description', description,
  'price_minor', price_minor, 'delivery_days', delivery_days, 'revisions', revisions, 'is_main', is_main,
  'features', features)::text FROM gig_packages WHERE gig = $1 AND archived_at IS NULL ORDER BY price_minor, id"""


async def _package(gig_id: UUID, package_id: UUID | None) -> OfferedPackage:
    offered = [msgspec.json.decode(row[0], type=OfferedPackage) for row in await db.fetch(PACKAGES, gig_id)]
    for one in offered:
        if one.id == package_id or (package_id is None and one.is_main):
            return one
    said = "This gig has no such package."
    raise UnknownPackage(said, fields={"package_id": [said]}, packages=[str(one.id) for one in offered])


EXTRAS: Final = """SELECT id, title, price_minor, extra_days FROM gig_extras
  WHERE gig = $1 AND archived_at IS NULL ORDER BY position, id"""


async def _extras(gig_id: UUID, extra_ids: Sequence[UUID]) -> list[OfferedExtra]:
    if not extra_ids:
        return []
    offered = {row["id"]: OfferedExtra(**dict(row)) for row in await db.fetch(EXTRAS, gig_id)}
    if not set(extra_ids) <= offered.keys() or len(set(extra_ids)) < len(extra_ids):
        said = "Name extras that this gig has, each once."
        raise UnknownExtra(said, fields={"extras": [said]}, extras=[str(extra_id) for extra_id in offered])
    return [one for extra_id, one in offered.items() if extra_id in extra_ids]


REQUIREMENTS: Final = """SELECT coalesce(json_agg(json_build_object('id', id, 'kind', kind, 'question', question,
  'choices', choices, 'is_required', is_required) ORDER BY position, id), '[]')::text FROM gig_requirements WHERE gig = $1"""


async def requirements_of(gig_id: UUID) -> list[Requirement]:
    return msgspec.json.decode(await db.fetch_val(REQUIREMENTS, gig_id), type=list[Requirement])


async def note_ordered(gig_id: UUID) -> None:
    """Somebody has bought this gig: once for an order, in the transaction or after the event that makes it true."""
    async with db.transaction():
        await db.execute("UPDATE gigs SET order_count = order_count + 1 WHERE id = $1", gig_id)
        await db.execute(
            "INSERT INTO gig_days (gig, day, views, clicks, orders) VALUES ($1, $2, 0, 0, 1) "
            "ON CONFLICT (gig, day) DO UPDATE SET orders = gig_days.orders + 1",
            gig_id, clock.now().date(),
        )  # fmt: skip


async def note_completed(gig_id: UUID) -> None:
    """The work of one of its orders is done: once for an order, after `note_ordered`."""
    await db.execute("UPDATE gigs SET completed_count = completed_count + 1 WHERE id = $1", gig_id)
