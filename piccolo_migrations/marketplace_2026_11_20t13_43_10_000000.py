from piccolo.apps.migrations.auto.migration_manager import MigrationManager

ID = "2026-11-20T13:43:10:000000"
VERSION = "1.38.0"
DESCRIPTION = "Payouts: what is due, what a person's are, none over the threshold without approval; entries by time"

UNDERWAY = "('requested', 'awaiting_approval', 'processing')"

STATEMENTS = [
    'CREATE INDEX payouts_of_user ON payouts ("user", created_at DESC, id DESC)',
    f'CREATE INDEX payouts_underway ON payouts ("user", currency) WHERE status IN {UNDERWAY}',
    "CREATE INDEX payouts_due ON payouts (created_at, id) "
    "WHERE status IN ('requested', 'processing') AND sent_at IS NULL",
    "CREATE INDEX payouts_to_check ON payouts (check_at, id) WHERE status = 'processing' AND check_at IS NOT NULL",
    "CREATE INDEX payouts_waiting ON payouts (created_at, id) WHERE status = 'awaiting_approval'",
    "CREATE UNIQUE INDEX payouts_reference ON payouts (provider, reference) WHERE reference <> ''",
    "ALTER TABLE payouts ADD CONSTRAINT payouts_approved CHECK (NOT needs_approval OR approved_by IS NOT NULL "
    "OR status NOT IN ('processing', 'paid', 'failed', 'returned'))",
    "ALTER TABLE payouts ADD CONSTRAINT payouts_sent CHECK (sent_at IS NOT NULL "
    "OR status NOT IN ('paid', 'failed', 'returned'))",
    # Statements and dated lists find a moment in an account by it.
    "CREATE INDEX ledger_entries_account_time ON ledger_entries (account, created_at)",
]


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="marketplace", description=DESCRIPTION)

    async def run() -> None:
        from marketplace.core.db import DB

        for statement in STATEMENTS:
            await DB._run_in_new_connection(statement)

    manager.add_raw(run)
    return manager
