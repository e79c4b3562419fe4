"""Money: integer minor units and an ISO 4217 currency. Never a float."""

import re
from collections.abc import Sequence
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated, Final

from babel.numbers import get_currency_precision, list_currencies
from msgspec import Meta, Struct

from marketplace.core.errors import ValidationFailed

MAX_MINOR: Final = 10**15
"""No single amount passes this: sums of it stay far inside BIGINT."""

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code", examples=["USD"])]
AmountText = Annotated[
    str, Meta(pattern=r"^[0-9]{1,19}(\.[0-9]{1,4})?$", description="Decimal amount as text", examples=["2499.99"])
]
"""As many digits as a sum of yen may have: what could be written down can also be shown."""
Amount = Annotated[Decimal, Meta(description="Decimal amount: text, or a JSON number", examples=["2499.99"])]

_OF_SEVERAL_COUNTRIES = frozenset({"XAF", "XCD", "XCG", "XOF", "XPF"})
_KNOWN = frozenset(code for code in list_currencies() if code[0] != "X" or code in _OF_SEVERAL_COUNTRIES)
"""The other codes that begin with X are no money: gold, test, none."""
_PLAIN = re.compile(r"[0-9eE.+-]+")
_MOST_PLACES = 40
_EXACT = Context(prec=4 * _MOST_PLACES)
"""Wide enough for any amount that is looked at."""


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def check_currency(currency: str, field: str = "currency") -> str:
    if currency not in _KNOWN:
        raise ValidationFailed.of(field, f"{currency!r} is no ISO 4217 currency code.")
    return currency


def to_minor(amount: Decimal | str, currency: str, field: str = "amount") -> int:
    """Minor units of a decimal amount. Refuses what the currency cannot hold exactly: 0.999 USD, 10.5 JPY."""
    try:
        # Python would also read digits of other scripts, blanks around and underscores between them.
        given = Decimal(amount if not isinstance(amount, str) or _PLAIN.fullmatch(amount) else "NaN")
    except InvalidOperation:
        given = Decimal("NaN")
    _, digits, place = given.as_tuple()
    if not isinstance(place, int):
        raise ValidationFailed.of(field, "Must be a decimal amount such as 2499.99.")
    # Before anything is reckoned with it: 9e999999 is a number, too.
    scaled = given.scaleb(exponent(currency), _EXACT) if len(digits) + abs(place) <= _MOST_PLACES else Decimal(-1)
    if not 0 <= scaled <= MAX_MINOR:
        raise ValidationFailed.of(field, "Must be an amount of zero or more, within reason.")
    if scaled != int(scaled):
        raise ValidationFailed.of(field, f"{currency} has {exponent(currency)} decimals; {amount} has more.")
    return int(scaled)


def to_thousandths(amount: Decimal, field: str, rounding: str) -> int:
    """An amount in thousandths of its currency's unit, in which prices of all currencies are filtered. `rounding` is decimal's."""
    if not (amount.is_finite() and abs(amount) < MAX_MINOR):
        raise ValidationFailed.of(field, "Must be an amount within reason.")
    return int(amount.scaleb(3).to_integral_value(rounding))


def to_text(minor: int, currency: str) -> str:
    """The decimal string of an amount: 249999 USD is "2499.99", 2500 JPY is "2500"."""
    places = exponent(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f}"


class Money(Struct, frozen=True, order=True):
    """An amount in minor units of `currency`."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{to_text(self.minor, self.currency)} {self.currency}"

    @property
    def text(self) -> str:
        return to_text(self.minor, self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.minor - other.minor, self.currency)


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Shares of `minor` in proportion to `weights`, by the largest remainder; they always sum to `minor`.

    RULES: Money. 1000 over 1:1:1 is 334/333/333, 999 over 5:3:2 is 499/300/200; the earlier share wins a tie.
    """
    total = sum(weights)
    if total <= 0:
        raise ValueError("weights must sum to more than zero")
    shares = [minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % total), i))
    for i in by_remainder[: minor - sum(shares)]:
        shares[i] += 1
    return shares
