"""Addresses people are reached at, in the one form they are stored and compared in."""

import re
import unicodedata
from typing import Final

import idna
import phonenumbers

from marketplace.core.errors import ValidationFailed

MAX_EMAIL: Final = 254
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_USERNAME: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_BETWEEN_DIGITS: Final = re.compile(r"[ ().-]")
_PLUS_AND_DIGITS: Final = re.compile(r"\+[0-9]+")
_DIGITS_IN_A_NUMBER: Final = range(7, 16)


def normal_email(text: str, field: str = "email") -> str:
    """Lower case, the domain in IDNA. Raises ValidationFailed naming `field`.

    Quoted, accented and literal forms are refused: hardly a mailbox has one, and hardly a mail server takes them.
    """
    address = unicodedata.normalize("NFC", text.strip()).lower()
    local, _, domain = address.rpartition("@")
    wrong = ValidationFailed.of(field, "Enter a valid email address.")
    if not _LOCAL.fullmatch(local) or len(local) > 64:
        raise wrong
    try:
        ascii_domain = idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise wrong from None
    if "." not in ascii_domain or ascii_domain.endswith(".") or len(local) + len(ascii_domain) >= MAX_EMAIL:
        raise wrong
    if ascii_domain.rpartition(".")[2].isdigit():
        raise wrong
    return f"{local}@{ascii_domain}"


def named(text: str) -> str:
    """The one spelling of a name that somebody signs in with: an address, or a username. Empty if it can be neither."""
    if "@" in text:
        try:
            return normal_email(text)
        except ValidationFailed:
            return ""
    username = text.strip()
    return username.lower() if _USERNAME.fullmatch(username) else ""


def normal_phone(text: str, field: str = "phone_number") -> str:
    """E.164, such as +8613812345678; empty stays empty. Raises ValidationFailed naming `field`.

    Only the form is checked: whether a carrier has given the number out, or a country its code, is not ours to know.
    """
    if not text.strip():
        return ""
    wrong = ValidationFailed.of(field, "Write the number with its country code, such as +8613812345678.")
    try:
        number = phonenumbers.parse(text)
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException as error:
        written = _BETWEEN_DIGITS.sub("", text.strip())
        if error.error_type != error.INVALID_COUNTRY_CODE or not _PLUS_AND_DIGITS.fullmatch(written):
            raise wrong from None
    if len(written) - 1 not in _DIGITS_IN_A_NUMBER:
        raise wrong
    return str(written)
