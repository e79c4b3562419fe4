"""One row as a Struct: Postgres writes the JSON, msgspec checks it against the type."""

from typing import Any, TypeVar

import msgspec

from marketplace.core import db
from marketplace.core.errors import NotFound

T = TypeVar("T")


async def one_or_none(wanted: type[T], statement: str, *values: Any) -> T | None:
    """The row of a SELECT, or what INSERT or UPDATE ... RETURNING wrote; its columns are the fields of `wanted`."""
    body = await db.fetch_val(f"WITH x AS ({statement}) SELECT row_to_json(x)::text FROM x", *values)
    return None if body is None else msgspec.json.decode(body, type=wanted)


async def one(wanted: type[T], statement: str, *values: Any) -> T:
    """The same. Raises NotFound when there is no row."""
    row = await one_or_none(wanted, statement, *values)
    if row is None:
        raise NotFound
    return row
