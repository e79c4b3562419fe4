"""Tables as CSV that spreadsheets open: no cell is ever run as a formula, and what was written can be read again unchanged."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

from marketplace.core.errors import ValidationFailed

BOM: Final = "\ufeff"
"""Without it, spreadsheets take UTF-8 for the encoding of the country they are in."""

# The wide forms are the same signs to spreadsheets of some languages.
_RUNS: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_GUARDED: Final = re.compile(r"''*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def guarded(cell: str) -> str:
    """The cell as text whatever it says: an apostrophe stands before what a spreadsheet would run."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell


def line(cells: Iterable[str]) -> str:
    """One line of CSV, its end included."""
    out = io.StringIO()
    csv.writer(out).writerow([guarded(cell) for cell in cells])
    return out.getvalue()


def decoded(content: bytes, field: str = "file") -> str:
    """The text of a file in UTF-8, or in UTF-16 that says so. Raises ValidationFailed naming `field`."""
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = content.decode("utf-16")
        else:
            text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationFailed.of(field, "Save it as CSV in UTF-8.") from None
    if "\x00" in text:
        raise ValidationFailed.of(field, "This is no text.")
    return text


def rows(text: str, field: str = "file") -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, each with the number of the line it ends on. Separated by commas, semicolons or tabs, as the first one is.

    Raises ValidationFailed naming `field` where quotes do not match.
    """
    head = text.partition("\n")[0]
    separator = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [unguarded(cell) for cell in cells]
    except csv.Error as error:
        raise ValidationFailed.of(field, f"Line {reader.line_num}: {error}.") from None
