"""Refusals of multipart forms, in the words that JSON bodies get. Litestar names them by its own rules, or not at all."""

import re
import traceback

_FIELD = re.compile(r"Object (missing required|contains unknown) field `(.*)`")


def form_error(key: str, message: str) -> tuple[str, str]:
    """(field, what is wrong with it) of an error of Litestar's."""
    if found := _FIELD.match(message):
        kind, name = found.groups()
        where = name if key == "data" else f"{key}.{name}"
        return where, "This field is required." if kind == "missing required" else "Unknown field."
    if message.startswith("Unsupported type: <class 'list'>"):
        message = "Send this field once."
    elif message.startswith("Unsupported type: "):
        message = "Send a file here."
    return "non_field_errors" if key == "data" else key, message


def is_unreadable_form(error: Exception) -> bool:
    """Did the form parser stumble over text in an unknown or wrong encoding? It lets that through as a bare LookupError."""
    if not isinstance(error, (LookupError, UnicodeError)):
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    return bool(frames) and frames[-1][0].f_globals.get("__name__") == "litestar._multipart"
