"""What a purchase costs: the document's example, every policy, and for all purchases: the parts sum to the whole."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.ids import uuid7
from marketplace.orders.fulfilment import Draft
from marketplace.shop.pricing.drafts import drafts
from marketplace.shop.pricing.parts import CouponRefusal, Destination, Item, Quote, StepKind, Terms
from marketplace.shop.pricing.policies import ShippingPolicy, ShippingZone, TaxPolicy, TaxRate, WeightRate
from marketplace.shop.pricing.quoting import quote
from marketplace.shop.states import CouponKind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAM, SUE = UUID(int=1), UUID(int=2)


def an_item(unit: int = 1_000, quantity: int = 1, seller: UUID = SAM, **over: Any) -> Item:
    values = {
        "id": uuid7(), "variant": uuid7(), "product": uuid7(), "seller": seller, "title": "A clock", "quantity": quantity,
        "unit_minor": unit, "commission_bps": 1_000,
    }  # fmt: skip
    return Item(**(values | over))


def a_coupon(kind: CouponKind = CouponKind.PERCENT, code: str = "TEN", **over: Any) -> Terms:
    values: dict[str, Any] = {"id": uuid7(), "version": NOW, "code": code, "title": "A coupon", "kind": kind}
    if kind is CouponKind.PERCENT:
        values["percent_bps"] = 1_000
    if kind is CouponKind.FIXED:
        values |= {"amount_minor": 500, "currency": "USD"}
    return Terms(**(values | over))


def priced(
    *items: Item,
    currency: str = "USD",
    tax: TaxPolicy | None = None,
    shipping: ShippingPolicy | None = None,
    **more: Any,
) -> Quote:
    coupons = more.pop("coupons", ())
    codes = more.pop("codes", [one.code for one in coupons if one.code])
    return quote(
        items, currency, tax=tax or TaxPolicy(), shipping=shipping or ShippingPolicy(), now=NOW, coupons=coupons, codes=codes, **more
    )  # fmt: skip


def totals(quoted: Quote) -> tuple[int, int, int, int, int]:
    """(subtotal, discount, tax, shipping, total)"""
    return (
        quoted.lines_sum("gross_minor"), quoted.lines_sum("discount_minor"), quoted.sum("tax_minor"),
        quoted.sum("shipping_minor"), quoted.total_minor,
    )  # fmt: skip


def reasons(quoted: Quote) -> list[CouponRefusal]:
    return [one.reason for one in quoted.refused]


def test_the_document_s_order():
    assert totals(priced(an_item(249_999))) == (249_999, 0, 24_999, 500, 275_498)


def test_every_step_runs_to_the_total():
    quoted = priced(an_item(1_000, 2), an_item(500, seller=SUE), coupons=[a_coupon()])
    assert [(step.kind, step.minor, step.runs_to_minor) for step in quoted.steps] == [
        (StepKind.GOODS, 2_000, 2_000), (StepKind.DISCOUNT, -200, 1_800), (StepKind.SHIPPING, 500, 2_300), (StepKind.TAX, 180, 2_480),
        (StepKind.GOODS, 500, 2_980), (StepKind.DISCOUNT, -50, 2_930), (StepKind.SHIPPING, 500, 3_430), (StepKind.TAX, 45, 3_475),
    ]  # fmt: skip
    assert quoted.total_minor == 3_475
    assert [one.total_minor for one in quoted.sellers] == [2_480, 995]
    assert [one.commission_minor for one in quoted.sellers] == [180, 45]


def test_discounts_are_split_by_the_largest_remainder():
    items = [an_item(1_000), an_item(1_000), an_item(1_000)]
    quoted = priced(*items, coupons=[a_coupon(CouponKind.FIXED, amount_minor=1_000)])
    assert [line.discount_minor for line in quoted.sellers[0].lines] == [334, 333, 333]


def test_tax_is_worked_out_once_and_split():
    quoted = priced(an_item(15), an_item(15), an_item(15))
    assert [line.tax_minor for line in quoted.sellers[0].lines] == [2, 1, 1]
    assert priced(an_item(45)).sum("tax_minor") == 4
    assert priced(an_item(45), tax=TaxPolicy(rounding="half_up")).sum("tax_minor") == 5


def test_prices_that_include_tax():
    quoted = priced(an_item(11_000), tax=TaxPolicy(included=True), coupons=[a_coupon()])
    assert totals(quoted) == (11_000, 1_100, 900, 500, 10_400)
    [line] = quoted.sellers[0].lines
    assert (line.subtotal_minor, line.net_minor, line.total_minor, line.commission_minor) == (10_100, 9_000, 9_900, 900)
    assert quoted.steps[-1].kind is StepKind.TAX_INCLUDED and quoted.steps[-1].runs_to_minor == 10_400


def test_rates_by_country_region_class_and_category():
    food, books = uuid7(), uuid7()
    tax = TaxPolicy(
        otherwise_bps=0,
        rates=[
            TaxRate(countries=["DE"], classes=["reduced"], bps=700), TaxRate(countries=["DE"], categories=[food], bps=500),
            TaxRate(countries=["DE"], bps=1_900), TaxRate(countries=["US"], regions=["New York", "NY"], bps=887),
        ],
    )  # fmt: skip
    plain, reduced = an_item(10_000), an_item(10_000, tax_class="reduced")
    eaten = an_item(10_000, category=uuid7(), above=frozenset({food, books}))
    berlin, new_york, texas = Destination("DE", "Berlin"), Destination("US", "new york"), Destination("US", "TX")
    assert [line.tax_minor for line in priced(plain, reduced, eaten, tax=tax, to=berlin).sellers[0].lines] == [
        1_900,
        700,
        500,
    ]
    assert [priced(plain, tax=tax, to=to).sum("tax_minor") for to in (new_york, texas, Destination())] == [887, 0, 0]


def test_tax_on_shipping():
    quoted = priced(an_item(1_000), an_item(1_000), tax=TaxPolicy(taxes_shipping=True))
    assert totals(quoted) == (2_000, 0, 250, 500, 2_750)
    [draft] = drafts(quoted, shipping_address=None, billing_address=None)
    assert [line.tax.minor for line in draft.lines if line.tax] == [125, 125]
    inside = priced(an_item(1_100), tax=TaxPolicy(taxes_shipping=True, included=True))
    assert totals(inside) == (1_100, 0, 145, 500, 1_600)
    assert order_total(drafts(inside, shipping_address=None, billing_address=None)[0]) == 1_600


@pytest.mark.parametrize(
    ("weight", "expected"), [(0, 400), (1_000, 400), (1_001, 900), (5_000, 900), (5_001, 1_050), (7_000, 1_200)]
)
def test_shipping_by_weight(weight, expected):
    bands = [WeightRate(up_to_g=5_000, price="9.00"), WeightRate(up_to_g=1_000, price="4.00")]
    policy = ShippingPolicy(otherwise=ShippingZone(bands=bands, per_extra_kg="1.50"))
    assert priced(an_item(weight_g=weight), shipping=policy).sum("shipping_minor") == expected


def test_zones_and_what_is_sent_for_nothing():
    policy = ShippingPolicy(
        zones=[ShippingZone(name="Home", countries=["DE"], flat="2.00", free_from="50"), ShippingZone(name="Yen", currency="JPY", flat="500")]
    )  # fmt: skip
    germany = Destination("DE")
    assert priced(an_item(4_999), shipping=policy, to=germany).sum("shipping_minor") == 200
    assert priced(an_item(5_000), shipping=policy, to=germany).sum("shipping_minor") == 0
    assert priced(an_item(5_000), shipping=policy, to=germany, coupons=[a_coupon()]).sum("shipping_minor") == 200
    assert priced(an_item(5_000), shipping=policy, currency="JPY").sum("shipping_minor") == 500
    assert priced(an_item(5_000), shipping=policy).sellers[0].zone == "Standard"
    assert priced(an_item(5_000), currency="JPY").sum("shipping_minor") == 5
    assert priced(an_item(5_000), currency="KWD").sum("shipping_minor") == 5_000


def test_free_shipping_takes_off_what_shipping_costs():
    quoted = priced(an_item(), an_item(seller=SUE), coupons=[a_coupon(CouponKind.FREE_SHIPPING, seller=SUE)])
    assert [(one.shipping_minor, one.shipping_discount_minor) for one in quoted.sellers] == [(500, 0), (0, 500)]
    assert (quoted.coupons[0].minor, quoted.coupons[0].sellers) == (500, [SUE])
    capped = priced(
        an_item(), an_item(seller=SUE), coupons=[a_coupon(CouponKind.FREE_SHIPPING, max_discount_minor=501)]
    )
    assert [one.shipping_discount_minor for one in capped.sellers] == [251, 250]


def test_coupons_work_on_what_those_before_have_left():
    coupons = [
        a_coupon(CouponKind.FIXED, "HOUSE5"), a_coupon(code="HOUSE10"), a_coupon(CouponKind.FIXED, "SAM3", seller=SAM, amount_minor=300),
        a_coupon(code="", percent_bps=5_000, title="Half price"),
    ]  # fmt: skip
    quoted = priced(an_item(2_000), an_item(1_000, seller=SUE), coupons=coupons)
    taken = {coupon.terms.code: coupon.minor for coupon in quoted.coupons}
    assert taken == {"": 1_500, "SAM3": 300, "HOUSE10": 120, "HOUSE5": 500}
    assert list(taken) == ["", "SAM3", "HOUSE10", "HOUSE5"]


def test_a_coupon_takes_no_more_than_there_is():
    quoted = priced(an_item(300), coupons=[a_coupon(CouponKind.FIXED), a_coupon(CouponKind.FIXED, "AGAIN")])
    assert totals(quoted) == (300, 300, 0, 500, 500)
    capped = priced(an_item(100_000), coupons=[a_coupon(percent_bps=5_000, max_discount_minor=2_000)])
    assert capped.lines_sum("discount_minor") == 2_000


def test_a_coupon_is_good_for_what_it_names():
    category, product = uuid7(), uuid7()
    one, two = an_item(product=product), an_item(above=frozenset({category}))
    for over, expected in (
        ({"products": frozenset({product})}, [100, 0]), ({"categories": frozenset({category})}, [0, 100]),
        ({"sellers": frozenset({SAM})}, [100, 100]), ({"seller": SAM}, [100, 100]),
    ):  # fmt: skip
        assert [
            line.discount_minor for line in priced(one, two, coupons=[a_coupon(**over)]).sellers[0].lines
        ] == expected


def test_why_a_code_changes_nothing():
    for over, reason in (
        ({"is_active": False}, CouponRefusal.INACTIVE), ({"starts_at": NOW + timedelta(seconds=1)}, CouponRefusal.NOT_STARTED),
        ({"ends_at": NOW}, CouponRefusal.EXPIRED), ({"left": 0}, CouponRefusal.USED_UP), ({"left_each": 0}, CouponRefusal.USED_BY_YOU),
        ({"currency": "EUR"}, CouponRefusal.OTHER_CURRENCY), ({"seller": SUE}, CouponRefusal.NOTHING_COVERED),
        ({"min_spend_minor": 1_001}, CouponRefusal.SPEND_MORE),
    ):  # fmt: skip
        quoted = priced(an_item(), coupons=[a_coupon(**over)])
        assert (reasons(quoted), quoted.coupons, quoted.lines_sum("discount_minor")) == ([reason], [], 0)
        assert not priced(an_item(), coupons=[a_coupon(code="", **over)]).coupons
    assert priced(an_item(), coupons=[a_coupon(min_spend_minor=1_000)]).lines_sum("discount_minor") == 100
    unknown = priced(an_item(), codes=["NOTHING"])
    assert (reasons(unknown), unknown.refused[0].code) == ([CouponRefusal.UNKNOWN], "NOTHING")
    spend = priced(an_item(), coupons=[a_coupon(min_spend_minor=1_001)]).refused[0]
    assert spend.details == {"minimum": "10.01", "spent": "10.00", "currency": "USD"}


def test_codes_that_do_not_combine():
    alone, other = a_coupon(code="ALONE", combines=False), a_coupon(code="OTHER")
    sale = a_coupon(code="", combines=False, title="Sale")
    for codes in (["ALONE", "OTHER"], ["OTHER", "ALONE"]):
        quoted = priced(an_item(), coupons=[alone, other, sale], codes=codes)
        assert [one.terms.code for one in quoted.coupons] == codes[:1]
        assert reasons(quoted) == [CouponRefusal.DOES_NOT_COMBINE] and quoted.refused[0].code == codes[1]
    assert [one.terms.title for one in priced(an_item(), coupons=[sale], codes=[]).coupons] == ["Sale"]
    assert len(priced(an_item(), coupons=[other], codes=["OTHER", "OTHER"]).coupons) == 1


def order_total(draft: Draft) -> int:
    """As orders work it out."""
    lines = sum(
        line.total.minor - (line.discount.minor if line.discount else 0) + (line.tax.minor if line.tax else 0)
        for line in draft.lines
    )
    return lines + (draft.shipping.minor if draft.shipping else 0)


SELLERS = [UUID(int=n) for n in range(1, 4)]
CATEGORIES = [UUID(int=n) for n in range(10, 13)]
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
ITEMS = st.lists(
    st.builds(
        an_item, unit=st.integers(1, 10**7), quantity=st.integers(1, 50), seller=st.sampled_from(SELLERS),
        above=st.frozensets(st.sampled_from(CATEGORIES)), weight_g=st.integers(0, 20_000), commission_bps=st.integers(0, 10_000),
        tax_class=st.sampled_from(["", "reduced"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
BPS = st.integers(0, 10_000)
TAXES = st.builds(
    TaxPolicy, otherwise_bps=BPS, included=st.booleans(), taxes_shipping=st.booleans(), rounding=st.sampled_from(["down", "half_up"]),
    rates=st.lists(st.builds(TaxRate, bps=BPS, classes=st.sampled_from([[], ["reduced"]])), max_size=2),
)  # fmt: skip
PRICES = st.sampled_from(["0", "5.00", "4.99", "0.005", "12.3456"])
SHIPPING = st.builds(
    ShippingPolicy,
    otherwise=st.builds(
        ShippingZone, flat=PRICES, per_extra_kg=PRICES, free_from=st.sampled_from([None, "0", "100"]),
        bands=st.lists(st.builds(WeightRate, up_to_g=st.integers(1, 20_000), price=PRICES), max_size=3),
    ),
)  # fmt: skip
LIMIT = st.none() | st.integers(1, 10**6)
COUPONS = st.lists(
    st.builds(
        Terms, id=st.uuids(), version=st.just(NOW), code=st.sampled_from(["", "A", "B", "C"]), title=st.just("A coupon"),
        kind=st.sampled_from(CouponKind), percent_bps=st.integers(1, 10_000), amount_minor=st.integers(1, 10**8),
        max_discount_minor=LIMIT, min_spend_minor=LIMIT, seller=st.none() | st.sampled_from(SELLERS),
        categories=st.frozensets(st.sampled_from(CATEGORIES), max_size=1), combines=st.booleans(),
    ),
    max_size=5,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(CURRENCIES, ITEMS, TAXES, SHIPPING, COUPONS)
def test_parts_always_sum_to_the_whole(currency, items, tax, shipping, coupons):
    quoted = priced(*items, currency=currency, tax=tax, shipping=shipping, coupons=coupons)
    gross = sum(item.unit_minor * item.quantity for item in items)
    subtotal, discount, all_tax, to_send, total = totals(quoted)
    assert subtotal == gross
    assert total == gross - discount + to_send + (0 if tax.included else all_tax)
    assert total == sum(one.total_minor for one in quoted.sellers) == quoted.steps[-1].runs_to_minor
    assert discount + quoted.sum("shipping_discount_minor") == sum(one.minor for one in quoted.coupons)
    assert sorted(line.item.id for one in quoted.sellers for line in one.lines) == sorted(item.id for item in items)
    for one in quoted.sellers:
        assert min(one.shipping_minor, one.shipping_discount_minor, one.shipping_tax_minor, one.total_minor) >= 0
        assert sum(line.shipping_tax_minor for line in one.lines) == one.shipping_tax_minor
        for line in one.lines:
            assert (
                min(line.net_minor, line.discount_minor, line.tax_minor, line.total_minor, line.commission_minor) >= 0
            )
            assert line.discount_minor <= line.subtotal_minor and line.commission_minor <= line.net_minor
    placed = drafts(quoted, shipping_address=None, billing_address=None)
    assert [order_total(draft) for draft in placed] == [one.total_minor for one in quoted.sellers]
    assert min(draft.shipping.minor for draft in placed if draft.shipping) >= 0


@settings(max_examples=100, deadline=None)
@given(ITEMS, TAXES, SHIPPING, COUPONS)
def test_the_same_purchase_costs_the_same(items, tax, shipping, coupons):
    first = priced(*items, tax=tax, shipping=shipping, coupons=coupons)
    again = priced(
        *items,
        tax=tax,
        shipping=shipping,
        coupons=list(reversed(coupons)),
        codes=[one.code for one in coupons if one.code],
    )
    if len({one.code for one in coupons if one.code}) == len([one for one in coupons if one.code]):
        assert msgspec.json.encode(first) == msgspec.json.encode(again)


def test_a_draft_says_what_was_agreed():
    coupon = a_coupon()
    item = an_item(1_000, 2, variant_name="Small", sku="C-1", slug="clock", category=uuid4())
    address = {"city": "Berlin"}
    [draft] = drafts(
        priced(item, coupons=[coupon]), shipping_address=address, billing_address=address, note="Ring twice."
    )
    assert (draft.kind, draft.seller, draft.note, draft.shipping_address) == ("shop", SAM, "Ring twice.", address)
    [line] = draft.lines
    assert (line.subject, line.title, line.quantity, line.sku, line.variant) == (
        item.variant,
        "A clock",
        2,
        "C-1",
        "Small",
    )
    assert (str(line.total), str(line.discount), str(line.tax)) == ("20.00 USD", "2.00 USD", "1.80 USD")
    assert line.snapshot["discounts"] == [{"coupon": "TEN", "amount": "2.00"}]
    assert (line.snapshot["slug"], line.snapshot["unit_price"], line.snapshot["tax_bps"]) == ("clock", "10.00", 1_000)
