"""What staff do with the tree. Each deed leaves an audit row and drops what is cached of it.

The database holds the tree together (no circle, six levels, one name among siblings), whoever writes; these functions turn
its refusals into answers.
"""

import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import UNSET, Struct, UnsetType

from marketplace.catalog.errors import CategoryCircle, CategoryTaken, TreeTooDeep
from marketplace.catalog.events import CategoryChanged
from marketplace.catalog.queries.categories import TAG
from marketplace.core import audit, cache, db, outbox, text
from marketplace.core.errors import DomainError, NotFound, ValidationFailed
from marketplace.core.ids import uuid7

SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_NAME: Final = 80
MAX_DESCRIPTION: Final = 2000


class CategoryTexts(Struct, frozen=True, kw_only=True):
    """What may be changed of a category's words; what is unset stays."""

    name: str | UnsetType = UNSET
    name_zh: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    description_zh: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET


async def create_category(
    actor_id: UUID | None, texts: CategoryTexts, *, parent_id: UUID | None = None, position: int = 0
) -> UUID:
    """Make a category; without a slug its English name becomes one. Returns its id.

    Raises ValidationFailed, CategoryTaken (slug, or name among its siblings), NotFound (parent), TreeTooDeep.
    """
    words = _checked(texts)
    if "name" not in words:
        raise ValidationFailed.of("name", "This field is required.")
    words.setdefault("slug", slug_of(words["name"]))
    if not words["slug"]:
        raise ValidationFailed.of("slug", "The name makes no slug. Give one, such as garden-tools.")
    category_id = uuid7()
    async with _changing(category_id):
        await db.execute(
            "INSERT INTO categories (id, parent, slug, name, name_zh, description, description_zh, position, is_active, "
            "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true, now(), now())",
            category_id, parent_id, words["slug"], words["name"], words.get("name_zh", ""),
            words.get("description", ""), words.get("description_zh", ""), position,
        )  # fmt: skip
        await _note(actor_id, category_id, "created", {}, {**words, "parent": parent_id})
    return category_id


async def change_category(actor_id: UUID | None, category_id: UUID, texts: CategoryTexts) -> None:
    """Rename and describe. A slug stays unless it is given: addresses last. Raises as `create_category` does."""
    words = _checked(texts)
    async with _changing(category_id):
        before = await _lock(category_id)
        changed = {name: value for name, value in words.items() if before[name] != value}
        if not changed:
            return
        # The names are those of CategoryTexts.
        assigned = ", ".join(f"{name} = ${number}" for number, name in enumerate(changed, 2))
        await db.execute(
            f"UPDATE categories SET {assigned}, updated_at = now() WHERE id = $1",  # noqa: S608
            category_id,
            *changed.values(),
        )
        await _note(actor_id, category_id, "changed", {name: before[name] for name in changed}, changed)


async def move_category(
    actor_id: UUID | None, category_id: UUID, parent_id: UUID | None, *, position: int | None = None
) -> None:
    """Put a category, with all below it, under another one or at the top; `position` orders it among its siblings.

    Raises CategoryCircle, TreeTooDeep, CategoryTaken (a sibling has its name), NotFound.
    """
    async with _changing(category_id):
        before = await _lock(category_id)
        where = before["position"] if position is None else position
        if (before["parent"], before["position"]) == (parent_id, where):
            return
        await db.execute(
            "UPDATE categories SET parent = $2, position = $3, updated_at = now() WHERE id = $1",
            category_id, parent_id, where,
        )  # fmt: skip
        await _note(
            actor_id, category_id, "moved",
            {"parent": before["parent"], "position": before["position"]}, {"parent": parent_id, "position": where},
        )  # fmt: skip


async def set_active(actor_id: UUID | None, category_id: UUID, active: bool) -> None:
    """Hide a category with all below it, or show it again. What is filed there stays; nothing new is taken while hidden."""
    async with _changing(category_id):
        before = await _lock(category_id)
        if before["is_active"] == active:
            return
        await db.execute("UPDATE categories SET is_active = $2, updated_at = now() WHERE id = $1", category_id, active)
        deed = "shown" if active else "hidden"
        await _note(actor_id, category_id, deed, {"is_active": not active}, {"is_active": active})


async def set_image(actor_id: UUID | None, category_id: UUID, media_id: UUID | None) -> None:
    """Give a category a picture (an uploaded public one), or none."""
    async with _changing(category_id):
        before = await _lock(category_id)
        await db.execute("UPDATE categories SET image = $2, updated_at = now() WHERE id = $1", category_id, media_id)
        await _note(actor_id, category_id, "changed", {"image": before["image"]}, {"image": media_id})


@asynccontextmanager
async def _changing(category_id: UUID) -> AsyncIterator[None]:
    try:
        async with db.transaction(), db.savepoint():
            yield
            await outbox.emit(CategoryChanged(category_id=category_id))
            cache.drop_on_commit(TAG)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise _refusal(error) from None


def _refusal(error: asyncpg.IntegrityConstraintViolationError) -> DomainError:
    name = error.constraint_name or ""
    if name == "categories_no_circle":
        return CategoryCircle()
    if name == "categories_depth":
        return TreeTooDeep()
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return NotFound("There is no such parent category or picture.")
    if isinstance(error, asyncpg.UniqueViolationError):
        field = "slug" if "slug" in name else "name"
        said = "Another category has this slug." if field == "slug" else "A category beside it has this name."
        return CategoryTaken(said, fields={field: [said]})
    raise error


async def _lock(category_id: UUID) -> asyncpg.Record:
    # Moves take the tree's lock first, as the trigger does: otherwise two of them could wait for each other's rows.
    await db.execute("SELECT pg_advisory_xact_lock(hashtext('categories'))")
    row = await db.fetch_row("SELECT * FROM categories WHERE id = $1 FOR UPDATE", category_id)
    if row is None:
        raise NotFound("There is no such category.")
    return row


async def _note(
    actor_id: UUID | None, category_id: UUID, deed: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await audit.record(
        actor=actor_id, action=f"category.{deed}", object_type="category", object_id=category_id,
        before=_json(before), after=_json(after),
    )  # fmt: skip


def _json(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}


def _checked(texts: CategoryTexts) -> dict[str, str]:
    words: dict[str, str] = {}
    for name in texts.__struct_fields__:
        value = getattr(texts, name)
        if value is UNSET:
            continue
        clean = text.prose if name.startswith("description") else text.line
        words[name] = clean(value, name, required=name in {"name", "slug"})
        limit = MAX_DESCRIPTION if name.startswith("description") else MAX_NAME
        if len(words[name]) > limit:
            raise ValidationFailed.of(name, f"At most {limit} characters.")
    if "slug" in words and not SLUG.fullmatch(words["slug"]):
        raise ValidationFailed.of("slug", "Use small letters a-z, digits and single hyphens, such as garden-tools.")
    return words


def slug_of(name: str) -> str:
    """Small letters, digits and hyphens: "Café & Bar" is cafe-bar. Empty where a name has none of them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_NAME].strip("-")
