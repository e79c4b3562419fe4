from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt
from piccolo.columns.column_types import Varchar

ID = "2026-11-20T10:14:11:047493"
VERSION = "1.38.0"
DESCRIPTION = ""


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.alter_column(
        table_class_name="Bid",
        tablename="bids",
        column_name="max_minor",
        db_column_name="max_minor",
        params={"secret": True},
        old_params={"secret": False},
        column_class=BigInt,
        old_column_class=BigInt,
        schema=None,
    )

    manager.alter_column(
        table_class_name="Bid",
        tablename="bids",
        column_name="salt",
        db_column_name="salt",
        params={"secret": True},
        old_params={"secret": False},
        column_class=Varchar,
        old_column_class=Varchar,
        schema=None,
    )

    manager.alter_column(
        table_class_name="Lot",
        tablename="lots",
        column_name="reserve_minor",
        db_column_name="reserve_minor",
        params={"secret": True},
        old_params={"secret": False},
        column_class=BigInt,
        old_column_class=BigInt,
        schema=None,
    )

    manager.alter_column(
        table_class_name="Lot",
        tablename="lots",
        column_name="leader_max_minor",
        db_column_name="leader_max_minor",
        params={"secret": True},
        old_params={"secret": False},
        column_class=BigInt,
        old_column_class=BigInt,
        schema=None,
    )

    return manager
