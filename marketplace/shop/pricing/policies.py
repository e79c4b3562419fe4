"""Tax and shipping, as staff set them. Defaults are those of RULES: Orders: 10 % on top, 5.00 a seller.

Rates and zones are looked through in their order; the first that fits counts. What is named narrows; what is left empty fits all.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct, to_builtins

from marketplace.core import platform
from marketplace.core.money import MAX_MINOR, AmountText, exponent
from marketplace.shop.pricing.parts import Destination, Item

Bps: TypeAlias = Annotated[int, Meta(ge=0, le=10_000, description="Hundredths of a percent.")]
Country: TypeAlias = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Names: TypeAlias = Annotated[list[Annotated[str, Meta(min_length=1, max_length=120)]], Meta(max_length=500)]
Countries: TypeAlias = Annotated[list[Country], Meta(max_length=300)]
GRAMS: Final = 1_000


class Area(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Countries by their codes, and regions as they stand in addresses; capitals do not matter."""

    countries: Countries = []
    regions: Names = []

    def includes(self, to: Destination) -> bool:
        return _fits(to.country, self.countries) and _fits(to.region, self.regions)


class TaxRate(Area, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`classes` and `categories` are of the product; a category stands for those below it, too."""

    bps: Bps
    classes: Names = []
    categories: Annotated[list[UUID], Meta(max_length=500)] = []

    def matches(self, to: Destination, tax_class: str, above: Collection[UUID]) -> bool:
        return (
            self.includes(to)
            and _fits(tax_class, self.classes)
            and (not self.categories or not set(self.categories).isdisjoint(above))
        )


class TaxPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`included`: prices contain the tax. `rounding`: what becomes of a part of a minor unit; it is worked out once a seller and rate."""

    rates: Annotated[list[TaxRate], Meta(max_length=500)] = []
    otherwise_bps: Bps = 1_000
    included: bool = False
    taxes_shipping: bool = False
    rounding: Literal["down", "half_up"] = "down"

    def rate(self, to: Destination, item: Item) -> int:
        """In basis points."""
        return self._rate(to, item.tax_class, item.above)

    def shipping_rate(self, to: Destination) -> int:
        return self._rate(to, "", ()) if self.taxes_shipping else 0

    def _rate(self, to: Destination, tax_class: str, above: Collection[UUID]) -> int:
        return next((rate.bps for rate in self.rates if rate.matches(to, tax_class, above)), self.otherwise_bps)

    def tax(self, minor: int, bps: int) -> int:
        """The tax on an amount, or what of the amount is tax where prices include it."""
        whole = 10_000 + bps if self.included else 10_000
        return (minor * bps * 2 + (whole if self.rounding == "half_up" else 0)) // (2 * whole)


class WeightRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    up_to_g: Annotated[int, Meta(ge=1, le=10**9)]
    price: AmountText


class ShippingZone(Area, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """`flat`, or with `bands` the price of the first that is heavy enough; above the last, `per_extra_kg` for every begun kilogram.

    `free_from`: from so much on, after discounts, a seller's order is sent for nothing. A `currency` narrows it to orders in that one;
    amounts are in the currency of the order, rounded to what it can hold.
    """

    name: Annotated[str, Meta(min_length=1, max_length=80)] = "Standard"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    flat: AmountText = "5.00"
    bands: Annotated[list[WeightRate], Meta(max_length=100)] = []
    per_extra_kg: AmountText = "0"
    free_from: AmountText | None = None

    def price(self, weight_g: int, net_minor: int, currency: str) -> int:
        """Minor units, for one seller's part of an order."""
        if self.free_from is not None and net_minor >= minor_of(self.free_from, currency):
            return 0
        bands = sorted(self.bands, key=lambda band: band.up_to_g)
        if not bands:
            return minor_of(self.flat, currency)
        fitting = next((band for band in bands if weight_g <= band.up_to_g), None)
        if fitting is not None:
            return minor_of(fitting.price, currency)
        extra_kg = -(-(weight_g - bands[-1].up_to_g) // GRAMS)
        return minor_of(bands[-1].price, currency) + minor_of(self.per_extra_kg, currency) * extra_kg


class ShippingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    zones: Annotated[list[ShippingZone], Meta(max_length=300)] = []
    otherwise: ShippingZone = ShippingZone()

    def zone(self, to: Destination, currency: str) -> ShippingZone:
        fitting = (zone for zone in self.zones if zone.includes(to) and zone.currency in (None, currency))
        return next(fitting, self.otherwise)


TAX: platform.Setting[TaxPolicy] = platform.define(
    "shop.tax", TaxPolicy, to_builtins(TaxPolicy()),
    "Tax on what the shop sells: `rates` of {bps, countries?, regions?, classes?, categories?}, the first that fits counts, "
    "`otherwise_bps` where none does; `included` where prices contain it; `rounding` down or half_up.",
)  # fmt: skip
SHIPPING: platform.Setting[ShippingPolicy] = platform.define(
    "shop.shipping", ShippingPolicy, to_builtins(ShippingPolicy()),
    "What a seller's part of an order costs to send: `zones` of {name, countries?, regions?, currency?, flat or bands of "
    "{up_to_g, price} and per_extra_kg, free_from?}, the first that fits counts, `otherwise` where none does.",
)  # fmt: skip


def minor_of(amount: str, currency: str) -> int:
    """What the currency can hold of an amount that was not written for it: 4.99 in JPY is 5."""
    return min(int(Decimal(amount).scaleb(exponent(currency)).quantize(Decimal(1), ROUND_HALF_UP)), MAX_MINOR)


def _fits(value: str, wanted: Collection[str]) -> bool:
    return not wanted or value.casefold() in {one.casefold() for one in wanted}
