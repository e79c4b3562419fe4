from typing import Any

from piccolo.columns import UUID, BigSerial, Boolean, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.columns.reference import LazyTableReference
from piccolo.table import Table

from marketplace.media.tables import Media


class Category(Table, tablename="categories"):
    """A node of the tree. The database refuses circles, whoever writes; the slug stays when the name changes."""

    id = UUID(primary_key=True, default=None)
    parent: ForeignKey[Any] = ForeignKey(
        LazyTableReference("Category", module_path="marketplace.catalog.tables"),
        on_delete=OnDelete.restrict,
        index=True,
    )
    slug = Varchar(length=80, unique=True)
    name = Varchar(length=80)
    name_zh = Varchar(length=80, default="")
    description = Text(default="")
    description_zh = Text(default="")
    image = ForeignKey(Media, on_delete=OnDelete.set_null, index=True)
    position = Integer(default=0)
    is_active = Boolean(default=True)
    created_at = Timestamptz(default=TimestamptzNow())
    updated_at = Timestamptz(default=TimestamptzNow())


class CategoryItem(Table, tablename="category_items"):
    """What is offered in a category: one row per thing, put there and taken out by the domain it belongs to."""

    id = BigSerial(primary_key=True)
    category = ForeignKey(Category, null=False, on_delete=OnDelete.restrict)
    kind = Varchar(length=20)
    item = UUID(default=None)


class Tag(Table, tablename="tags"):
    """A word things are found by. `slug` is its comparable form, `name` how it was first written."""

    id = UUID(primary_key=True, default=None)
    slug = Varchar(length=60, unique=True)
    name = Varchar(length=40)
    is_active = Boolean(default=True)
    created_at = Timestamptz(default=TimestamptzNow())


class TagItem(Table, tablename="tag_items"):
    """What carries a tag: one row per tag and thing."""

    id = BigSerial(primary_key=True)
    tag = ForeignKey(Tag, null=False, on_delete=OnDelete.cascade)
    kind = Varchar(length=20)
    item = UUID(default=None)
