from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T11:57:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Ledger: entries without foreign keys, and room on the pages of accounts"

STATEMENTS = [
    # Only the ledger's functions write entries, of rows that they have just written or locked and that nobody can delete.
    "ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_transfer_fkey",
    "ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_account_fkey",
    # A balance changes often and no index has it: the new version of a row then fits beside the old one.
    "ALTER TABLE ledger_accounts SET (fillfactor = 50)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
