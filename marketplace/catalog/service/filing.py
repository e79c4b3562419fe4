"""Filing things under categories and tags: what the domains that sell call, inside their own transactions.

Rows, not counters: saying the same twice changes nothing, a count never drifts, and no two sellers wait for one row.
"""

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from marketplace.catalog.errors import TooManyTags
from marketplace.catalog.queries.categories import TAG as CATEGORIES
from marketplace.catalog.queries.tags import TAG as TAGS
from marketplace.catalog.schemas import TagOut
from marketplace.catalog.states import ItemKind
from marketplace.core import audit, cache, db, text
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7

MOST_TAGS: Final = 10
COUNTS_LAG_SECONDS: Final = 60.0

_pending: set[str] = set()


async def file_under(kind: ItemKind, item_id: UUID, category_id: UUID | None) -> None:
    """Count a thing under a category, or under none. Call it when a thing is offered, moves, or is offered no more."""
    async with db.transaction():
        if category_id is None:
            await db.execute("DELETE FROM category_items WHERE kind = $1 AND item = $2", kind, item_id)
        else:
            await db.execute(
                "INSERT INTO category_items (category, kind, item) VALUES ($1, $2, $3) "
                "ON CONFLICT (kind, item) DO UPDATE SET category = EXCLUDED.category "
                "WHERE category_items.category <> EXCLUDED.category",
                category_id, kind, item_id,
            )  # fmt: skip
        _recount_soon(CATEGORIES)


async def set_tags(kind: ItemKind, item_id: UUID, names: Sequence[str], field: str = "tags") -> list[TagOut]:
    """Have a thing carry exactly these tags, made where there is none yet. Returns them, in order of their slugs.

    Raises ValidationFailed naming `field` (a tag without letters, longer than 40 characters, or one that staff have
    taken out of use) and TooManyTags.
    """
    wanted = normalised(names, field)
    async with db.transaction():
        # In one order everywhere, so that two who make the same new tags do not wait for each other in a circle.
        slugs = sorted(wanted)
        await db.execute(
            "INSERT INTO tags (id, slug, name, is_active, created_at) "
            "SELECT i, s, n, true, now() FROM unnest($1::uuid[], $2::text[], $3::text[]) AS t(i, s, n) "
            "ORDER BY s ON CONFLICT (slug) DO NOTHING",
            [uuid7() for _ in slugs], slugs, [wanted[slug] for slug in slugs],
        )  # fmt: skip
        rows = await db.fetch(
            "SELECT id, slug, name, is_active FROM tags WHERE slug = ANY($1::text[]) ORDER BY slug", slugs
        )
        barred = [row["name"] for row in rows if not row["is_active"]]
        if barred:
            raise ValidationFailed.of(field, f"Not in use here: {', '.join(barred)}.")
        ids = [row["id"] for row in rows]
        await db.execute(
            "DELETE FROM tag_items WHERE kind = $1 AND item = $2 AND tag <> ALL($3::uuid[])", kind, item_id, ids
        )
        await db.execute(
            "INSERT INTO tag_items (tag, kind, item) SELECT t, $1, $2 FROM unnest($3::uuid[]) AS t "
            "ON CONFLICT (kind, item, tag) DO NOTHING",
            kind, item_id, ids,
        )  # fmt: skip
        counts = await db.fetch(
            "SELECT tag, count(*) AS n FROM tag_items WHERE tag = ANY($1::uuid[]) GROUP BY tag", ids
        )
        _recount_soon(TAGS)
    counted = {row["tag"]: row["n"] for row in counts}
    return [TagOut(id=row["id"], name=row["name"], slug=row["slug"], item_count=counted[row["id"]]) for row in rows]


async def take_out(kind: ItemKind, item_id: UUID) -> None:
    """A thing is offered no more: it counts under no category and carries no tag."""
    async with db.transaction():
        await file_under(kind, item_id, None)
        await db.execute("DELETE FROM tag_items WHERE kind = $1 AND item = $2", kind, item_id)
        _recount_soon(TAGS)


async def take_out_many(kind: ItemKind, item_ids: Sequence[UUID]) -> None:
    """Count things under no category any more; their tags stay."""
    async with db.transaction():
        await db.execute("DELETE FROM category_items WHERE kind = $1 AND item = ANY($2::uuid[])", kind, list(item_ids))
        _recount_soon(CATEGORIES)


async def set_tag_active(actor_id: UUID | None, name: str, active: bool) -> None:
    """Staff take a tag out of use, or put it back: out of use it is neither listed nor taken by anything new. Raises NotFound."""
    slug = tag_slug(name)
    async with db.transaction():
        row = await db.fetch_row("SELECT id, is_active FROM tags WHERE slug = $1 FOR UPDATE", slug)
        if row is None:
            raise NotFound("There is no such tag.")
        if row["is_active"] == active:
            return
        await db.execute("UPDATE tags SET is_active = $2 WHERE id = $1", row["id"], active)
        await audit.record(
            actor=actor_id, action="tag.allowed" if active else "tag.barred", object_type="tag", object_id=slug,
            before={"is_active": not active}, after={"is_active": active},
        )  # fmt: skip
        cache.drop_on_commit(TAGS)


def normalised(names: Sequence[str], field: str = "tags") -> dict[str, str]:
    """Slug and name of each tag; two spellings of one tag are one. Raises ValidationFailed or TooManyTags."""
    found: dict[str, str] = {}
    for name in names:
        clean = text.line(name, field).lstrip("#").strip()
        slug = tag_slug(clean)
        if not slug:
            raise ValidationFailed.of(field, f"{name!r} is no tag: it has neither letters nor digits.")
        if len(clean) > 40 or len(slug) > 60:
            raise ValidationFailed.of(field, "A tag has at most 40 characters.")
        found.setdefault(slug, clean)
    if len(found) > MOST_TAGS:
        said = f"At most {MOST_TAGS} tags."
        raise TooManyTags(said, fields={field: [said]}, limit=MOST_TAGS)
    return found


def tag_slug(name: str) -> str:
    """The form tags are compared in: no case, no accents on Latin letters, hyphens between words; any script stays.

    "Logo Design", "logo-design" and "LOGO  DESIGN" are one tag; so are "C++" and "c++", but not "c".
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    bare = "".join(
        one for one in unicodedata.normalize("NFD", folded) if not "\u0300" <= one <= "\u036f"
    )  # only Latin, Greek and Cyrillic accents: other scripts need their marks
    words = re.findall(r"[^\W_]+[+#]*", unicodedata.normalize("NFC", bare))
    return "-".join(words)


def _recount_soon(tag: str) -> None:
    """Have cached counts made anew within a minute; at once would make the cache useless on a busy day."""

    async def plan() -> None:
        if tag not in _pending:
            _pending.add(tag)
            asyncio.get_running_loop().call_later(COUNTS_LAG_SECONDS, _recount, tag)

    db.on_commit(plan)


def _recount(tag: str) -> None:
    _pending.discard(tag)
    cache.drop(tag)
