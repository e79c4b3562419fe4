"""Using coupons, and giving them back. Both in the transaction of the order, under the coupon's lock.

The order of locks: stock, then coupons (in the order of their ids), then checkout and orders. `lock_of` is for what must lock
before it knows what it will do: a kind's `lock`.
"""

from typing import Final
from uuid import UUID

import asyncpg

from marketplace.core import clock, db
from marketplace.core.ids import uuid7
from marketplace.shop.coupon_errors import CouponChanged, CouponRefused
from marketplace.shop.pricing.discounts import refused
from marketplace.shop.pricing.parts import AppliedCoupon, CouponRefusal, Quote

LOCK: Final = """
SELECT id, version_at, used_count, max_uses, max_uses_each, is_active AND (ends_at IS NULL OR ends_at > $2) AS is_good
FROM coupons WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""
SLOTS: Final = """
SELECT coupon, array_agg(slot) AS slots FROM coupon_uses
WHERE coupon = ANY($1::uuid[]) AND "user" = $2 AND given_back_at IS NULL GROUP BY coupon
"""
USE: Final = """
INSERT INTO coupon_uses (id, coupon, "user", checkout, slot, most_each, discount_minor, currency, open_sellers, created_at)
SELECT u.id, u.coupon, $1, $2, u.slot, u.most_each, u.discount, $3, u.sellers::jsonb, now()
FROM unnest($4::uuid[], $5::uuid[], $6::int[], $7::int[], $8::bigint[], $9::text[])
  AS u(id, coupon, slot, most_each, discount, sellers)
"""
LOCK_OF: Final = """
SELECT id FROM coupons WHERE id IN (SELECT u.coupon FROM coupon_uses u WHERE {} AND u.given_back_at IS NULL)
ORDER BY id FOR NO KEY UPDATE
"""
GIVE_BACK: Final = """
UPDATE coupon_uses SET open_sellers = open_sellers - $2::text,
  given_back_at = CASE WHEN open_sellers - $2::text = '[]'::jsonb THEN now() END
WHERE checkout = $1 AND given_back_at IS NULL AND open_sellers ? $2::text RETURNING coupon, given_back_at
"""


async def redeem(quoted: Quote, checkout_id: UUID, customer: UUID) -> None:
    """Count a use of everything that makes this quote cheaper. Whoever places the order calls it in that transaction.

    Looks again under the lock: raises CouponRefused where a limit has been reached meanwhile, and CouponChanged where the
    terms are others than those the quote was made with.
    """
    used = sorted(quoted.coupons, key=lambda one: one.terms.id)
    ids = [one.terms.id for one in used]
    if not ids:
        return
    async with db.transaction():
        locked = {row["id"]: row for row in await db.fetch(LOCK, ids, clock.now())}
        # A statement of its own: only one that begins under the lock sees what its last holder wrote.
        taken = {row["coupon"]: set(row["slots"]) for row in await db.fetch(SLOTS, ids, customer)}
        slots = [_slot(one, locked.get(one.terms.id), taken.get(one.terms.id, set())) for one in used]
        most_each = [locked[coupon]["max_uses_each"] for coupon in ids]
        sellers = ["[" + ",".join(f'"{seller}"' for seller in one.sellers) + "]" for one in used]
        await db.execute(
            USE, customer, checkout_id, quoted.currency, [uuid7() for _ in ids], ids, slots, most_each,
            [one.minor for one in used], sellers,
        )  # fmt: skip
        await db.execute("UPDATE coupons SET used_count = used_count + 1 WHERE id = ANY($1::uuid[])", ids)


def check_codes(quoted: Quote) -> None:
    """Nothing is ordered with a code that changes nothing: the buyer would wonder. Raises CouponRefused."""
    if quoted.refused:
        raise CouponRefused.of(quoted.refused[0])


async def give_back(checkout_id: UUID, seller: UUID) -> None:
    """This seller's order of the checkout has been cancelled. What made no other order of it cheaper may be used again.

    Safe to repeat. In the transaction of the cancellation, with `lock_of` called before the orders were locked.
    """
    async with db.transaction():
        await db.execute(LOCK_OF.format("u.checkout = $1"), checkout_id)
        rows = await db.fetch(GIVE_BACK, checkout_id, str(seller))
        given = [row["coupon"] for row in rows if row["given_back_at"] is not None]
        if given:
            await db.execute("UPDATE coupons SET used_count = used_count - 1 WHERE id = ANY($1::uuid[])", given)


async def lock_of(*order_ids: UUID) -> None:
    """Lock the coupons that the orders' checkouts have used and not given back."""
    await db.execute(
        LOCK_OF.format("u.checkout IN (SELECT checkout FROM orders WHERE id = ANY($1::uuid[]))"), list(order_ids)
    )


def _slot(one: AppliedCoupon, row: asyncpg.Record | None, taken: set[int]) -> int:
    """Which of the customer's uses this is."""
    if row is None or row["version_at"] != one.terms.version:
        raise CouponChanged
    slot = next(n for n in range(1, len(taken) + 2) if n not in taken)
    reason: CouponRefusal | None = None
    if not row["is_good"]:
        reason = CouponRefusal.EXPIRED
    elif row["max_uses"] is not None and row["used_count"] >= row["max_uses"]:
        reason = CouponRefusal.USED_UP
    elif row["max_uses_each"] is not None and slot > row["max_uses_each"]:
        reason = CouponRefusal.USED_BY_YOU
    if reason is not None:
        raise CouponRefused.of(refused(one.terms.code or one.terms.title, reason))
    return slot
