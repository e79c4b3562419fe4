"""Tax numbers: the form and check digits of a country's, where python-stdnum knows them."""

from typing import Any, Final

from stdnum import get_cc_module
from stdnum.exceptions import ValidationError

from marketplace.core import text
from marketplace.core.errors import ValidationFailed

_KINDS: Final = (
    "vat",
    "ein",
    "uscc",
    "gstin",
    "abn",
    "bn",
    "cnpj",
    "uen",
    "rfc",
    "nit",
    "ruc",
    "rut",
    "cuit",
    "inn",
    "brn",
)
"""What a business is taxed under, in the order they are tried; a country has one or a few of them."""
_ALSO: Final = {
    "CN": ("uscc",),
    "US": ("ein",),
    "IN": ("gstin",),
    "AU": ("abn",),
    "CA": ("bn",),
    "BR": ("cnpj",),
    "JP": ("cn",),
}


def check_tax_id(written: str, country: str, field: str = "tax_id") -> tuple[str, str]:
    """(number in its compact form, kind), ("136695976", "vat") of "DE 136 695 976"; kind "" where no rule is known.

    Raises ValidationFailed.
    """
    number = text.line(written, field)
    if not number:
        return "", ""
    kinds = [(kind, found) for kind in _ALSO.get(country, _KINDS) if (found := _module(country, kind))]
    if not kinds:
        return number, ""
    for kind, module in kinds:
        try:
            return str(module.validate(number)), kind
        except (ValidationError, ValueError, IndexError):
            continue
    names = ", ".join(kind.upper() for kind, _ in kinds)
    raise ValidationFailed.of(field, f"Not a tax number of {country} ({names}): its form or check digits are wrong.")


def _module(country: str, kind: str) -> Any:
    return get_cc_module(country.lower(), kind)
