"""Amounts as they are sent, whatever is sent."""

import msgspec
import pytest

from marketplace.core.errors import ValidationFailed
from marketplace.core.money import MAX_MINOR, AmountText, check_currency, to_minor, to_text


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("2499.99", "USD", 249_999), ("1e3", "USD", 100_000), ("1.0000", "USD", 100), ("-0", "USD", 0), ("10", "JPY", 10),
     ("1.234", "KWD", 1_234), ("1e13", "USD", 10**15)],
)  # fmt: skip
def test_an_amount_in_minor_units(text, currency, minor):
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    ["9e999999", "1e-999999", "-9e999999", "1e14", "-1", "NaN", "sNaN", "-Infinity", "", "ten", "0.999", "9" * 5_000,
     "1." + "0" * 30 + "1", "1." + "0" * 60 + "1"],
)  # fmt: skip
def test_what_is_no_amount_is_refused_and_never_rounded(text):
    with pytest.raises(ValidationFailed) as refusal:
        to_minor(text, "USD")
    assert list(refusal.value.fields) == ["amount"]


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_what_may_be_written_down_may_be_shown(currency):
    text = to_text(MAX_MINOR, currency)
    assert msgspec.convert(text, AmountText) == text


def test_yen_have_no_decimals():
    with pytest.raises(ValidationFailed):
        to_minor("10.5", "JPY")


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "BTC", "usd", "USD\n", ""])
def test_what_is_no_money_is_no_currency(code):
    with pytest.raises(ValidationFailed):
        check_currency(code)
    for known in ("USD", "XOF", "KWD"):
        assert check_currency(known) == known


@pytest.mark.parametrize("text", ["1_0", " 7 ", "7\n", "٣", "１２", "0x10", "Infinity", "NaN", "1,5", ""])
def test_only_plain_digits_are_an_amount(text):
    with pytest.raises(ValidationFailed):
        to_minor(text, "USD")
