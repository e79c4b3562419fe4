from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T16:57:14:868588"
VERSION = "1.38.0"
DESCRIPTION = "What is called off together has a name of its own"


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    manager.rename_column(
        table_class_name="LineCancellation",
        tablename="order_line_cancellations",
        old_column_name="request",
        new_column_name="cancellation",
        old_db_column_name="request",
        new_db_column_name="cancellation",
        schema=None,
    )

    return manager
