"""Coupons: as lists and forms show them, and as prices are worked out with them."""

from collections.abc import Collection, Sequence
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from marketplace.core import db, rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing
from marketplace.core.pagination import ListQuery, Order, Rows
from marketplace.shop.coupon_errors import CouponNotFound
from marketplace.shop.pricing.parts import Terms
from marketplace.shop.schemas.coupons import CouponOut
from marketplace.shop.states import CouponKind, CouponState

STATE: Final = """CASE WHEN NOT c.is_active THEN 'stopped' WHEN c.ends_at <= now() THEN 'expired'
  WHEN c.used_count >= c.max_uses THEN 'used_up' WHEN c.starts_at > now() THEN 'scheduled' ELSE 'active' END"""
COLUMNS: Final = f"""c.id, c.seller, nullif(c.code, '') AS code, c.title, c.kind,
  trim_scale(c.percent_bps / 100.0)::text AS percent, money_text(c.amount_minor, c.currency) AS amount,
  nullif(c.currency, '') AS currency, money_text(c.max_discount_minor, c.currency) AS max_discount,
  money_text(c.min_spend_minor, c.currency) AS min_spend, coalesce(c.scope -> 'products', '[]') AS products,
  coalesce(c.scope -> 'categories', '[]') AS categories, coalesce(c.scope -> 'sellers', '[]') AS sellers,
  c.starts_at, c.ends_at, c.max_uses, c.max_uses_each AS max_uses_per_customer, c.used_count, c.combines, c.is_active,
  {STATE} AS state, c.created_at, c.version_at AS updated_at"""
TERMS: Final = """
SELECT coalesce(json_agg(terms ORDER BY terms.id), '[]')::text FROM (
  SELECT c.id, c.version_at AS version, c.code, c.title, c.kind, c.percent_bps, c.amount_minor, c.currency,
    c.max_discount_minor, c.min_spend_minor, c.seller, coalesce(c.scope -> 'products', '[]') AS products,
    coalesce(c.scope -> 'categories', '[]') AS categories, coalesce(c.scope -> 'sellers', '[]') AS sellers,
    c.starts_at, c.ends_at, c.is_active, c.combines, c.max_uses - c.used_count AS "left",
    c.max_uses_each - (SELECT count(*) FROM coupon_uses u
      WHERE u.coupon = c.id AND u."user" = $3 AND u.given_back_at IS NULL) AS left_each
  FROM coupons c
  WHERE c.deleted_at IS NULL AND (c.code = ANY($1::text[]) OR (c.code = '' AND c.is_active
    AND (c.starts_at IS NULL OR c.starts_at <= now()) AND (c.ends_at IS NULL OR c.ends_at > now())
    AND (c.seller IS NULL OR c.seller = ANY($2::uuid[]))))) AS terms
"""


class CouponFilters(Filters):
    kind: CouponKind | None = None
    state: CouponState | None = None
    automatic: Annotated[bool, Meta(description="Promotions that need no code, or those with one.")] | None = None


class StaffCouponFilters(CouponFilters):
    seller: UUID | None = None
    house: Annotated[bool, Meta(description="Those of the house, or the sellers'.")] | None = None


def _listing(name: str, filters: type[CouponFilters]) -> Listing[CouponFilters]:
    return Listing(
        name, filters, key=Order("c.id", "uuid"), default="-created_at", search=("c.code", "c.title"), date="c.created_at",
        ordering={
            "created_at": Order("c.created_at", "timestamptz"), "code": Order("c.code", "text"),
            "used_count": Order("c.used_count", "integer"),
        },
    )  # fmt: skip


COUPONS: Final = _listing("coupons", CouponFilters)
STAFF_COUPONS: Final = _listing("admin_coupons", StaffCouponFilters)


async def list_coupons(seller: UUID, listing: ListQuery[CouponFilters]) -> Envelope[Page[CouponOut]]:
    """A seller's own."""
    found = listing.rows("coupons c").columns(COLUMNS).where("c.deleted_at IS NULL AND c.seller = {}", seller)
    return await _filtered(found, listing.filters).page(CouponOut)


async def list_all_coupons(listing: ListQuery[StaffCouponFilters]) -> Envelope[Page[CouponOut]]:
    """Those of the house and of every seller."""
    wanted = listing.filters
    found = _filtered(listing.rows("coupons c").columns(COLUMNS).where("c.deleted_at IS NULL"), wanted)
    found = found.when("c.seller = {}", wanted.seller).when("(c.seller IS NULL) = {}", wanted.house)
    return await found.page(CouponOut)


def _filtered(found: Rows, wanted: CouponFilters) -> Rows:
    found = found.when("c.kind = {}", wanted.kind).when(f"{STATE} = {{}}", wanted.state)
    return found.when("(c.code = '') = {}", wanted.automatic)


async def get_coupon(coupon_id: UUID) -> CouponOut:
    """Raises CouponNotFound."""
    found = await rows.one_or_none(
        CouponOut, f"SELECT {COLUMNS} FROM coupons c WHERE c.id = $1 AND c.deleted_at IS NULL", coupon_id
    )
    if found is None:
        raise CouponNotFound
    return found


async def get_own_coupon(seller: UUID, coupon_id: UUID) -> CouponOut:
    """Raises CouponNotFound for those of others, too."""
    found = await get_coupon(coupon_id)
    if found.seller != seller:
        raise CouponNotFound
    return found


async def get_terms(codes: Sequence[str], sellers: Collection[UUID], customer: UUID | None) -> list[Terms]:
    """What these codes mean for this customer, and the promotions that run at these sellers."""
    text = await db.fetch_val(TERMS, list(codes), list(sellers), customer)
    return msgspec.json.decode(text, type=list[Terms])
