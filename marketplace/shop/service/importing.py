"""Files of products: taken in, worked through by a job, products made or changed by their SKU.

`by_line`: so many products a transaction, each in a savepoint of its own; where it stands is written in the same
transaction, so a job that dies goes on where it was. `all`: one transaction, undone if anything is wrong.
"""

from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from marketplace.core import clock, db, sheets
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.media.service.uploads import clean_filename
from marketplace.shop.drafts import draft_of, patch_of
from marketplace.shop.errors import ImportRunning
from marketplace.shop.policies import Actor
from marketplace.shop.queries.imports import find_own, variants_by_name
from marketplace.shop.schemas.products import CreateProduct, UpdateProduct
from marketplace.shop.service.listing import check_seller, create_product, update_product
from marketplace.shop.sheets import BadLines, Group, Problem, body_of, checked, grouped, lines_of, problems_of
from marketplace.shop.states import IMPORT, ImportMode, ImportStatus

MOST_BYTES: Final = 5 * 1024 * 1024
AT_ONCE: Final = 25
MOST_ERRORS: Final = 1_000
REASON: Final = "import"


class Tally(Struct):
    """What became of some products."""

    lines: int = 0
    created: int = 0
    updated: int = 0
    failed: int = 0
    errors: list[Problem] = []


class Claimed(Struct, frozen=True, kw_only=True):
    """A file under its row's lock."""

    id: UUID
    seller: UUID
    mode: ImportMode
    status: ImportStatus
    content: str
    done: int


async def take_in(seller_id: UUID, content: bytes, filename: str, mode: ImportMode) -> UUID:
    """Take a file in; the caller asks for the job in the same transaction. Returns the import's id.

    Raises ValidationFailed naming `file` for what is no such file at all, MayNotSell, EmailNotVerified, ImportRunning.
    """
    said = sheets.decoded(content)
    lines = lines_of(said)
    import_id = uuid7()
    async with db.transaction():
        await check_seller(seller_id)
        made = await db.execute(
            "INSERT INTO product_imports (id, seller, filename, mode, status, content, total, done, created, updated, failed, "
            "errors, created_at) VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, 0, 0, 0, '[]', $7) ON CONFLICT DO NOTHING",
            import_id, seller_id, clean_filename(filename), mode, said, len(lines), clock.now(),
        )  # fmt: skip
        if not made:
            raise ImportRunning
    return import_id


async def work_through(import_id: UUID) -> None:
    """Work a file through to its end. Safe to run again, and twice at once."""
    async with db.transaction():
        claimed = await _claim(import_id)
        if claimed is None:
            return
        if claimed.status is ImportStatus.QUEUED:
            await _move(claimed, ImportStatus.RUNNING)
    if claimed.mode is ImportMode.ALL:
        await _all_or_nothing(import_id)
    else:
        groups = list(grouped(lines_of(claimed.content)))
        while await _next_products(import_id, groups):
            pass


async def _claim(import_id: UUID) -> Claimed | None:
    """None where it is done already."""
    row = await db.fetch_row(
        "SELECT id, seller, mode, status, content, done FROM product_imports "
        "WHERE id = $1 AND status IN ('queued', 'running') FOR UPDATE",
        import_id,
    )
    if row is None:
        return None
    return Claimed(**{**dict(row), "mode": ImportMode(row["mode"]), "status": ImportStatus(row["status"])})


async def _move(claimed: Claimed, target: ImportStatus) -> None:
    """The one place where an import's status changes."""
    IMPORT.check(claimed.status, target)
    ends = target in (ImportStatus.DONE, ImportStatus.REFUSED)
    await db.execute(
        "UPDATE product_imports SET status = $2, started_at = coalesce(started_at, $3), "
        "finished_at = CASE WHEN $4 THEN $3 END, content = CASE WHEN $4 THEN '' ELSE content END WHERE id = $1",
        claimed.id, target, clock.now(), ends,
    )  # fmt: skip


async def _next_products(import_id: UUID, groups: list[Group]) -> bool:
    """The next products of a file, and the note of how far it has come. False at its end."""
    async with db.transaction():
        claimed = await _claim(import_id)
        if claimed is None:
            return False
        waiting, passed = [], 0
        for group in groups:
            passed += len(group.lines)
            if passed > claimed.done:
                waiting.append(group)
        tally = Tally(errors=[])
        for group in waiting[:AT_ONCE]:
            await _take_over(claimed.seller, group, tally)
        await _note(import_id, tally)
        if len(waiting) <= AT_ONCE:
            await _move(claimed, ImportStatus.DONE)
            return False
        return True


class _NothingTaken(Exception):
    """What was done is undone."""


async def _all_or_nothing(import_id: UUID) -> None:
    tally = Tally(errors=[])
    try:
        async with db.transaction():
            claimed = await _claim(import_id)
            if claimed is None:
                return
            for group in grouped(lines_of(claimed.content)):
                await _take_over(claimed.seller, group, tally)
            if tally.errors:
                raise _NothingTaken
            await _note(import_id, tally)
            await _move(claimed, ImportStatus.DONE)
    except _NothingTaken:
        async with db.transaction():
            claimed = await _claim(import_id)
            if claimed is not None:
                await _note(import_id, Tally(lines=tally.lines, failed=tally.failed, errors=tally.errors))
                await _move(claimed, ImportStatus.REFUSED)


async def _note(import_id: UUID, tally: Tally) -> None:
    await db.execute(
        "UPDATE product_imports SET done = done + $2, created = created + $3, updated = updated + $4, failed = failed + $5, "
        "errors = errors || coalesce((SELECT jsonb_agg(one ORDER BY n) FROM jsonb_array_elements($6::jsonb) WITH ORDINALITY AS t(one, n) "
        f"WHERE n <= {MOST_ERRORS} - jsonb_array_length(errors)), '[]') WHERE id = $1",
        import_id, tally.lines, tally.created, tally.updated, tally.failed, msgspec.json.encode(tally.errors).decode(),
    )  # fmt: skip


async def _take_over(seller_id: UUID, group: Group, tally: Tally) -> None:
    """Make or change one product; what is wrong with it is noted, and nothing of it is taken over."""
    tally.lines += len(group.lines)
    try:
        async with db.savepoint():
            if await _upsert(seller_id, group):
                tally.created += 1
            else:
                tally.updated += 1
    except BadLines as bad:
        tally.failed += 1
        tally.errors += bad.problems
    except DomainError as refusal:
        tally.failed += 1
        tally.errors += problems_of(refusal, group)


async def _upsert(seller_id: UUID, group: Group) -> bool:
    """Whether it is new."""
    product_id = await find_own(seller_id, group)
    if product_id is None:
        body = body_of(group, is_new=True)
        await create_product(seller_id, await draft_of(checked(body, CreateProduct)))
        return True
    body = body_of(group, is_new=False, variant_ids=await variants_by_name(product_id))
    patch = await patch_of(product_id, checked(body, UpdateProduct))
    await update_product(product_id, Actor(seller_id), patch, REASON)
    return False
