"""Ways to sell from which one orders: each names its kind, what a request says, and what becomes of it.

    class Win(Struct, tag="auction_win", tag_field="kind", forbid_unknown_fields=True):
        sale_id: UUID

    ordering.register(Win, order_win)

`POST /orders` takes any of them, told apart by `kind`. Where that is left out and the fields fit exactly one, that one is meant.
"""

from collections.abc import Awaitable, Callable, Sequence, Set
from typing import Any, Final, TypeAlias, Union
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.orders.errors import UnknownKind
from marketplace.orders.fulfilment import Draft

TAG: Final = "kind"

NO_FIT: Final = (False, False, 0)

Ordered: TypeAlias = Sequence[Draft] | UUID
"""What is to be placed, or the order that is there already."""
Ordering: TypeAlias = Callable[[UUID, Any], Awaitable[Ordered]]
"""(the buyer, the request) -> what they order. Runs in the transaction that places it."""


class NothingYet(Struct, tag_field=TAG, tag="nothing", forbid_unknown_fields=True):
    """Nothing is sold here from which one could order."""


_ways: dict[str, tuple[type[Struct], Ordering]] = {}


def register(request: type[Struct], order: Ordering) -> None:
    """Raises ValueError for a struct that is not told from others by `kind`."""
    config = request.__struct_config__
    if config.tag_field != TAG or not isinstance(config.tag, str) or not config.forbid_unknown_fields:
        raise ValueError(f"{request.__name__} needs tag_field={TAG!r}, a tag, and forbid_unknown_fields")
    _ways[config.tag] = (request, order)


def unregister(kind: str) -> None:
    del _ways[kind]


def known() -> list[str]:
    return sorted(_ways)


def bodies() -> Any:
    """The type of a request's body: the union of all that are registered."""
    found = tuple(_ways[kind][0] for kind in known())
    return Union[found] if found else NothingYet  # noqa: UP007 - made of a tuple


async def ordered(buyer: UUID, request: Struct) -> Ordered:
    _, order = _ways[str(request.__struct_config__.tag)]
    return await order(buyer, request)


def tagged(body: bytes) -> bytes:
    """The body with its `kind`, where its fields say which is meant. Raises UnknownKind that names those there are.

    A body that is no object is left to the decoder, which says so.
    """
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body
    if not isinstance(said, dict):
        return body
    if TAG in said:
        if said[TAG] in known():
            return body
        raise _unknown("Unknown value.")
    kind = _meant(said.keys())
    if kind is None:
        raise _unknown("This field is required.")
    return msgspec.json.encode({TAG: kind, **said})


def _meant(given: Set[str]) -> str | None:
    """The one kind that these fields fit. Where they fit none, one that lacks nothing, else the one that they have most in common
    with: then it is said what is wrong.
    """
    fit = {kind: _fit(given, request) for kind, (request, _) in _ways.items()}
    best = max(fit.values(), default=NO_FIT)
    meant = [kind for kind, how in fit.items() if how == best]
    return meant[0] if len(meant) == 1 and best > NO_FIT else None


def _fit(given: Set[str], request: type[Struct]) -> tuple[bool, bool, int]:
    """Whether they fit, whether nothing is missing, and how many are known: to compare."""
    fields = msgspec.structs.fields(request)
    required = {field.encode_name for field in fields if field.required}
    names = {field.encode_name for field in fields}
    return required <= given <= names, required <= given and bool(given & names), len(given & names)


def _unknown(what: str) -> UnknownKind:
    told = f"{what} Known: {', '.join(known()) or 'none'}."
    return UnknownKind(fields={TAG: [told]}, known=known())
