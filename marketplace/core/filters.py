"""What a list may be asked for: its filters, orderings, search and dates, declared once.

A controller declares a `Listing`, names it in the route's `opt`, and takes the parsed query as the dependency `listing`:

    class GigFilters(Filters):
        category: UUID | None = None
        min_price: Annotated[Decimal, Meta(ge=0, description="At least this much.")] | None = None

    GIGS = Listing(
        "gigs", GigFilters, key=Order("g.id", "uuid"), default="-created_at",
        ordering={"created_at": Order("g.created_at", "timestamptz"), "price": Order("g.price_minor", "bigint")},
        search=("g.title", "g.description"), date="g.created_at",
    )

    @get("/gigs", operation_id="listGigs", opt={"listing": GIGS})
    async def list_gigs(self, listing: NamedDependency[ListQuery[GigFilters]]) -> Envelope[Page[GigOut]]:
        return await queries.list_gigs(listing)

The same declaration parses the query string (anything unknown or wrong is a 400 that names what is known) and writes the
OpenAPI parameters. `pagination` says how the query is run.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from marketplace.core import cursors
from marketplace.core.bodies import known_values
from marketplace.core.errors import ValidationFailed
from marketplace.core.pagination import DEFAULT_SIZE, MAX_PAGE, MAX_SIZE, ListQuery, Order, Sort

F = TypeVar("F", bound="Filters")

MAX_SORTS: Final = 3
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
END: Final = datetime.max.replace(tzinfo=UTC)


class Filters(Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of a list's filters. Every field has a default: None, or what is meant when it is not asked for.

    A field of `list[...]` or `tuple[..., ...]` takes several values, comma separated or repeated.
    """


class NoFilters(Filters):
    """A list that is only paged, ordered and searched."""


class Listing(Generic[F]):
    """The declaration of one list. `name` is stable: cursors are bound to it.

    `key` is a unique column that settles ties, `ordering` the sort keys by their public name, `default` one of them with an
    optional `-`. Sort keys are never NULL: wrap one that may be in COALESCE. `search` names text columns every word
    of the search must be found in, or is True when the query function does the searching itself. `date` is what
    `date_after` and `date_before` compare. Not `paged`: what is answered is no list, but something about all its rows.
    """

    def __init__(
        self,
        name: str,
        filters: type[F],
        *,
        key: Order,
        ordering: Mapping[str, Order],
        default: str,
        search: Sequence[str] | bool = False,
        date: str | None = None,
        paged: bool = True,
    ) -> None:
        self.name = name
        self.filters = filters
        self.key = key
        self.ordering = dict(ordering)
        self.default = default
        self.search = search
        self.date = date
        self.paged = paged
        self._fields = {field.encode_name: field for field in msgspec.structs.fields(filters)}
        self._many = {name for name, hint in get_type_hints(filters).items() if _takes_many(hint)}
        self._sorts(default)

    def __deepcopy__(self, _: dict[int, Any]) -> "Listing[F]":
        return self  # Litestar copies a controller's handlers; a declaration never changes

    @property
    def known(self) -> list[str]:
        """Every query parameter the list understands."""
        common = ["cursor", "ordering", "page", "page_size"] if self.paged else []
        if self.search:
            common.append("search")
        if self.date:
            common += ["date_after", "date_before"]
        return [*self._fields, *sorted(common)]

    def parse(self, pairs: Sequence[tuple[str, str]], url: str = "") -> ListQuery[F]:
        """The query of a URL's parameters; `url` is the address without them. Raises ValidationFailed naming each wrong one."""
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)
        errors = {
            name: [f"Unknown parameter. Known: {', '.join(self.known)}."]
            for name in values.keys() - set(self.known)
        }  # fmt: skip
        common: dict[str, Any] = {}
        applied: dict[str, Any] = {}
        wanted: dict[str, Any] = {}
        for name in (name for name in self.known if name in values):
            try:
                if name in self._fields:
                    wanted[name] = self._filter(name, values[name])
                    applied[name] = msgspec.to_builtins(wanted[name])
                else:
                    common[name] = _COMMON[name](self, _single(values[name]))
                    if name in ("search", "date_after", "date_before") and values[name][0].strip():
                        applied[name] = values[name][0]
            except (ValueError, OverflowError) as error:
                told = _first_line(error)
                errors[name] = [told + known_values(told, self._fields[name].type if name in self._fields else None)]
        if errors:
            raise ValidationFailed(fields=errors)
        sorts = common.get("ordering") or self._sorts(self.default)
        context = f"{self.name}:{','.join(map(str, sorts))}"
        cursor = cursors.read(common["cursor"], context) if "cursor" in common else None
        return ListQuery(
            listing=self,
            filters=self.filters(**wanted),
            sorts=sorts,
            page=common.get("page", 1),
            size=common.get("page_size", DEFAULT_SIZE),
            cursor=cursor,
            context=context,
            search=common.get("search"),
            after=common.get("date_after"),
            until=common.get("date_before"),
            applied=applied,
            url=url,
            pairs=[(name, value) for name, value in pairs if name not in ("page", "cursor")],
        )

    def _filter(self, name: str, given: list[str]) -> Any:
        field = self._fields[name]
        raw: Any
        if name in self._many:
            raw = [part for value in given for part in _text(value).split(",") if part]
        else:
            raw = _single(given)
        value = msgspec.convert(raw, field.type, strict=False)
        if value is None:
            raise ValueError("Leave the parameter out to not filter by it.")
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value.astimezone(UTC)  # of the first and last day of time, some zones' hours are no instants
        return value

    def _sorts(self, text: str) -> tuple[Sort, ...]:
        sorts: dict[str, Sort] = {}
        for part in text.split(","):
            name = part.removeprefix("-")
            if name not in self.ordering:
                known = ", ".join(f"{known}, -{known}" for known in self.ordering)
                raise ValueError(f"Cannot order by {name[:80]!r}. Known: {known}.")
            sorts.setdefault(name, Sort(name, self.ordering[name], descending=part.startswith("-")))
        if len(sorts) > MAX_SORTS:
            raise ValueError(f"Order by at most {MAX_SORTS} fields.")
        return tuple(sorts.values())

    def parameters(self) -> list[dict[str, Any]]:
        """OpenAPI parameter objects, exact; referenced components are inlined by msgspec's own schema names."""
        types = {name: field.type for name, field in self._fields.items()}
        names = "|".join(self.ordering)
        common: dict[str, tuple[dict[str, Any], str]] = {
            "page": ({"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1}, "Page number."),
            "page_size": (
                {"type": "integer", "minimum": 1, "maximum": MAX_SIZE, "default": DEFAULT_SIZE},
                "Rows on a page.",
            ),
            "cursor": (
                {"type": "string", "maxLength": cursors.MAX_LENGTH},
                "Where to read on: `meta.next_cursor` of the answer before, or empty for the start. "
                "Costs the same at any depth; wins over `page`.",
            ),
            "ordering": (
                {
                    "type": "string",
                    "pattern": f"^-?({names})(,-?({names})){{0,{MAX_SORTS - 1}}}$",
                    "default": self.default,
                },
                f"Sort by: {', '.join(self.ordering)}; `-` in front for descending.",
            ),
            "search": ({"type": "string", "maxLength": MAX_SEARCH}, "Words to find."),
            "date_after": (_DATE_SCHEMA, "Not before this day or instant (UTC if no zone is given)."),
            "date_before": (_DATE_SCHEMA, "Not after this day (to its end) or instant."),
        }
        out = []
        for name in self.known:
            schema, description = common.get(name) or ({}, "")
            if name in types:
                schema, description = _filter_schema(self._fields[name])
            out.append(
                {"name": name, "in": "query", "required": False, "schema": schema}
                | ({"description": description} if description else {})
                | ({"style": "form", "explode": False} if name in self._many else {})
            )
        return out


MAX_SEARCH: Final = 200
_DATE_SCHEMA: Final = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
}


def _filter_schema(field: Any) -> tuple[dict[str, Any], str]:
    (schema,), components = msgspec.json.schema_components([field.type])
    schema = _inlined(schema, components)
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        schema = options[0]
    description = schema.pop("description", "")
    if field.default not in (None, msgspec.NODEFAULT):
        schema["default"] = msgspec.to_builtins(field.default)
    return schema, description


def _inlined(schema: Any, components: Mapping[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            target = dict(components[schema["$ref"].rpartition("/")[2]])
            target.pop("title", None)
            return _inlined(target, components)
        return {key: _inlined(value, components) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(item, components) for item in schema]
    return schema


def _takes_many(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (list, tuple, set, frozenset):
        return True
    return any(_takes_many(inner) for inner in get_args(hint)) if origin is not None else False


def _first_line(error: Exception) -> str:
    text = str(error).partition(" - at `")[0].splitlines()[0] if str(error) else "Not a valid value."
    return text[:400]


def _text(value: str) -> str:
    if "\x00" in value:
        raise ValueError("NUL characters are not allowed.")
    return value


def _single(given: list[str]) -> str:
    if len(given) > 1:
        raise ValueError("Give this parameter once.")
    return _text(given[0])


def _integer(value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= most):
        raise ValueError(f"Must be a whole number from 1 to {most}.")
    return int(value)


def _search(value: str) -> str | None:
    if len(value) > MAX_SEARCH:
        raise ValueError(f"At most {MAX_SEARCH} characters.")
    return value.strip() or None


def instant(value: str, *, end_of_day: bool = False) -> datetime:
    """A day or an instant as an instant. As an end it is exclusive: the next midnight, or a microsecond later."""
    try:
        day = date.fromisoformat(value) if len(value) == 10 else None
        moment = (
            datetime.combine(day, time(), UTC)
            if day
            else msgspec.convert(value, Annotated[datetime, Meta(tz=True)] if _zoned(value) else datetime)
        )
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Must be a date (2026-11-20) or an ISO 8601 time (2026-11-20T09:00:00Z).") from None
    if end_of_day:
        step = timedelta(days=1) if day else timedelta(microseconds=1)
        return moment + step if moment <= END - step else END
    return moment


def _zoned(value: str) -> bool:
    return value[-1:] in "zZ" or "+" in value[10:] or "-" in value[10:]


_COMMON: Final[Mapping[str, Any]] = {
    "page": lambda _, value: _integer(value, MAX_PAGE),
    "page_size": lambda _, value: _integer(value, MAX_SIZE),
    "cursor": lambda _, value: value,
    "ordering": lambda listing, value: listing._sorts(value),
    "search": lambda _, value: _search(value),
    "date_after": lambda _, value: instant(value),
    "date_before": lambda _, value: instant(value, end_of_day=True),
}
