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
    """The one kind that these fields fit; where they fit none, the one they have most in common with: then it is said what is wrong."""
    fitting = [kind for kind, (request, _) in _ways.items() if _fits(given, request)]
    if not fitting:
        shared = {kind: len(given & _fields(request)) for kind, (request, _) in _ways.items()}
        most = max(shared.values(), default=0)
        fitting = [kind for kind, count in shared.items() if count == most > 0]
    return fitting[0] if len(fitting) == 1 else None


def _fits(given: Set[str], request: type[Struct]) -> bool:
    required = {field.encode_name for field in msgspec.structs.fields(request) if field.required}
    return required <= given <= _fields(request)


def _fields(request: type[Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(request)}


def _unknown(what: str) -> UnknownKind:
    told = f"{what} Known: {', '.join(known()) or 'none'}."
    return UnknownKind(fields={TAG: [told]}, known=known())
