from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T14:11:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Shop: what files of products may say of themselves"

STATEMENTS = [
    "ALTER TABLE product_imports ADD CONSTRAINT product_imports_status CHECK (status IN ('queued', 'running', 'done', 'refused'))",
    "ALTER TABLE product_imports ADD CONSTRAINT product_imports_mode CHECK (mode IN ('all', 'by_line'))",
    "ALTER TABLE product_imports ADD CONSTRAINT product_imports_done CHECK (done BETWEEN 0 AND total)",
    "CREATE UNIQUE INDEX product_imports_one ON product_imports (seller) WHERE status IN ('queued', 'running')",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
