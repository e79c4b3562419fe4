"""Skills and works a person shows."""

from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, structs

from marketplace.accounts import pictures
from marketplace.accounts.errors import SkillListed, TooMany
from marketplace.accounts.queries.owners import lock_owner
from marketplace.accounts.queries.portfolio import SKILL_COLUMNS, get_work, work_columns
from marketplace.accounts.schemas.portfolio import NewSkill, NewWork, Skill, Work, WorkChange
from marketplace.core import clock, db, rows, text
from marketplace.core.errors import NotFound, ValidationFailed
from marketplace.core.ids import uuid7
from marketplace.media.schemas import MediaRecord
from marketplace.media.service import uploads

MOST_SKILLS: Final = 50
MOST_WORKS: Final = 100
MOST_FEATURED: Final = 6


async def add_skill(user_id: UUID, new: NewSkill) -> Skill:
    """Raises SkillListed if they have it, in whatever case, or TooMany."""
    name = text.line(new.name, "name", required=True)
    async with db.transaction():
        await lock_owner(user_id)
        if await db.fetch_val('SELECT count(*) FROM skills WHERE "user" = $1', user_id) >= MOST_SKILLS:
            raise TooMany.of("skills", MOST_SKILLS)
        skill = await rows.one_or_none(
            Skill,
            'INSERT INTO skills AS s (id, "user", name, level, years) VALUES ($1, $2, $3, $4, $5) '
            f'ON CONFLICT ("user", lower(name)) DO NOTHING RETURNING {SKILL_COLUMNS}',
            uuid7(), user_id, name, new.level, new.years,
        )  # fmt: skip
    if skill is None:
        raise SkillListed(fields={"name": [SkillListed.default_message]})
    return skill


async def remove_skill(user_id: UUID, skill_id: UUID) -> None:
    if not await db.execute('DELETE FROM skills WHERE "user" = $1 AND id = $2', user_id, skill_id):
        raise NotFound


async def add_work(user_id: UUID, new: NewWork) -> Work:
    """Raises ValidationFailed or TooMany."""
    values = _checked(structs.asdict(new))
    async with db.transaction():
        await lock_owner(user_id)
        if await db.fetch_val('SELECT count(*) FROM portfolio_items WHERE "user" = $1', user_id) >= MOST_WORKS:
            raise TooMany.of("portfolio items", MOST_WORKS)
        return await rows.one(
            Work,
            'INSERT INTO portfolio_items AS w (id, "user", title, description, url, tags, completed_on) '
            f"VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7) RETURNING {work_columns()}",
            uuid7(), user_id, values["title"], values["description"], values["url"], _tags_json(values["tags"]),
            values["completed_on"],
        )  # fmt: skip


async def change_work(user_id: UUID, work_id: UUID, change: WorkChange) -> Work:
    """Raises NotFound or ValidationFailed."""
    values = _checked({name: value for name, value in structs.asdict(change).items() if value is not UNSET})
    async with db.transaction():
        await lock_owner(user_id)
        after = structs.asdict(await get_work(user_id, work_id)) | values
        return await rows.one(
            Work,
            "UPDATE portfolio_items AS w SET title = $3, description = $4, url = $5, tags = $6::jsonb, completed_on = $7, "
            f'updated_at = now() WHERE "user" = $1 AND id = $2 RETURNING {work_columns()}',
            user_id, work_id, after["title"], after["description"], after["url"], _tags_json(after["tags"]),
            after["completed_on"],
        )  # fmt: skip


async def feature_work(user_id: UUID, work_id: UUID, is_featured: bool) -> Work:
    """Show a work first, or no longer. Safe to repeat. Raises NotFound, or TooMany beyond MOST_FEATURED."""
    async with db.transaction():
        await lock_owner(user_id)
        others = await db.fetch_val(
            'SELECT count(*) FROM portfolio_items WHERE "user" = $1 AND is_featured AND id <> $2', user_id, work_id
        )
        if is_featured and others >= MOST_FEATURED:
            await get_work(user_id, work_id)
            raise TooMany.of("featured portfolio items", MOST_FEATURED)
        return await rows.one(
            Work,
            "UPDATE portfolio_items AS w SET is_featured = $3, updated_at = now() "
            f'WHERE "user" = $1 AND id = $2 RETURNING {work_columns()}',
            user_id, work_id, is_featured,
        )  # fmt: skip


async def set_work_image(user_id: UUID, work_id: UUID, file: uploads.Incoming) -> Work:
    """Show a picture with a work, instead of the one before. Raises NotFound, or what `uploads.accept` raises."""

    async def attach(media: MediaRecord) -> None:
        await lock_owner(user_id)
        before = await get_work(user_id, work_id)
        await db.execute(
            "UPDATE portfolio_items SET image = $2, updated_at = now() WHERE id = $1", work_id, media.id
        )  # fmt: skip
        if before.image:
            await uploads.remove(before.image.id)

    await get_work(user_id, work_id)
    await uploads.accept(file, pictures.WORK, owner_id=user_id, field="image", attach=attach)
    return await get_work(user_id, work_id)


async def remove_work(user_id: UUID, work_id: UUID) -> None:
    """Its picture goes with it. Raises NotFound."""
    async with db.transaction():
        await lock_owner(user_id)
        work = await get_work(user_id, work_id)
        await db.execute("DELETE FROM portfolio_items WHERE id = $1", work_id)
        if work.image:
            await uploads.remove(work.image.id)


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    values = dict(given)
    if "title" in values:
        values["title"] = text.line(values["title"], "title", required=True)
    if "description" in values:
        values["description"] = text.prose(values["description"], "description")
    if "url" in values:
        values["url"] = text.web_address(values["url"], "url")
    if "tags" in values:
        wanted = [text.line(tag, "tags", required=True) for tag in values["tags"]]
        values["tags"] = list({tag.casefold(): tag for tag in reversed(wanted)}.values())[::-1]
    done = values.get("completed_on")
    if done is not None and done > clock.now().date():
        raise ValidationFailed.of("completed_on", "This day has not come yet.")
    return values


def _tags_json(tags: list[str]) -> str:
    return msgspec.json.encode(tags).decode()
