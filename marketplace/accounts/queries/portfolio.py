from typing import Final
from uuid import UUID

from marketplace.accounts.schemas.portfolio import Skill, Work
from marketplace.core import rows
from marketplace.core.envelope import Envelope, Page
from marketplace.core.filters import Filters, Listing, NoFilters
from marketplace.core.pagination import ListQuery, Order
from marketplace.media.queries import image_json

SKILL_COLUMNS: Final = "s.id, s.name, s.level, s.years, s.created_at"
_CREATED: Final = "timestamptz"


def work_columns() -> str:
    return (
        f"w.id, w.title, w.description, w.url, w.tags, w.completed_on, (SELECT {image_json('m')} FROM media m "
        "WHERE m.id = w.image) AS image, w.is_featured, w.created_at, w.updated_at"
    )


class WorkFilters(Filters):
    is_featured: bool | None = None


SKILLS: Final = Listing(
    "skills", NoFilters, key=Order("s.id", "uuid"), default="name",
    ordering={"name": Order("lower(s.name)", "text"), "created_at": Order("s.created_at", _CREATED)},
    search=("s.name",),
)  # fmt: skip
WORKS: Final = Listing(
    "portfolio", WorkFilters, key=Order("w.id", "uuid"), default="-is_featured,-created_at",
    ordering={
        "is_featured": Order("w.is_featured", "boolean"), "created_at": Order("w.created_at", _CREATED),
        "title": Order("lower(w.title)", "text"),
    },
    search=("w.title", "w.description"), date="w.created_at",
)  # fmt: skip


async def list_skills(user_id: UUID, listing: ListQuery[NoFilters]) -> Envelope[Page[Skill]]:
    return await listing.rows("skills s").columns(SKILL_COLUMNS).where('s."user" = {}', user_id).page(Skill)


async def list_works(user_id: UUID, listing: ListQuery[WorkFilters]) -> Envelope[Page[Work]]:
    found = listing.rows("portfolio_items w").columns(work_columns()).where('w."user" = {}', user_id)
    return await found.when("w.is_featured = {}", listing.filters.is_featured).page(Work)


async def get_skill(user_id: UUID, skill_id: UUID) -> Skill:
    """One's own. Raises NotFound."""
    return await rows.one(
        Skill, f'SELECT {SKILL_COLUMNS} FROM skills s WHERE s."user" = $1 AND s.id = $2', user_id, skill_id
    )


async def get_work(user_id: UUID, work_id: UUID) -> Work:
    """One's own. Raises NotFound."""
    return await rows.one(
        Work, f'SELECT {work_columns()} FROM portfolio_items w WHERE w."user" = $1 AND w.id = $2', user_id, work_id
    )


def skills_json(user: str) -> str:
    """An SQL expression: the skills of a person, as JSON text."""
    return (
        f"(SELECT coalesce(json_agg(row_to_json(x) ORDER BY lower(x.name)), '[]') FROM "
        f'(SELECT {SKILL_COLUMNS} FROM skills s WHERE s."user" = {user}) x)::text'
    )


def works_json(user: str, most: int = 20) -> str:
    """An SQL expression: the works a person shows first, as JSON text."""
    return (
        f"(SELECT coalesce(json_agg(row_to_json(x)), '[]') FROM (SELECT {work_columns()} FROM portfolio_items w "
        f'WHERE w."user" = {user} ORDER BY w.is_featured DESC, w.id DESC LIMIT {most}) x)::text'
    )
