from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta, Struct

from marketplace.shop.states import ImportMode, ImportStatus


class ImportForm(Struct, kw_only=True, forbid_unknown_fields=True):
    """A CSV file as GET /products/export/ writes it. `mode`: `all` or nothing, or `by_line`: what is right is taken."""

    file: UploadFile
    mode: ImportMode = ImportMode.BY_LINE


class LineProblem(Struct, frozen=True, kw_only=True):
    """`line` as an editor counts, `field` the column, or empty."""

    line: int
    field: str
    message: str


class ImportOut(Struct, frozen=True, kw_only=True):
    """How far a file has come. `done` of `total` lines; `created`, `updated` and `failed` count products."""

    id: UUID
    filename: str
    mode: ImportMode
    status: ImportStatus
    total: int
    done: int
    created: int
    updated: int
    failed: int
    errors: Annotated[list[LineProblem], Meta(description="The first 1,000.")]
    created_at: datetime
    finished_at: datetime | None
