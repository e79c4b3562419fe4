"""Products as the lines of a CSV file: what the columns are, which lines make one product, and what a product's lines say.

One line a variant. The first line of a product says what it is; the lines after it that have its SKU (or slug), or neither
SKU nor slug nor name, add variants. A column that is not there leaves what it would say as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from marketplace.core import sheets
from marketplace.core.bodies import decode
from marketplace.core.errors import ValidationFailed

PLAIN: Final = ("sku", "name", "description", "category", "currency", "dimensions", "tax_class", "status")
AMOUNTS: Final = ("price", "compare_price", "cost_price", "weight")
NUMBERS: Final = ("low_stock_at",)
OF_A_VARIANT: Final = {
    "variant": "name", "variant_sku": "sku", "variant_price": "price", "variant_attributes": "attributes",
    "variant_weight": "weight", "quantity": "quantity",
}  # fmt: skip
COLUMNS: Final = (
    "sku", "slug", "name", "description", "category", "price", "compare_price", "cost_price", "currency", "status", "weight",
    "dimensions", "tax_class", "attributes", "tags", "tracks_stock", "low_stock_at", "variant", "variant_sku", "variant_price",
    "variant_attributes", "variant_weight", "quantity",
)  # fmt: skip
CLEARED: Final = frozenset(
    {"description", "category", "compare_price", "cost_price", "weight", "dimensions", "tax_class"}
)
"""Columns whose empty cell empties what they say; the others leave it as it is."""
NOTHING: Final[Mapping[str, Any]] = {"description": "", "dimensions": "", "tax_class": ""}
MOST_LINES: Final = 10_000


class Line(Struct, frozen=True):
    number: int
    cells: Mapping[str, str]


class Group(Struct, frozen=True):
    """The lines of one product, the first one first."""

    lines: list[Line]

    @property
    def sku(self) -> str:
        return self.lines[0].cells.get("sku", "")

    @property
    def slug(self) -> str:
        return self.lines[0].cells.get("slug", "")


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with a line. `field` is the column, or empty."""

    line: int
    field: str
    message: str


class BadLines(Exception):
    """A product's lines say something that cannot be."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def lines_of(text: str, field: str = "file") -> list[Line]:
    """The lines below the head. Raises ValidationFailed naming `field`: no head, unknown columns, too many lines."""
    found = sheets.rows(text, field)
    _, head = next(found, (0, []))
    names = [name.strip().lower() for name in head]
    unknown = sorted({name for name in names if name not in COLUMNS})
    if unknown or not names:
        said = ", ".join(name[:40] or "an empty one" for name in unknown[:10]) or "none at all"
        raise ValidationFailed.of(
            field, f"The first line names the columns. Unknown: {said}. Known: {', '.join(COLUMNS)}."
        )
    if len(set(names)) < len(names):
        raise ValidationFailed.of(field, "A column is named twice.")
    if not {"sku", "slug", "name"} & set(names):
        raise ValidationFailed.of(field, "One of the columns sku, slug and name is needed.")
    lines: list[Line] = []
    for number, cells in found:
        if len(lines) == MOST_LINES:
            raise ValidationFailed.of(field, f"At most {MOST_LINES:,} lines in a file.")
        more = cells[len(names) :]
        if any(cell.strip() for cell in more):
            raise ValidationFailed.of(field, f"Line {number} has more cells than there are columns.")
        lines.append(Line(number, dict(zip(names, (cell.strip() for cell in cells), strict=False))))
    if not lines:
        raise ValidationFailed.of(field, "There are no lines below the first.")
    return lines


def grouped(lines: Iterable[Line]) -> Iterator[Group]:
    """The products, in the order of the file."""
    current: list[Line] = []
    for line in lines:
        if current and _goes_on(current[0], line):
            current.append(line)
            continue
        if current:
            yield Group(current)
        current = [line]
    if current:
        yield Group(current)


def _goes_on(first: Line, line: Line) -> bool:
    key = [(one.cells.get("sku", ""), one.cells.get("slug", "")) for one in (first, line)]
    return key[0] == key[1] if any(key[1]) else not line.cells.get("name")


def body_of(group: Group, *, is_new: bool, variant_ids: Mapping[tuple[str, str], str] | None = None) -> dict[str, Any]:
    """A product's lines as the body that makes or changes it. Raises BadLines.

    `variant_ids` finds a variant that is there by ("sku", its SKU) or ("name", its name); None where it has no choices.
    """
    first = group.lines[0]
    body: dict[str, Any] = {}
    for name in (*PLAIN, *AMOUNTS):
        cell = first.cells.get(name)
        if cell:
            body[name] = cell.lower() if name == "status" else cell.upper() if name == "currency" else cell
        elif cell is not None and name in CLEARED and not is_new:
            body[name] = NOTHING.get(name)
    for name in NUMBERS:
        if cell := first.cells.get(name):
            body[name] = _whole(cell, first, name)
    if cell := first.cells.get("tracks_stock"):
        body["tracks_stock"] = _yes_or_no(cell, first)
    if (cell := first.cells.get("attributes")) is not None:
        body["attributes"] = _attributes(cell, first, "attributes")
    if (cell := first.cells.get("tags")) is not None:
        body["tags"] = [tag for tag in (part.strip() for part in cell.split(";")) if tag]
    return body | _choices(group, is_new=is_new, known=variant_ids or {})


def _choices(group: Group, *, is_new: bool, known: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """`variants`, or the `quantity` of a product without any."""
    if not any(line.cells.get("variant") for line in group.lines):
        if len(group.lines) > 1:
            second = group.lines[1]
            raise BadLines(
                [Problem(line=second.number, field="variant", message="Each line of a product names a variant.")]
            )
        cell = group.lines[0].cells.get("quantity")
        own = {"quantity": _whole(cell, group.lines[0], "quantity")} if cell else {}
        return own | ({"variants": []} if known and "variant" in group.lines[0].cells else {})
    return {"variants": [_variant(line, is_new=is_new, known=known) for line in group.lines]}


def _variant(line: Line, *, is_new: bool, known: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    cells = line.cells
    if not cells.get("variant"):
        raise BadLines([Problem(line=line.number, field="variant", message="Each line of a product names a variant.")])
    one: dict[str, Any] = {}
    there = known.get(("sku", cells.get("variant_sku", ""))) or known.get(("name", cells["variant"]))
    if there:
        one["id"] = there
    for column, name in OF_A_VARIANT.items():
        cell = cells.get(column)
        if column == "quantity":
            if cell:
                one[name] = _whole(cell, line, column)
        elif column == "variant_attributes":
            if cell is not None:
                one[name] = _attributes(cell, line, column)
        elif cell:
            one[name] = cell
        elif cell is not None and there and not is_new:
            one[name] = "" if column == "variant_sku" else None
    return one


def _whole(cell: str, line: Line, field: str) -> int:
    if not re.fullmatch(r"\d{1,9}", cell, re.ASCII):
        raise BadLines([Problem(line=line.number, field=field, message="Must be a whole number.")])
    return int(cell)


def _yes_or_no(cell: str, line: Line) -> bool:
    if cell.lower() not in ("true", "false", "yes", "no", "1", "0"):
        raise BadLines([Problem(line=line.number, field="tracks_stock", message="Must be true or false.")])
    return cell.lower() in ("true", "yes", "1")


def _attributes(cell: str, line: Line, field: str) -> dict[str, str]:
    """JSON, or `ram=16GB; storage=512GB`."""
    if cell.startswith("{"):
        try:
            return msgspec.json.decode(cell, type=dict[str, str])
        except msgspec.DecodeError:
            raise BadLines(
                [Problem(line=line.number, field=field, message='Write {"name": "value"}, or name=value; name=value.')]
            ) from None
    found = {}
    for part in (part.strip() for part in cell.split(";")):
        name, sign, value = part.partition("=")
        if part and not (sign and name.strip()):
            raise BadLines([Problem(line=line.number, field=field, message="Write name=value; name=value.")])
        if part:
            found[name.strip()] = value.strip()
    return found


def checked(body: dict[str, Any], wanted: type[Any]) -> Any:
    """The body as a request would bring it. Raises ValidationFailed naming every wrong field."""
    return decode(msgspec.json.encode(body), wanted)


def problems_of(refusal: Any, group: Group) -> list[Problem]:
    """What a service refused, by the line and the column it stands in."""
    columns = {name: column for column, name in OF_A_VARIANT.items()}
    found = []
    for field, said in refusal.fields.items():
        at = re.match(r"variants\[(\d+)\]\.?(\w*)", field)
        line = group.lines[min(int(at[1]), len(group.lines) - 1)] if at else group.lines[0]
        column = columns.get(at[2], at[2]) if at else field.partition("[")[0].partition(".")[0]
        found.append(Problem(line=line.number, field=column, message=" ".join(said)))
    return found or [Problem(line=group.lines[0].number, field="", message=refusal.message)]
