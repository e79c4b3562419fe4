"""What people write: in one Unicode form, bounded, without characters that nobody can see or that a database refuses."""

import unicodedata
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from marketplace.core.errors import ValidationFailed

_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""These let a text show something other than it says. Joiners stay: Persian and emoji need them."""
_SAFE_INTEGER: Final = 2**53


def line(text: str, field: str, *, required: bool = False) -> str:
    """One line in NFC, without outer or doubled spaces. Raises ValidationFailed naming `field`."""
    _refuse_unshowable(text, field, allowed=" ")
    return _given(" ".join(unicodedata.normalize("NFC", text).split()), field, required)


def prose(text: str, field: str, *, required: bool = False) -> str:
    """Several lines in NFC, with plain line ends. Raises ValidationFailed naming `field`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _refuse_unshowable(text, field, allowed="\n\t ")
    return _given(unicodedata.normalize("NFC", text).strip(), field, required)


def web_address(text: str, field: str) -> str:
    """An http or https address with a host, or "". Raises ValidationFailed: a link that runs a script is no address."""
    address = line(text, field)
    if not address:
        return ""
    wrong = ValidationFailed.of(field, "Enter a web address that begins with https:// or http://.")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in ("http", "https") or not host or parts.username or " " in address:
        raise wrong
    return address


def small_json(value: Any, field: str, *, most_bytes: int = 8192, most_depth: int = 6) -> str:
    """The JSON text of free-form data. Raises ValidationFailed for what is too big, too deep or not storable."""
    _check_json(value, field, most_depth)
    body = msgspec.json.encode(value)
    if len(body) > most_bytes:
        raise ValidationFailed.of(field, f"At most {most_bytes} bytes of JSON; this has {len(body)}.")
    return body.decode()


def _check_json(value: Any, field: str, depth: int) -> None:
    if depth < 0:
        raise ValidationFailed.of(field, "Nested too deep.")
    if isinstance(value, str):
        _refuse_unshowable(value, field, allowed="\n\r\t ")
    elif isinstance(value, int) and abs(value) > _SAFE_INTEGER:
        raise ValidationFailed.of(field, "Whole numbers reach from -2^53 to 2^53.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_json(key, field, depth)
            _check_json(inner, field, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, field, depth - 1)


def _given(text: str, field: str, required: bool) -> str:
    if required and not text:
        raise ValidationFailed.of(field, "This field may not be blank.")
    return text


def _refuse_unshowable(text: str, field: str, *, allowed: str) -> None:
    for character in text:
        if character in allowed:
            continue
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _REORDERING:
            raise ValidationFailed.of(field, "This holds characters that cannot be shown.")
