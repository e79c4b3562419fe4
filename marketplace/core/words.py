"""How what people look for is said to Postgres.

It cuts texts by its function `product_words`, a search is cut here; both must do the same: punctuation separates words, and
each character of a script without spaces is a word of its own, so that any part of a Chinese name finds it.
"""

import re
import unicodedata
from typing import Final

_PUNCTUATION: Final = (
    r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20]+"
)
_UNSPACED: Final = "[\u2e80-\u2fff\u3040-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"


def tsquery(search: str) -> str:
    """The text of a `tsquery` that finds every word, its beginning at least; empty where nothing is left to look for."""
    found = []
    for word in search.split():
        clean = re.sub(_PUNCTUATION, " ", unicodedata.normalize("NFC", word))
        pieces = re.sub(f"({_UNSPACED})", r" \1 ", clean).split()
        if pieces:
            quoted = [f"'{piece}'" for piece in pieces]
            if not re.fullmatch(_UNSPACED, pieces[-1]):
                quoted[-1] += ":*"
            found.append("(" + " <-> ".join(quoted) + ")")
    return " & ".join(found)
