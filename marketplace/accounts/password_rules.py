"""Which passwords are refused, and why. RULES: Passwords. Length counts; which kinds of characters are used does not."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from marketplace.core.errors import ValidationFailed

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 128
LEAST_OF_ONES_OWN: Final = 6
"""Characters that must be left when everything the account itself says is taken away."""
BREACHED: Final = Path(__file__).parent / "data" / "breached_passwords.txt"
ROWS: Final = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)


def check_password(password: str, *, about: Iterable[str], field: str = "password") -> None:
    """Refuse a password that is too short, too long, common, leaked or made of what the account says of itself.

    `about` holds the account's address, names and number. Raises ValidationFailed naming `field` and every reason.
    """
    reasons = why_not(password, about)
    if reasons:
        raise ValidationFailed(reasons[0], fields={field: reasons})


def check_confirmation(password: str, again: str | None) -> None:
    if again is not None and again != password:
        raise ValidationFailed.of("password_confirm", "The two passwords are not the same.")


def why_not(password: str, about: Iterable[str] = ()) -> list[str]:
    """The reasons to refuse this password; none if it may be used."""
    plain = unicodedata.normalize("NFKC", password)
    folded = plain.casefold()
    reasons = []
    if len(plain) < MIN_LENGTH:
        reasons.append(f"Use {MIN_LENGTH} characters or more.")
    if len(plain) > MAX_LENGTH:
        reasons.append(f"Use at most {MAX_LENGTH} characters.")
    if folded in _breached():
        reasons.append("This password is in lists of leaked passwords. Choose another one.")
    elif _is_pattern(folded):
        reasons.append("This password is a simple pattern and among the first to be guessed. Choose another one.")
    elif len(plain) >= MIN_LENGTH and _is_about(folded, about):
        reasons.append("This password is too much like your name, address or number. Choose another one.")
    return reasons


@cache
def _breached() -> frozenset[str]:
    return frozenset(BREACHED.read_text("utf-8").split("\n")) - {""}


def _is_pattern(folded: str) -> bool:
    """One short piece over and over (`abcabcabcabc`), or a walk along a row of keys or letters, either way."""
    if re.fullmatch(r"(.{1,4}?)\1*", folded, re.DOTALL) and folded:
        return True
    return any(folded in row * 2 or folded[::-1] in row * 2 for row in ROWS)


def _is_about(folded: str, about: Iterable[str]) -> bool:
    """Whether too little is left of a password without the words of the account."""
    words = {"marketplace"}
    for text in about:
        low = unicodedata.normalize("NFKC", text).casefold()
        words.update({low, *re.split(r"[\W_]+", low), re.sub(r"[\W_]+", "", low)})
    rest = folded
    for word in sorted((w for w in words if len(w) >= 3), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(re.sub(r"[\s@._+-]+", "", rest)) < LEAST_OF_ONES_OWN
