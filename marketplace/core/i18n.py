"""Languages: which there are, which one a person gets, and how times and amounts are written in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeVar

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.numbers import format_currency

from marketplace.core.money import Money, to_text

T = TypeVar("T")

DEFAULT: Final = "en"
LANGUAGES: Final = ("en", "zh")
LOCALES: Final = {"en": Locale("en", "US"), "zh": Locale("zh", "CN", script="Hans")}


def language_of(tag: str | None) -> str:
    """The language we speak that comes closest to a tag such as `zh-CN` or `en_GB`; English for any other."""
    return _known(tag or "") or DEFAULT


@lru_cache(maxsize=1024)
def negotiate(accept_language: str | None) -> str:
    """The best language for an Accept-Language header: the wanted one with the highest weight that we speak."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((accept_language or "")[:500].split(",")):
        tag, _, weight = part.partition(";q=")
        known = DEFAULT if tag.strip() == "*" else _known(tag)
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        if known and quality > 0:
            wanted.append((-quality, place, known))
    return min(wanted)[2] if wanted else DEFAULT


def _known(tag: str) -> str | None:
    try:
        language = str(Locale.parse(tag.strip().replace("-", "_")).language)
    except (ValueError, UnknownLocaleError, TypeError):
        language = tag.strip().replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else None


def pick(words: Mapping[str, T], language: str | None) -> T:
    """The text in this language, or in English: `pick({"en": "Books", "zh": "图书"}, "zh-CN")`."""
    return words.get(language_of(language), words[DEFAULT])


def say_time(instant: datetime, language: str | None = None) -> str:
    """An instant for people to read, in UTC and saying so."""
    locale = LOCALES[language_of(language)]
    return f"{format_datetime(instant.astimezone(UTC), 'medium', locale=locale)} UTC"


def say_money(money: Money, language: str | None = None) -> str:
    """An amount for people to read: $1,234.50, or US$1,234.50 in Chinese."""
    text = to_text(money.minor, money.currency)
    return str(format_currency(text, money.currency, locale=LOCALES[language_of(language)]))
