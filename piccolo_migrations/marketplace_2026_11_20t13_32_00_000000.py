from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import BigInt, Boolean
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-20T13:32:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Bid holds: which auctions ask for them, and what is held for a lot"

COMMON = {
    "null": False, "primary_key": False, "unique": False, "index": False, "index_method": IndexMethod.btree,
    "choices": None, "db_column_name": None,
}  # fmt: skip


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)
    manager.add_column(
        table_class_name="Auction", tablename="auctions", column_name="requires_hold", db_column_name="requires_hold",
        column_class_name="Boolean", column_class=Boolean, params=COMMON | {"default": False, "secret": False}, schema=None,
    )  # fmt: skip
    manager.add_column(
        table_class_name="Lot", tablename="lots", column_name="held_minor", db_column_name="held_minor",
        column_class_name="BigInt", column_class=BigInt, params=COMMON | {"default": 0, "secret": True}, schema=None,
    )  # fmt: skip
    return manager
