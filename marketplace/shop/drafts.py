"""What the service is asked for, from a body: texts cleaned, amounts in minor units, a category found."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, UnsetType

from marketplace.catalog.queries.categories import find_category
from marketplace.core import db, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.money import check_currency, to_minor
from marketplace.shop.schemas.products import CreateProduct, UpdateProduct, UpdateVariant, VariantIn
from marketplace.shop.service.listing import ProductDraft, ProductPatch
from marketplace.shop.service.variants import VariantDraft, VariantPatch

HEAVIEST: Final = Decimal(100_000)


async def draft_of(data: CreateProduct) -> ProductDraft:
    """Raises ValidationFailed naming the field."""
    currency = check_currency(data.currency)
    if data.variants and data.quantity is not None:
        raise ValidationFailed.of("quantity", "With variants, each has a quantity of its own.")
    return ProductDraft(
        name=text.line(data.name, "name", required=True), description=text.prose(data.description, "description"),
        category=await _category(_one_category(data.category, data.category_id)), currency=currency,
        price_minor=to_minor(data.price, currency, "price"),
        compare_minor=_minor(data.compare_price, currency, "compare_price"),
        cost_minor=_minor(data.cost_price, currency, "cost_price"),
        sku=text.line(data.sku, "sku"), quantity=data.quantity or 0, weight_g=grams(data.weight, "weight"),
        dimensions=text.line(data.dimensions, "dimensions"), attributes=attributes(data.attributes, "attributes"),
        variants=[_variant(one, currency, f"variants[{n}].") for n, one in enumerate(data.variants)],
        tags=data.tags, status=data.status, tracks_stock=data.tracks_stock, low_stock_at=data.low_stock_at, tax_class=data.tax_class,
    )  # fmt: skip


def _variant(one: VariantIn, currency: str, at: str) -> VariantDraft:
    return VariantDraft(
        name=text.line(one.name, f"{at}name", required=True), sku=text.line(one.sku, f"{at}sku"),
        price_minor=_price(one.price, currency, f"{at}price"), quantity=one.quantity,
        attributes=attributes(one.attributes, f"{at}attributes"), weight_g=grams(one.weight, f"{at}weight"),
    )  # fmt: skip


def _minor(amount: Decimal | None, currency: str, field: str) -> int | None:
    return None if amount is None else to_minor(amount, currency, field)


def _price(amount: Decimal | None, currency: str, field: str) -> int | None:
    minor = _minor(amount, currency, field)
    if minor == 0:
        raise ValidationFailed.of(field, "Must be more than zero.")
    return minor


def grams(kilograms: Decimal | None, field: str) -> int | None:
    """Raises ValidationFailed for what is no weight, or finer than a gram."""
    if kilograms is None:
        return None
    if not (kilograms.is_finite() and 0 < kilograms <= HEAVIEST):
        raise ValidationFailed.of(field, f"Must be more than zero and at most {HEAVIEST:,} kilograms.")
    scaled = kilograms.scaleb(3)
    if scaled != int(scaled):
        raise ValidationFailed.of(field, "In kilograms, with at most three decimals.")
    return int(scaled)


def attributes(said: Mapping[str, str], field: str) -> str:
    """The JSON of names and values. Raises ValidationFailed."""
    clean = {text.line(name, field, required=True): text.line(value, field) for name, value in said.items()}
    if any(":" in name for name in clean):
        raise ValidationFailed.of(field, "A name has no colon in it.")
    return text.small_json(clean, field, most_bytes=16_384)


def _one_category(category: Any, category_id: Any) -> Any:
    if category not in (None, UNSET) and category_id not in (None, UNSET) and str(category_id) != category:
        said = "category and category_id mean the same: send one of them."
        raise ValidationFailed(fields={"category": [said], "category_id": [said]})
    if category_id is UNSET or (category_id is None and category is not UNSET):
        return category
    return category_id


async def _category(wanted: str | UUID | None) -> UUID | None:
    """The category of an id or a slug. Raises UnknownCategory."""
    return None if not wanted else await find_category(wanted)


async def patch_of(product_id: UUID, data: UpdateProduct) -> ProductPatch:
    """Raises ValidationFailed naming the field."""
    currency = await _currency(product_id, data)
    category = _one_category(data.category, data.category_id)

    def minor(amount: Decimal | UnsetType | None, field: str) -> Any:
        return amount if amount is UNSET or amount is None else to_minor(amount, currency, field)

    return ProductPatch(
        name=_line(data.name, "name", required=True),
        description=data.description if data.description is UNSET else text.prose(data.description, "description"),
        category=UNSET if category is UNSET else await _category(category),
        price_minor=minor(data.price, "price"), compare_minor=minor(data.compare_price, "compare_price"),
        cost_minor=minor(data.cost_price, "cost_price"), sku=_line(data.sku, "sku"), quantity=data.quantity,
        weight_g=UNSET if data.weight is UNSET else grams(data.weight, "weight"),
        dimensions=_line(data.dimensions, "dimensions"),
        attributes=UNSET if data.attributes is UNSET else attributes(data.attributes, "attributes"),
        variants=UNSET if data.variants is UNSET else [
            _variant_patch(one, currency, f"variants[{n}].") for n, one in enumerate(data.variants)
        ],
        tags=data.tags, status=data.status, tracks_stock=data.tracks_stock, low_stock_at=data.low_stock_at, tax_class=data.tax_class,
    )  # fmt: skip


def _line(value: str | UnsetType, field: str, *, required: bool = False) -> str | UnsetType:
    return UNSET if value is UNSET else text.line(value, field, required=required)


async def _currency(product_id: UUID, data: UpdateProduct) -> str:
    currency: str = await db.fetch_val("SELECT currency FROM products WHERE id = $1", product_id) or "USD"
    if data.currency is not UNSET and data.currency != currency:
        raise ValidationFailed.of("currency", f"A listing keeps its currency, which is {currency}.")
    return currency


def _variant_patch(one: UpdateVariant, currency: str, at: str) -> VariantPatch:
    return VariantPatch(
        id=one.id, name=_line(one.name, f"{at}name", required=True), sku=_line(one.sku, f"{at}sku"),
        price_minor=UNSET if one.price is UNSET else _price(one.price, currency, f"{at}price"), quantity=one.quantity,
        attributes=UNSET if one.attributes is UNSET else attributes(one.attributes, f"{at}attributes"),
        weight_g=UNSET if one.weight is UNSET else grams(one.weight, f"{at}weight"),
    )  # fmt: skip
