from uuid import UUID

from piccolo_admin.endpoints import FormConfig
from pydantic import BaseModel, Field
from starlette.requests import Request

from marketplace.accounts.states import Role
from marketplace.admin.forms.common import as_staff
from marketplace.admin.staff import actor_id
from marketplace.core import db
from marketplace.shop.service import removing

PRODUCT = "Product (slug or id)"


class FeatureForm(BaseModel):
    product: str = Field(title=PRODUCT, max_length=220)
    featured: bool = Field(True, title="Featured")


class ArchiveForm(BaseModel):
    product: str = Field(title=PRODUCT, max_length=220)
    reason: str = Field(title="Reason", min_length=5, max_length=1000)


async def product(text: str) -> UUID:
    found: UUID | None = await db.fetch_val(
        "SELECT id FROM products WHERE (slug = lower($1) OR id::text = lower($1)) AND deleted_at IS NULL", text.strip()
    )
    if found is None:
        raise ValueError(f"There is no product {text!r}.")
    return found


@as_staff(Role.MODERATOR)
async def feature(request: Request, data: FeatureForm) -> str:
    await removing.feature(actor_id(request), await product(data.product), data.featured)
    return "It is featured." if data.featured else "It is featured no more."


@as_staff(Role.MODERATOR)
async def archive(request: Request, data: ArchiveForm) -> str:
    await removing.archive_by_staff(actor_id(request), await product(data.product), data.reason)
    return "It is off the shelves. Orders that name it go on."


FORMS = [
    FormConfig("Feature a product", FeatureForm, feature, "On the page of featured products, or off it.", "Shop"),
    FormConfig(
        "Archive a product", ArchiveForm, archive, "Nobody can buy it any more; its seller sees it still.", "Shop"
    ),
]
