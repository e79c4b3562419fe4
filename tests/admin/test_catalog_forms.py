"""Tags in the back office."""

from marketplace.accounts.states import Role
from marketplace.catalog.service.filing import set_tags
from marketplace.catalog.states import ItemKind
from marketplace.catalog.tables import Category, Tag
from marketplace.core.ids import uuid7
from tests.admin.test_panel import sign_in, staff, submit


async def test_a_moderator_may_bar_a_tag_and_leaves_the_tree_alone(client):
    await set_tags(ItemKind.GIG, uuid7(), ["Bad Word"])
    await sign_in(client, await staff(Role.MODERATOR))
    assert (await submit(client, "new-category", name="Garden", name_zh="园艺")).status_code == 422
    assert await Category.count() == 0
    assert (await submit(client, "take-a-tag-out-of-use", tag="bad word", in_use=False)).status_code == 200
    assert await Tag.count().where(Tag.is_active.eq(False)) == 1
    for table in ("categories", "tags", "media"):
        assert (await client.get(f"/admin/api/tables/{table}/")).status_code == 200
