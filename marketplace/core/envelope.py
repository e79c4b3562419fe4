"""The one answer shape. Every success is an `Envelope`, every list an `Envelope[Page[T]]`, every refusal a `Refusal`."""

from typing import Any, Generic, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

T = TypeVar("T")


class Meta(Struct, frozen=True, kw_only=True):
    """`next_cursor` reads on at the same cost at any depth. `count_capped`: the list is longer than `count` says."""

    filters_applied: dict[str, Any] = field(default_factory=dict)
    next_cursor: str | None = None
    count_capped: bool | UnsetType = UNSET


class Envelope(Struct, Generic[T], frozen=True):
    """`{"success": true, "data": ..., "message": ...}`."""

    data: T
    message: str | None = None
    success: Literal[True] = True
    meta: Meta | UnsetType = UNSET


class Page(Struct, Generic[T], frozen=True):
    """One page of a list. `next` and `previous` are whole URLs, ready to be asked for."""

    count: int
    next: str | None
    previous: str | None
    results: list[T]


class Refusal(Struct, frozen=True, kw_only=True):
    """`code` is stable and for programs, `message` for people; `errors` names the wrong fields, `details` what would be right."""

    success: Literal[False] = False
    message: str
    code: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


def ok(data: T, message: str | None = None) -> Envelope[T]:
    return Envelope(data, message)
