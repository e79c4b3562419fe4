from uuid import UUID

from msgspec import UNSET
from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.catalog.service import categories, filing
from marketplace.catalog.service.categories import CategoryTexts
from marketplace.core import db

CATEGORY = "Category (slug or id)"


class NewCategoryForm(BaseModel):
    name: str = Field(title="Name in English", max_length=80)
    name_zh: str = Field("", title="Name in Chinese", max_length=80)
    slug: str = Field("", title="Slug (made from the name if empty)", max_length=80)
    below: str = Field("", title="Below (slug or id; empty for the top)")


class RenameCategoryForm(BaseModel):
    category: str = Field(title=CATEGORY)
    name: str = Field("", title="Name in English (empty: as it is)", max_length=80)
    name_zh: str = Field("", title="Name in Chinese (empty: as it is)", max_length=80)


class MoveCategoryForm(BaseModel):
    category: str = Field(title=CATEGORY)
    below: str = Field("", title="Below (slug or id; empty for the top)")


class ShowCategoryForm(BaseModel):
    category: str = Field(title=CATEGORY)
    shown: bool = Field(True, title="Shown")


class TagForm(BaseModel):
    tag: str = Field(title="Tag", description="As it is written", max_length=60)
    in_use: bool = Field(False, title="In use")


async def category(text: str) -> UUID:
    found: UUID | None = await db.fetch_val("SELECT id FROM categories WHERE slug = $1 OR id::text = $1", text.strip())
    if found is None:
        raise ValueError(f"There is no category {text!r}.")
    return found


@as_staff(Role.MANAGER)
async def create(request: Request, data: NewCategoryForm) -> str:
    texts = CategoryTexts(name=data.name, name_zh=data.name_zh, slug=data.slug or UNSET)
    below = await category(data.below) if data.below else None
    await categories.create_category(actor_id(request), texts, parent_id=below)
    return "Made."


@as_staff(Role.MANAGER)
async def rename(request: Request, data: RenameCategoryForm) -> str:
    texts = CategoryTexts(name=data.name or UNSET, name_zh=data.name_zh or UNSET)
    await categories.change_category(actor_id(request), await category(data.category), texts)
    return "Renamed; its address stays."


@as_staff(Role.MANAGER)
async def move(request: Request, data: MoveCategoryForm) -> str:
    below = await category(data.below) if data.below else None
    await categories.move_category(actor_id(request), await category(data.category), below)
    return "Moved, with all below it."


@as_staff(Role.MANAGER)
async def show(request: Request, data: ShowCategoryForm) -> str:
    await categories.set_active(actor_id(request), await category(data.category), data.shown)
    return "Shown." if data.shown else "Hidden, with all below it. What is filed there stays."


@as_staff(Role.MODERATOR)
async def use_tag(request: Request, data: TagForm) -> str:
    await filing.set_tag_active(actor_id(request), data.tag, data.in_use)
    return "It may be used." if data.in_use else "Nothing new may carry it, and it is listed no more."


FORMS = [
    FormConfig("New category", NewCategoryForm, create, "For everything that is sold.", "Catalog"),
    FormConfig("Rename a category", RenameCategoryForm, rename, "Its address (slug) stays.", "Catalog"),
    FormConfig("Move a category", MoveCategoryForm, move, "With all below it.", "Catalog"),
    FormConfig("Show or hide a category", ShowCategoryForm, show, "Nothing new is filed in a hidden one.", "Catalog"),
    FormConfig("Take a tag out of use", TagForm, use_tag, "Or put it back into use.", "Catalog"),
]
