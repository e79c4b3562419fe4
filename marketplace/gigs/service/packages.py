"""What a gig costs: up to three packages, one of them the main one, which lists show the price and days of."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from marketplace.core import clock, db
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.gigs.errors import LastPackage, PackageNotFound, TierTaken
from marketplace.gigs.policies import Actor, check_owns
from marketplace.gigs.queries.locking import LockedGig, lock_gig, lock_gig_of_package
from marketplace.gigs.service.moving import note_change
from marketplace.gigs.states import GigStatus, Tier


class PackageDraft(Struct, frozen=True, kw_only=True):
    """A package to be. Minor units of the gig's currency; no `revisions`: without limit."""

    tier: Tier
    title: str
    price_minor: int
    delivery_days: int
    description: str = ""
    revisions: int | None = 0
    features: list[str] = []
    is_main: bool = False


class PackagePatch(Struct, frozen=True, kw_only=True):
    """What to change of a package; what is UNSET stays."""

    tier: Tier | UnsetType = UNSET
    title: str | UnsetType = UNSET
    price_minor: int | UnsetType = UNSET
    delivery_days: int | UnsetType = UNSET
    description: str | UnsetType = UNSET
    revisions: int | UnsetType | None = UNSET
    features: list[str] | UnsetType = UNSET


async def create(gig_id: UUID, drafts: Sequence[PackageDraft]) -> list[UUID]:
    """A new gig's packages; the one that is marked is the main one, else the cheapest. Returns their ids. Raises ValidationFailed."""
    if len({draft.tier for draft in drafts}) < len(drafts):
        raise ValidationFailed.of("packages", "One package of each tier.")
    if sum(draft.is_main for draft in drafts) > 1:
        raise ValidationFailed.of("packages", "One of them is the main one.")
    ids = [await _insert(gig_id, draft) for draft in drafts]
    if ids:
        marked = next((id_ for id_, draft in zip(ids, drafts, strict=True) if draft.is_main), None)
        await _make_main(gig_id, marked)
    return ids


async def _insert(gig_id: UUID, draft: PackageDraft) -> UUID:
    package_id = uuid7()
    await db.execute(
        "INSERT INTO gig_packages (id, gig, tier, title, description, price_minor, delivery_days, revisions, is_main, features, "
        "archived_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, $9::jsonb, NULL, $10)",
        package_id, gig_id, draft.tier.value, draft.title, draft.description, draft.price_minor, draft.delivery_days,
        draft.revisions, msgspec.json.encode(draft.features).decode(), clock.now(),
    )  # fmt: skip
    return package_id


async def _make_main(gig_id: UUID, package_id: UUID | None) -> None:
    """That package, else the cheapest; none, where there is none. The gig's row says what it costs."""
    await db.execute("UPDATE gig_packages SET is_main = false WHERE gig = $1 AND is_main", gig_id)
    await db.execute(
        "UPDATE gig_packages SET is_main = true WHERE id = coalesce($2, (SELECT id FROM gig_packages WHERE gig = $1 "
        "AND archived_at IS NULL ORDER BY price_minor, id LIMIT 1))",
        gig_id, package_id,
    )  # fmt: skip
    await _tell_price(gig_id)


async def _tell_price(gig_id: UUID) -> None:
    await db.execute(
        "UPDATE gigs SET (starting_minor, delivery_days) = (SELECT price_minor, delivery_days FROM gig_packages "
        "WHERE gig = $1 AND is_main) WHERE id = $1",
        gig_id,
    )  # fmt: skip


async def add_package(gig_id: UUID, actor: Actor, draft: PackageDraft) -> UUID:
    """Raises GigNotFound, Forbidden, TierTaken."""
    async with db.transaction():
        gig = await lock_gig(gig_id)
        check_owns(actor, gig.seller)
        there = await _offered(gig_id)
        _check_tier(there, draft.tier)
        package_id = await _insert(gig_id, draft)
        if draft.is_main or not there:
            await _make_main(gig_id, package_id)
        await note_change(gig, actor)
        return package_id


async def _offered(gig_id: UUID) -> dict[UUID, Tier]:
    rows = await db.fetch("SELECT id, tier FROM gig_packages WHERE gig = $1 AND archived_at IS NULL", gig_id)
    return {row["id"]: Tier(row["tier"]) for row in rows}


def _check_tier(there: dict[UUID, Tier], tier: Tier) -> None:
    if tier in there.values():
        said = f"The gig has a {tier} package."
        raise TierTaken(said, fields={"tier": [said]}, free=[one.value for one in Tier if one not in there.values()])


COLUMNS: Final = ("tier", "title", "price_minor", "delivery_days", "description", "revisions")


async def update_package(package_id: UUID, actor: Actor, patch: PackagePatch) -> UUID:
    """Change a package for orders from now on. Returns its gig's id. Raises PackageNotFound, TierTaken."""
    async with db.transaction():
        gig, there = await _lock_offered(package_id, actor)
        if patch.tier is not UNSET and patch.tier is not there[package_id]:
            _check_tier(there, patch.tier)
        changes = {name: value for name in COLUMNS if (value := getattr(patch, name)) is not UNSET}
        if patch.features is not UNSET:
            changes["features"] = msgspec.json.encode(patch.features).decode()
        if changes:
            said = ", ".join(f"{name} = ${n}" for n, name in enumerate(changes, start=2))
            await db.execute(f"UPDATE gig_packages SET {said} WHERE id = $1", package_id, *changes.values())
            await _tell_price(gig.id)
            await note_change(gig, actor)
        return gig.id


async def _lock_offered(package_id: UUID, actor: Actor) -> tuple[LockedGig, dict[UUID, Tier]]:
    """The gig, and its packages; `package_id` is one of them still."""
    gig = await lock_gig_of_package(package_id, actor.id)
    there = await _offered(gig.id)
    if package_id not in there:
        raise PackageNotFound
    return gig, there


async def set_main(package_id: UUID, actor: Actor) -> UUID:
    """Lists show this one's price and days from now on. Returns its gig's id. Raises PackageNotFound."""
    async with db.transaction():
        gig, _ = await _lock_offered(package_id, actor)
        await _make_main(gig.id, package_id)
        await note_change(gig, actor)
        return gig.id


async def remove_package(package_id: UUID, actor: Actor) -> None:
    """Offer it no more; where it was the main one, the cheapest is. One that may have been ordered is kept for its orders.

    Raises PackageNotFound, LastPackage.
    """
    async with db.transaction():
        gig, there = await _lock_offered(package_id, actor)
        if len(there) == 1 and gig.status in (GigStatus.PUBLISHED, GigStatus.PENDING):
            raise LastPackage
        if gig.was_published:
            await db.execute(
                "UPDATE gig_packages SET archived_at = $2, is_main = false WHERE id = $1", package_id, clock.now()
            )
        else:
            await db.execute("DELETE FROM gig_packages WHERE id = $1", package_id)
        main = await db.fetch_val("SELECT id FROM gig_packages WHERE gig = $1 AND is_main", gig.id)
        await _make_main(gig.id, main)
        await note_change(gig, actor)
