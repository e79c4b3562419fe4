"""Coupons are made, changed and deleted: by sellers for their own goods, by staff for the house."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, Struct

from marketplace.core import clock, db, text
from marketplace.core.errors import ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.core.money import check_currency, to_minor
from marketplace.shop.coupon_errors import CodeTaken, CouponNotFound, LimitBelowUses, TooManyPromotions
from marketplace.shop.schemas.coupons import CouponChange, NewCoupon, NewHouseCoupon
from marketplace.shop.states import CouponKind

MOST_PROMOTIONS: Final = 20
"""Every price is worked out with all that run."""
FIELDS: Final = (
    "title", "percent_bps", "amount_minor", "max_discount_minor", "min_spend_minor", "scope", "starts_at", "ends_at", "max_uses",
    "max_uses_each", "combines", "is_active",
)  # fmt: skip
"""What can be changed, in the order of the statements."""
INSERT: Final = f"""
INSERT INTO coupons ({", ".join(FIELDS)}, id, seller, code, kind, currency, created_by, used_count, created_at, version_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 0, now(), now())
"""
UPDATE: Final = f"""
UPDATE coupons SET ({", ".join(FIELDS)}, version_at) = ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, now()) WHERE id = $13
"""


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True):
    products: list[UUID] = []
    categories: list[UUID] = []
    sellers: list[UUID] = []


class Values(Struct, frozen=True, kw_only=True):
    """What of a coupon can be changed, as it is stored."""

    title: str
    percent_bps: int | None
    amount_minor: int | None
    max_discount_minor: int | None
    min_spend_minor: int | None
    scope: Scope
    starts_at: datetime | None
    ends_at: datetime | None
    max_uses: int | None
    max_uses_each: int | None
    combines: bool
    is_active: bool

    def stored(self) -> list[Any]:
        values = {name: getattr(self, name) for name in FIELDS}
        return [*(values | {"scope": msgspec.json.encode(self.scope).decode()}).values()]


class Kept(Struct, frozen=True, kw_only=True):
    """What of a coupon never changes, and how often it has been used."""

    id: UUID
    seller: UUID | None
    code: str
    kind: CouponKind
    currency: str
    used_count: int


def code_of(written: str) -> str:
    """A code as it is kept."""
    return written.strip().upper()


async def create_coupon(new: NewCoupon, seller: UUID | None, actor: UUID) -> UUID:
    """A seller's, or the house's (None). Raises ValidationFailed, CodeTaken, TooManyPromotions."""
    currency = check_currency(new.currency) if new.currency else ""
    kept = Kept(id=uuid7(), seller=seller, code=code_of(new.code or ""), kind=new.kind, currency=currency, used_count=0)
    sellers = new.sellers if isinstance(new, NewHouseCoupon) else []
    values = Values(
        title=text.line(new.title, "title", required=True), percent_bps=_bps(new.percent),
        amount_minor=_minor(new.amount, currency, "amount"),
        max_discount_minor=_minor(new.max_discount, currency, "max_discount"),
        min_spend_minor=_minor(new.min_spend, currency, "min_spend"),
        scope=Scope(products=new.products, categories=new.categories, sellers=sellers), starts_at=new.starts_at,
        ends_at=new.ends_at, max_uses=new.max_uses, max_uses_each=new.max_uses_per_customer, combines=new.combines,
        is_active=new.is_active,
    )  # fmt: skip
    async with db.transaction():
        await _check(kept, values)
        try:
            async with db.savepoint():
                await db.execute(INSERT, *values.stored(), kept.id, seller, kept.code, kept.kind, kept.currency, actor)
        except asyncpg.UniqueViolationError:
            raise CodeTaken(fields={"code": [CodeTaken.default_message]}) from None
    return kept.id


async def change_coupon(
    coupon_id: UUID, change: CouponChange, seller: UUID | None, *, any_seller: bool = False
) -> None:
    """Orders that were placed with it stay as they are.

    Raises CouponNotFound unless it is `seller`'s (or `any_seller`), ValidationFailed, LimitBelowUses, TooManyPromotions.
    """
    async with db.transaction():
        kept, values = await _lock(coupon_id)
        if not any_seller and kept.seller != seller:
            raise CouponNotFound
        values = _changed(values, change, kept.currency)
        if values.max_uses is not None and values.max_uses < kept.used_count:
            message = f"It has been used {kept.used_count} times already. To end it, switch it off."
            raise LimitBelowUses(message, fields={"max_uses": [message]}, used=kept.used_count)
        await _check(kept, values)
        await db.execute(UPDATE, *values.stored(), coupon_id)


async def delete_coupon(coupon_id: UUID, seller: UUID | None, *, any_seller: bool = False) -> None:
    """Nobody uses it any more; its code is free again. Raises CouponNotFound."""
    async with db.transaction():
        kept, _ = await _lock(coupon_id)
        if not any_seller and kept.seller != seller:
            raise CouponNotFound
        await db.execute(
            "UPDATE coupons SET deleted_at = now(), version_at = now(), is_active = false WHERE id = $1", coupon_id
        )


async def _lock(coupon_id: UUID) -> tuple[Kept, Values]:
    row = await db.fetch_row(
        "SELECT *, scope::text AS scope FROM coupons WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE", coupon_id
    )
    if row is None:
        raise CouponNotFound
    kept = Kept(**{name: row[name] for name in Kept.__struct_fields__} | {"kind": CouponKind(row["kind"])})
    found = {name: row[name] for name in FIELDS} | {"scope": msgspec.json.decode(row["scope"], type=Scope)}
    return kept, Values(**found)


def _changed(values: Values, change: CouponChange, currency: str) -> Values:
    wanted: dict[str, Any] = {}
    for name in ("starts_at", "ends_at", "max_uses", "combines", "is_active"):
        if getattr(change, name) is not UNSET:
            wanted[name] = getattr(change, name)
    if change.max_uses_per_customer is not UNSET:
        wanted["max_uses_each"] = change.max_uses_per_customer
    if change.title is not UNSET:
        wanted["title"] = text.line(change.title, "title", required=True)
    if change.percent is not UNSET:
        wanted["percent_bps"] = _bps(change.percent)
    for name in ("amount", "max_discount", "min_spend"):
        if (amount := getattr(change, name)) is not UNSET:
            wanted[f"{name}_minor"] = _minor(amount, currency, name)
    scope = {name: getattr(change, name) for name in ("products", "categories") if getattr(change, name) is not UNSET}
    return msgspec.structs.replace(values, **wanted, scope=msgspec.structs.replace(values.scope, **scope))


def _bps(percent: Decimal | None) -> int | None:
    if percent is None:
        return None
    if not percent.is_finite() or not 0 < percent <= 100 or percent * 100 != int(percent * 100):
        raise ValidationFailed.of("percent", "Must be more than 0, at most 100, with two decimals at most.")
    return int(percent * 100)


def _minor(amount: Decimal | None, currency: str, field: str) -> int | None:
    if amount is None:
        return None
    if not currency:
        raise ValidationFailed.of("currency", f"Say in which currency {field} is.")
    minor = to_minor(amount, currency, field)
    if not minor:
        raise ValidationFailed.of(field, "Must be more than zero.")
    return minor


async def _check(kept: Kept, values: Values) -> None:
    wrong: dict[str, list[str]] = {}
    if (kept.kind is CouponKind.PERCENT) != (values.percent_bps is not None):
        wrong["percent"] = ["A percentage has this, and nothing else has."]
    if (kept.kind is CouponKind.FIXED) != (values.amount_minor is not None):
        wrong["amount"] = ["A fixed discount has this, and nothing else has."]
    if values.starts_at and values.ends_at and values.ends_at <= values.starts_at:
        wrong["ends_at"] = ["Must be after it starts."]
    if wrong:
        raise ValidationFailed(fields=wrong)
    await _check_scope(values.scope, kept.seller)
    running = values.is_active and (values.ends_at is None or values.ends_at > clock.now())
    if not kept.code and running:
        await _check_promotions(kept)


async def _check_scope(scope: Scope, seller: UUID | None) -> None:
    products = await db.fetch(
        "SELECT id FROM products WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL AND ($2::uuid IS NULL OR seller = $2)",
        scope.products, seller,
    )  # fmt: skip
    _all_known("products", scope.products, products)
    _all_known(
        "categories", scope.categories, await db.fetch("SELECT id FROM categories WHERE id = ANY($1)", scope.categories)
    )
    _all_known("sellers", scope.sellers, await db.fetch("SELECT id FROM users WHERE id = ANY($1)", scope.sellers))


def _all_known(field: str, wanted: Sequence[UUID], found: Sequence[asyncpg.Record]) -> None:
    unknown = sorted(str(one) for one in set(wanted) - {row["id"] for row in found})
    if unknown:
        raise ValidationFailed.of(field, f"Not known, or not yours: {', '.join(unknown)}.")


async def _check_promotions(kept: Kept) -> None:
    """Of the house, or of one seller; counted one after the other."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"promotions:{kept.seller}")
    others = await db.fetch_val(
        "SELECT count(*) FROM coupons WHERE code = '' AND is_active AND deleted_at IS NULL AND id <> $1 "
        "AND seller IS NOT DISTINCT FROM $2 AND (ends_at IS NULL OR ends_at > now())",
        kept.id, kept.seller,
    )  # fmt: skip
    if others >= MOST_PROMOTIONS:
        raise TooManyPromotions(f"At most {MOST_PROMOTIONS} promotions run at once.", limit=MOST_PROMOTIONS)
