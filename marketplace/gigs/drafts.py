"""What the services are asked for, from a body: texts cleaned, amounts in minor units, a category found."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType

from marketplace.catalog.queries.categories import find_category
from marketplace.core import db, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import check_currency, to_minor
from marketplace.gigs.queries.narrowing import spoken
from marketplace.gigs.schemas.gigs import CreateGig, ExtraIn, FaqIn, RequirementIn, UpdateGig
from marketplace.gigs.schemas.packages import PackageIn, UpdatePackage
from marketplace.gigs.service.listing import GigDraft, GigPatch
from marketplace.gigs.service.packages import PackageDraft, PackagePatch
from marketplace.gigs.service.parts import ExtraDraft, FaqDraft, RequirementDraft
from marketplace.gigs.states import RequirementKind

WITH_CHOICES = frozenset({RequirementKind.CHOICE, RequirementKind.MULTIPLE})


async def draft_of(data: CreateGig) -> GigDraft:
    """Raises ValidationFailed naming the field."""
    currency = check_currency(data.currency)
    return GigDraft(
        title=text.line(data.title, "title", required=True), description=text.prose(data.description, "description"),
        currency=currency, category=await _category(_one_category(data.category, data.category_id)),
        languages=_languages(data.languages), tags=data.tags,
        packages=[package_of(one, currency, f"packages[{n}].") for n, one in enumerate(data.packages)],
        extras=_extras(data.extras, currency, new=True), faqs=_faqs(data.faqs), requirements=_requirements(data.requirements),
    )  # fmt: skip


async def patch_of(gig_id: UUID, data: UpdateGig) -> GigPatch:
    """Raises ValidationFailed naming the field."""
    currency = await currency_of(gig_id) if data.currency is UNSET else check_currency(data.currency)
    category = _one_category(data.category, data.category_id)
    return GigPatch(
        title=data.title if data.title is UNSET else text.line(data.title, "title", required=True),
        description=data.description if data.description is UNSET else text.prose(data.description, "description"),
        category=UNSET if category is UNSET else await find_category(category), currency=data.currency,
        languages=UNSET if data.languages is UNSET else _languages(data.languages), tags=data.tags,
        extras=UNSET if data.extras is UNSET else _extras(data.extras, currency),
        faqs=UNSET if data.faqs is UNSET else _faqs(data.faqs),
        requirements=UNSET if data.requirements is UNSET else _requirements(data.requirements),
    )  # fmt: skip


def package_of(one: PackageIn, currency: str, at: str = "") -> PackageDraft:
    return PackageDraft(
        tier=one.tier, title=text.line(one.title, f"{at}title", required=True),
        description=text.prose(one.description, f"{at}description"), price_minor=_price(one.price, currency, f"{at}price"),
        delivery_days=one.delivery_days, revisions=one.revisions, features=_lines(one.features, f"{at}features"),
        is_main=one.is_main,
    )  # fmt: skip


def package_patch_of(data: UpdatePackage, currency: str) -> PackagePatch:
    return PackagePatch(
        tier=data.tier, title=data.title if data.title is UNSET else text.line(data.title, "title", required=True),
        description=data.description if data.description is UNSET else text.prose(data.description, "description"),
        price_minor=UNSET if data.price is UNSET else _price(data.price, currency, "price"),
        delivery_days=data.delivery_days, revisions=data.revisions,
        features=UNSET if data.features is UNSET else _lines(data.features, "features"),
    )  # fmt: skip


async def currency_of(gig_id: UUID) -> str:
    return await db.fetch_val("SELECT currency FROM gigs WHERE id = $1", gig_id) or "USD"


async def currency_of_package(package_id: UUID) -> str:
    found = await db.fetch_val(
        "SELECT g.currency FROM gig_packages p JOIN gigs g ON g.id = p.gig WHERE p.id = $1", package_id
    )
    return found or "USD"


def _extras(extras: Sequence[ExtraIn], currency: str, *, new: bool = False) -> list[ExtraDraft]:
    if wrong := [n for n, one in enumerate(extras) if new and one.id is not None]:
        raise ValidationFailed.of(f"extras[{wrong[0]}].id", "A new gig has no extras yet.")
    return [
        ExtraDraft(
            id=one.id, title=text.line(one.title, f"extras[{n}].title", required=True),
            description=text.prose(one.description, f"extras[{n}].description"),
            price_minor=_price(one.price, currency, f"extras[{n}].price"), extra_days=one.extra_days,
        )
        for n, one in enumerate(extras)
    ]  # fmt: skip


def _faqs(faqs: Sequence[FaqIn]) -> list[FaqDraft]:
    return [
        FaqDraft(
            question=text.line(one.question, f"faqs[{n}].question", required=True),
            answer=text.prose(one.answer, f"faqs[{n}].answer", required=True),
        )
        for n, one in enumerate(faqs)
    ]


def _requirements(requirements: Sequence[RequirementIn]) -> list[RequirementDraft]:
    return [_requirement(one, f"requirements[{n}].") for n, one in enumerate(requirements)]


def _requirement(one: RequirementIn, at: str) -> RequirementDraft:
    choices = _lines(one.choices, f"{at}choices")
    if one.kind in WITH_CHOICES:
        if len(choices) < 2:
            raise ValidationFailed.of(f"{at}choices", "Two choices at least, each its own.")
    elif choices:
        raise ValidationFailed.of(f"{at}choices", f"A question of the kind {one.kind} has no choices.")
    return RequirementDraft(
        question=text.prose(one.question, f"{at}question", required=True), kind=one.kind, choices=choices,
        is_required=one.is_required,
    )  # fmt: skip


def _lines(lines: Sequence[str], field: str) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(text.line(one, field, required=True) for one in lines))


def _languages(languages: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(spoken(one) for one in languages))


def _price(amount: Decimal, currency: str, field: str) -> int:
    minor = to_minor(amount, currency, field)
    if minor == 0:
        raise ValidationFailed.of(field, "Must be more than zero.")
    return minor


def _one_category(category: str | UnsetType | None, category_id: UUID | UnsetType | None) -> Any:
    if category not in (None, UNSET) and category_id not in (None, UNSET) and str(category_id) != category:
        said = "category and category_id mean the same: send one of them."
        raise ValidationFailed(fields={"category": [said], "category_id": [said]})
    return category if category_id in (None, UNSET) else category_id


async def _category(wanted: str | UUID | None) -> UUID | None:
    """The category of an id or a slug. Raises UnknownCategory."""
    return None if not wanted else await find_category(wanted)
