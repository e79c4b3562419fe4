from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.base import OnDelete
from piccolo.columns.base import OnUpdate
from piccolo.columns.column_types import ForeignKey
from piccolo.columns.column_types import UUID
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table


class Media(Table, tablename="media", schema=None):
    id = UUID(
        default=None,
        null=False,
        primary_key=True,
        unique=False,
        index=False,
        index_method=IndexMethod.btree,
        choices=None,
        db_column_name=None,
        secret=False,
    )


ID = "2026-11-20T10:14:24:454685"
VERSION = "1.38.0"
DESCRIPTION = "Accounts: pictures and documents are uploads"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.drop_table(class_name="Erasure", tablename="erasures", schema=None)

    manager.drop_column(
        table_class_name="Profile",
        tablename="profiles",
        column_name="avatar_error",
        db_column_name="avatar_error",
        schema=None,
    )

    manager.drop_column(
        table_class_name="Profile",
        tablename="profiles",
        column_name="avatar_key",
        db_column_name="avatar_key",
        schema=None,
    )

    manager.drop_column(
        table_class_name="Profile",
        tablename="profiles",
        column_name="avatar_pending",
        db_column_name="avatar_pending",
        schema=None,
    )

    manager.drop_column(
        table_class_name="IdentityDocument",
        tablename="identity_documents",
        column_name="content_type",
        db_column_name="content_type",
        schema=None,
    )

    manager.drop_column(
        table_class_name="IdentityDocument",
        tablename="identity_documents",
        column_name="sha256",
        db_column_name="sha256",
        schema=None,
    )

    manager.drop_column(
        table_class_name="IdentityDocument",
        tablename="identity_documents",
        column_name="size",
        db_column_name="size",
        schema=None,
    )

    manager.drop_column(
        table_class_name="IdentityDocument",
        tablename="identity_documents",
        column_name="storage_key",
        db_column_name="storage_key",
        schema=None,
    )

    manager.add_column(
        table_class_name="PortfolioItem",
        tablename="portfolio_items",
        column_name="image",
        db_column_name="image",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Media,
            "on_delete": OnDelete.set_null,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Profile",
        tablename="profiles",
        column_name="avatar",
        db_column_name="avatar",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Media,
            "on_delete": OnDelete.set_null,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="Profile",
        tablename="profiles",
        column_name="avatar_next",
        db_column_name="avatar_next",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Media,
            "on_delete": OnDelete.set_null,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": True,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="IdentityDocument",
        tablename="identity_documents",
        column_name="media",
        db_column_name="media",
        column_class_name="ForeignKey",
        column_class=ForeignKey,
        params={
            "references": Media,
            "on_delete": OnDelete.restrict,
            "on_update": OnUpdate.cascade,
            "target_column": None,
            "null": False,
            "primary_key": False,
            "unique": True,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    return manager
