"""Coupons and promotions: which of them apply, and what each takes off which line.

Promotions come first, then sellers' coupons, then the house's; of each, percentages before fixed amounts. Every one works on what
those before it have left, and never takes more than that. RULES: Money, splitting.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from marketplace.core.money import split, to_text
from marketplace.shop.pricing.parts import CouponRefusal, Discount, Item, RefusedCoupon, Terms
from marketplace.shop.states import CouponKind

MESSAGES: Final = {
    CouponRefusal.UNKNOWN: "There is no such code.",
    CouponRefusal.INACTIVE: "This code is not good any more.",
    CouponRefusal.NOT_STARTED: "This code is not good yet.",
    CouponRefusal.EXPIRED: "This code is not good any more.",
    CouponRefusal.USED_UP: "This code has been used as often as it may be.",
    CouponRefusal.USED_BY_YOU: "You have used this code as often as you may.",
    CouponRefusal.OTHER_CURRENCY: "This code is for another currency.",
    CouponRefusal.NOTHING_COVERED: "This code is for nothing of what you are buying.",
    CouponRefusal.SPEND_MORE: "This code is good from a higher amount on.",
    CouponRefusal.DOES_NOT_COMBINE: "These codes can't be used together.",
}
R = CouponRefusal
KIND_ORDER: Final = {CouponKind.PERCENT: 0, CouponKind.FIXED: 1, CouponKind.FREE_SHIPPING: 2}


def refused(code: str, reason: CouponRefusal, **details: str) -> RefusedCoupon:
    return RefusedCoupon(code=code, reason=reason, message=MESSAGES[reason], details=dict(details))


def chosen(
    codes: Sequence[str], known: Sequence[Terms], items: Sequence[Item], currency: str, now: datetime
) -> tuple[list[Terms], list[RefusedCoupon]]:
    """What applies, in the order it does, and why the other codes do not. The code that is named first wins over one that does
    not combine with it; a promotion that does not combine gives way to any code."""
    by_code = {terms.code: terms for terms in known if terms.code}
    taken: list[Terms] = []
    not_taken: list[RefusedCoupon] = []
    for code in dict.fromkeys(codes):
        terms = by_code.get(code)
        why = refusal(terms, items, currency, now) if terms else refused(code, R.UNKNOWN)
        if why is None and terms and taken and not all(one.combines for one in (*taken, terms)):
            why = refused(code, R.DOES_NOT_COMBINE)
        if why is not None:
            not_taken.append(why)
        elif terms:
            taken.append(terms)
    promotions = [
        terms for terms in known
        if not terms.code and (terms.combines or not taken) and refusal(terms, items, currency, now) is None
    ]  # fmt: skip
    return sorted([*promotions, *taken], key=_turn), not_taken


def _turn(terms: Terms) -> tuple[bool, bool, int, UUID]:
    return bool(terms.code), terms.seller is None, KIND_ORDER[terms.kind], terms.id


def refusal(terms: Terms, items: Sequence[Item], currency: str, now: datetime) -> RefusedCoupon | None:
    """Why it does not apply to what is bought, whatever else does."""
    covered = [item for item in items if terms.covers(item)]
    spent = sum(item.unit_minor * item.quantity for item in covered)
    code = terms.code
    if not terms.is_active:
        return refused(code, R.INACTIVE)
    if terms.starts_at is not None and now < terms.starts_at:
        return refused(code, R.NOT_STARTED, starts_at=terms.starts_at.isoformat())
    if terms.ends_at is not None and now >= terms.ends_at:
        return refused(code, R.EXPIRED)
    if terms.left is not None and terms.left <= 0:
        return refused(code, R.USED_UP)
    if terms.left_each is not None and terms.left_each <= 0:
        return refused(code, R.USED_BY_YOU)
    if terms.currency and terms.currency != currency:
        return refused(code, R.OTHER_CURRENCY, currency=terms.currency)
    if not covered:
        return refused(code, R.NOTHING_COVERED)
    if terms.min_spend_minor is not None and spent < terms.min_spend_minor:
        return refused(
            code, R.SPEND_MORE, minimum=to_text(terms.min_spend_minor, currency), spent=to_text(spent, currency), currency=currency
        )  # fmt: skip
    return None


def off_goods(terms: Sequence[Terms], items: Sequence[Item]) -> list[list[Discount]]:
    """What each takes off each item, in the items' order."""
    left = [item.unit_minor * item.quantity for item in items]
    discounts: list[list[Discount]] = [[] for _ in items]
    for one in terms:
        if one.kind is CouponKind.FREE_SHIPPING:
            continue
        covered = [i for i, item in enumerate(items) if one.covers(item) and left[i] > 0]
        for i, minor in zip(covered, _shares(one, [left[i] for i in covered]), strict=True):
            left[i] -= minor
            if minor:
                discounts[i].append(Discount(one.id, minor))
    return discounts


def _shares(terms: Terms, left: Sequence[int]) -> list[int]:
    total = sum(left)
    if not total:
        return [0 for _ in left]
    wanted = terms.amount_minor or 0
    if terms.kind is CouponKind.PERCENT:
        wanted = (total * (terms.percent_bps or 0) + 5_000) // 10_000
    return split(_capped(terms, min(wanted, total)), left)


def off_shipping(
    terms: Sequence[Terms], items: Sequence[Item], shipping: Mapping[UUID, int]
) -> dict[UUID, dict[UUID, int]]:
    """What each coupon takes off each seller's shipping: {coupon: {seller: minor}}. A seller is named also where that is nothing."""
    left = dict(shipping)
    found: dict[UUID, dict[UUID, int]] = {}
    for one in terms:
        if one.kind is not CouponKind.FREE_SHIPPING:
            continue
        sellers = list(dict.fromkeys(item.seller for item in items if one.covers(item)))
        total = sum(left[seller] for seller in sellers)
        shares = split(_capped(one, total), [left[seller] for seller in sellers]) if total else [0] * len(sellers)
        found[one.id] = dict(zip(sellers, shares, strict=True))
        for seller, minor in found[one.id].items():
            left[seller] -= minor
    return found


def _capped(terms: Terms, minor: int) -> int:
    return minor if terms.max_discount_minor is None else min(minor, terms.max_discount_minor)
